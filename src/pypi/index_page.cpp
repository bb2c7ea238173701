#include "pypi/index_page.h"

#include "base/error.h"
#include "base/url.h"
#include "model/target.h"
#include "pypi/moment.h"
#include "pypi/page_entry.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace envpm::pypi {

namespace {

RawPage read_page(std::string_view bytes, std::string_view content_type, const std::string& url);
bool is_plain_name(std::string_view file_name);
std::optional<WheelFile> read_wheel(PageEntry& entry, const std::string& base,
                                    const PackageName& project);
bool read_hash(const std::string& hex, std::optional<Sha256>& digest);
std::optional<Version> sdist_version(std::string_view file_name, const PackageName& project);
std::vector<std::string> sorted_texts(std::vector<Version> versions);
bool is_native(const WheelFile& wheel);

} // namespace

ProjectPage parse_page(std::string_view bytes, std::string_view content_type,
                       const std::string& url, const PackageName& project) {
    RawPage raw = read_page(bytes, content_type, without_credentials(url));
    ProjectPage page;
    page.wheels.reserve(raw.entries.size());
    std::vector<Version> sdists;
    for (PageEntry& entry : raw.entries) {
        if (!is_plain_name(entry.file_name)) {
            continue;
        }
        if (std::optional<WheelFile> wheel = read_wheel(entry, raw.base, project)) {
            page.wheels.push_back(std::move(*wheel));
        } else if (std::optional<Version> version = sdist_version(entry.file_name, project)) {
            sdists.push_back(std::move(*version));
        }
    }
    page.sdist_versions = sorted_texts(std::move(sdists));
    return page;
}

void drop_foreign_wheels(ProjectPage& page) {
    std::set<Version> native;
    for (const WheelFile& wheel : page.wheels) {
        if (is_native(wheel)) {
            native.insert(wheel.wheel.version);
        }
    }
    std::vector<WheelFile> kept;
    for (WheelFile& wheel : page.wheels) {
        // A version without a native wheel is entered by its first foreign one.
        if (is_native(wheel) || native.insert(wheel.wheel.version).second) {
            kept.push_back(std::move(wheel));
        }
    }
    page.wheels = std::move(kept);
}

namespace {

/// Judges by the first byte that is not white space; mirrors serve either form as text/plain.
RawPage read_page(std::string_view bytes, std::string_view content_type, const std::string& url) {
    if (bytes.starts_with("\xef\xbb\xbf")) {
        bytes.remove_prefix(3);
    }
    const std::size_t begin = std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size());
    const std::string_view text = bytes.substr(begin);
    if (text.starts_with('{')) {
        return read_json_page(text, url);
    }
    if (text.starts_with('<') || content_type.find("html") != std::string_view::npos) {
        return read_html_page(text, url);
    }
    throw Error({text.empty() ? "the page is empty" : "the answer is neither JSON nor HTML", url,
                 "a proxy may have answered in the index's place"},
                ExitCode::network);
}

/// It goes into messages, into the lock and into paths.
bool is_plain_name(std::string_view file_name) {
    return std::all_of(file_name.begin(), file_name.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '\\';
    });
}

std::optional<WheelFile> read_wheel(PageEntry& entry, const std::string& base,
                                    const PackageName& project) {
    std::optional<WheelName> name = WheelName::parse(entry.file_name);
    if (!name || name->name != project) {
        return std::nullopt;
    }
    std::replace_if(
        entry.requires_python.begin(), entry.requires_python.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    const std::optional<std::string> url = resolve_url(base, entry.url);
    std::optional<Sha256> sha256;
    if (!url || !is_plain_name(file_name_of_url(*url)) || !read_hash(entry.sha256, sha256)) {
        return std::nullopt;
    }
    WheelFile wheel{std::move(entry.file_name),
                    std::move(*name),
                    without_credentials(*url),
                    sha256,
                    entry.size_bytes,
                    std::move(entry.requires_python),
                    std::nullopt,
                    entry.is_yanked,
                    false,
                    std::nullopt};
    if (parse_moment(entry.upload_time)) {
        wheel.upload_time = std::move(entry.upload_time);
    }
    wheel.has_metadata_file =
        entry.has_metadata_file && read_hash(entry.metadata_sha256, wheel.metadata_sha256);
    return wheel;
}

/// False for a digest that is none: the file could never be verified. None at all is fine.
bool read_hash(const std::string& hex, std::optional<Sha256>& digest) {
    digest = Sha256::parse(hex);
    return digest || hex.empty();
}

/// `name-version.tar.gz`; the name may hold hyphens, so every cut is tried.
std::optional<Version> sdist_version(std::string_view file_name, const PackageName& project) {
    static constexpr std::array<std::string_view, 5> endings = {".tar.gz", ".zip", ".tgz",
                                                                ".tar.bz2", ".tar.xz"};
    const auto* const ending =
        std::find_if(endings.begin(), endings.end(),
                     [file_name](std::string_view known) { return file_name.ends_with(known); });
    if (ending == endings.end()) {
        return std::nullopt;
    }
    const std::string_view stem = file_name.substr(0, file_name.size() - ending->size());
    for (std::size_t cut = stem.find('-'); cut != std::string_view::npos;
         cut = stem.find('-', cut + 1)) {
        std::optional<Version> version = Version::parse(stem.substr(cut + 1));
        if (version && PackageName::parse(stem.substr(0, cut)) == project) {
            return version;
        }
    }
    return std::nullopt;
}

std::vector<std::string> sorted_texts(std::vector<Version> versions) {
    std::sort(versions.begin(), versions.end());
    versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
    std::vector<std::string> texts;
    texts.reserve(versions.size());
    for (const Version& version : versions) {
        texts.push_back(version.text());
    }
    return texts;
}

/// `any`, or Linux with glibc on a processor that a Target can name.
bool is_native(const WheelFile& wheel) {
    return std::any_of(wheel.wheel.tags.begin(), wheel.wheel.tags.end(), [](const Tag& tag) {
        const std::string_view platform = tag.platform;
        const bool is_linux = platform.starts_with("linux_") || platform.starts_with("manylinux");
        const auto ends_in_machine = [platform](Platform known) {
            return platform.ends_with("_" + std::string(machine_of(known)));
        };
        return platform == "any" || (is_linux && (ends_in_machine(Platform::linux_64) ||
                                                  ends_in_machine(Platform::linux_aarch64)));
    });
}

} // namespace

} // namespace envpm::pypi
