#include "pypi/index_page.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/moment.h"
#include "base/url.h"
#include "model/target.h"
#include "pypi/page_entry.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace envpm::pypi {

namespace {

/// What a page's entries come to, as they are read one by one.
class PageReader final : public EntryTaker {
  public:
    PageReader(std::string base, const PackageName& project, Wheels which)
        : urls_(std::move(base)),
          project_(project),
          which_(which) {}

    bool wants(std::string_view file_name) override;
    void add(const PageEntry& entry) override;
    void leave_out(std::string_view file_name, std::string_view why) override;

    /// While what the entries point into is still there.
    ProjectPage take();

  private:
    [[nodiscard]] bool is_left_out(std::string_view wheel) const;
    [[nodiscard]] bool is_written(std::string_view version) const;
    void add_wheel(const PageEntry& entry);
    void add_foreign(const PageEntry& entry);
    void add_sdist(std::string_view file_name);
    std::optional<WheelFile> read_wheel(const PageEntry& entry);
    std::optional<Version> sdist_version(std::string_view file_name) const;

    UrlResolver urls_;
    const PackageName& project_;
    const Wheels which_;
    WheelNameReader names_;
    ProjectPage page_;
    std::set<std::string, std::less<>> written_; ///< versions as the wheels' names write them
    std::string last_written_;             ///< of the wheel before; files of one stand together
    std::vector<PageEntry> foreign_;       ///< of versions without another wheel so far
    std::vector<std::string_view> others_; ///< names of what is no wheel
    std::vector<Version> sdists_;
};

constexpr std::string_view wheel_ending = ".whl";
constexpr std::size_t most_named_entries = 5; // of those that cannot be read

/// From where white space and a byte order mark end.
std::string_view without_mark(std::string_view bytes);
ProjectPage read_html(std::string_view text, const std::string& url, const PackageName& project,
                      Wheels which);
bool is_plain_name(std::string_view file_name);
bool has_plain_name(const std::string& url, std::string_view file_name);
bool read_hash(std::string_view hex, std::optional<Sha256>& digest);
std::vector<std::string> sorted_texts(std::vector<Version> versions);
std::string_view written_version(std::string_view wheel);
bool is_native(std::string_view wheel);
bool is_native_platform(std::string_view platform);
bool begins_with(std::string_view text, std::string_view lower);

} // namespace

/// Judges by the first byte that is not white space; mirrors serve either form as text/plain.
ProjectPage parse_page(const std::string& bytes, std::string_view content_type,
                       const std::string& url, const PackageName& project, Wheels which) {
    const std::string shown_url = without_credentials(url);
    const std::string_view text = without_mark(bytes);
    if (text.starts_with('{')) {
        PageReader reader(shown_url, project, which);
        const std::size_t room = bytes.capacity() - (bytes.size() - text.size());
        const std::unique_ptr<PageText> kept = read_json_page(text, room, shown_url, reader);
        return reader.take();
    }
    if (text.starts_with('<') || content_type.find("html") != std::string_view::npos) {
        return read_html(text, shown_url, project, which);
    }
    throw Error({text.empty() ? "the page is empty" : "the answer is neither JSON nor HTML",
                 shown_url, "a proxy may have answered in the index's place"},
                ExitCode::network);
}

namespace {

std::string_view without_mark(std::string_view bytes) {
    if (bytes.starts_with("\xef\xbb\xbf")) {
        bytes.remove_prefix(3);
    }
    return bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
}

ProjectPage read_html(std::string_view text, const std::string& url, const PackageName& project,
                      Wheels which) {
    const HtmlPage page = read_html_page(text, url);
    PageReader reader(page.base, project, which);
    for (const PageEntry& entry : page.entries) {
        if (reader.wants(entry.file_name)) {
            reader.add(entry);
        }
    }
    return reader.take();
}

/// It goes into messages, into the lock and into paths.
bool is_plain_name(std::string_view file_name) {
    static constexpr std::array<bool, 256> is_plain = [] {
        std::array<bool, 256> plain{};
        for (std::size_t c = 0x20; c < plain.size(); ++c) {
            plain.at(c) = c != 0x7f && c != '/' && c != '\\';
        }
        return plain;
    }();
    return std::all_of(file_name.begin(), file_name.end(),
                       [](char c) { return is_plain[static_cast<unsigned char>(c)]; });
}

bool PageReader::wants(std::string_view file_name) {
    if (!is_plain_name(file_name)) {
        return false;
    }
    if (!file_name.ends_with(wheel_ending)) {
        others_.push_back(file_name);
        return false;
    }
    return !is_left_out(file_name) || !is_written(written_version(file_name));
}

void PageReader::add(const PageEntry& entry) {
    if (is_left_out(entry.file_name)) {
        foreign_.push_back(entry);
    } else {
        add_wheel(entry);
    }
}

void PageReader::leave_out(std::string_view file_name, std::string_view why) {
    const bool is_wheel = is_plain_name(file_name) && file_name.ends_with(wheel_ending);
    const std::optional<WheelName> name = is_wheel ? names_.read(file_name) : std::nullopt;
    if (name && name->name == project_ && !is_left_out(file_name) &&
        page_.unreadable.size() < most_named_entries) {
        page_.unreadable.push_back(std::string(file_name).append(": ").append(why));
    }
}

bool PageReader::is_left_out(std::string_view wheel) const {
    return which_ == Wheels::native && !is_native(wheel);
}

bool PageReader::is_written(std::string_view version) const {
    return version == last_written_ || written_.contains(version);
}

void PageReader::add_wheel(const PageEntry& entry) {
    if (std::optional<WheelFile> wheel = read_wheel(entry)) {
        const std::string_view version = written_version(wheel->file_name);
        if (!is_written(version)) {
            written_.emplace(version);
        }
        last_written_ = version;
        page_.wheels.push_back(std::move(*wheel));
    }
}

/// Only if its version has no wheel yet. One version may be written in several ways, but seldom is.
void PageReader::add_foreign(const PageEntry& entry) {
    const std::string version(written_version(entry.file_name));
    if (written_.contains(version)) {
        return;
    }
    std::optional<WheelFile> wheel = read_wheel(entry);
    const auto is_of_this_version = [&](const WheelFile& other) {
        return other.wheel.version == wheel->wheel.version;
    };
    if (wheel && std::none_of(page_.wheels.begin(), page_.wheels.end(), is_of_this_version)) {
        written_.insert(version);
        page_.wheels.push_back(std::move(*wheel));
    }
}

void PageReader::add_sdist(std::string_view file_name) {
    if (std::optional<Version> version = sdist_version(file_name)) {
        sdists_.push_back(std::move(*version));
    }
}

ProjectPage PageReader::take() {
    for (const PageEntry& entry : foreign_) {
        add_foreign(entry);
    }
    for (const std::string_view file_name : others_) {
        add_sdist(file_name);
    }
    page_.sdist_versions = sorted_texts(std::move(sdists_));
    page_.wheels.shrink_to_fit();
    return std::move(page_);
}

std::optional<WheelFile> PageReader::read_wheel(const PageEntry& entry) {
    std::optional<WheelName> name = names_.read(entry.file_name);
    if (!name || name->name != project_) {
        return std::nullopt;
    }
    std::string requires_python(entry.requires_python);
    std::replace_if(
        requires_python.begin(), requires_python.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    std::optional<std::string> url = urls_.resolve(entry.url);
    if (!url || !has_plain_name(*url, entry.file_name)) {
        leave_out(entry.file_name, "its URL cannot be read");
        return std::nullopt;
    }
    std::optional<Sha256> sha256;
    if (!read_hash(entry.sha256, sha256)) {
        leave_out(entry.file_name, "its sha256 is none");
        return std::nullopt;
    }
    if (url->find('@') != std::string::npos) {
        url = without_credentials(*url);
    }
    WheelFile wheel{
        std::string(entry.file_name), std::move(*name), std::move(*url), sha256, entry.size_bytes,
        std::move(requires_python),   std::nullopt,     entry.is_yanked, false,  std::nullopt};
    if (parse_moment(entry.upload_time)) {
        wheel.upload_time = entry.upload_time;
    }
    wheel.has_metadata_file =
        entry.has_metadata_file && read_hash(entry.metadata_sha256, wheel.metadata_sha256);
    return wheel;
}

/// What of a URL goes into paths: nearly always the file name that the page gives.
bool has_plain_name(const std::string& url, std::string_view file_name) {
    const bool is_the_same = url.ends_with(file_name) &&
                             url[url.size() - file_name.size() - 1] == '/' &&
                             file_name.find_first_of("%?#") == std::string_view::npos;
    return is_the_same || is_plain_name(file_name_of_url(url));
}

/// False for a digest that is none: the file could never be verified. None at all is fine, and so
/// are letters in upper case, which are seldom enough to be tried last.
bool read_hash(std::string_view hex, std::optional<Sha256>& digest) {
    digest = Sha256::parse(hex);
    if (!digest && !hex.empty()) {
        digest = Sha256::parse(ascii_lower(hex));
    }
    return digest || hex.empty();
}

/// `name-version.tar.gz`; the name may hold hyphens, so every cut is tried.
std::optional<Version> PageReader::sdist_version(std::string_view file_name) const {
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
        if (written_.contains(stem.substr(cut + 1))) {
            return std::nullopt;
        }
        std::optional<Version> version = Version::parse(stem.substr(cut + 1));
        if (version && PackageName::parse(stem.substr(0, cut)) == project_) {
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

/// "1.0" of "demo-1.0-py3-none-any.whl".
std::string_view written_version(std::string_view wheel) {
    const std::size_t begin = std::min(wheel.find('-'), wheel.size() - 1) + 1;
    return wheel.substr(begin, wheel.find('-', begin) - begin);
}

/// By its last part, which lists platforms; the name need not be that of a wheel.
bool is_native(std::string_view wheel) {
    wheel.remove_suffix(wheel_ending.size());
    for (std::string_view rest = wheel.substr(wheel.rfind('-') + 1);;) {
        const std::size_t dot = rest.find('.');
        if (is_native_platform(rest.substr(0, dot))) {
            return true;
        }
        if (dot == std::string_view::npos) {
            return false;
        }
        rest.remove_prefix(dot + 1);
    }
}

/// `any`, or Linux with glibc on a processor that a Target can name; in any case of letters.
bool is_native_platform(std::string_view platform) {
    const bool is_linux = begins_with(platform, "linux_") || begins_with(platform, "manylinux");
    const auto ends_in_machine = [platform](Platform known) {
        const std::string_view machine = machine_of(known);
        return platform.size() > machine.size() &&
               begins_with(platform.substr(platform.size() - machine.size()), machine) &&
               platform[platform.size() - machine.size() - 1] == '_';
    };
    return (platform.size() == 3 && begins_with(platform, "any")) ||
           (is_linux &&
            (ends_in_machine(Platform::linux_64) || ends_in_machine(Platform::linux_aarch64)));
}

/// `lower` is in lower case.
bool begins_with(std::string_view text, std::string_view lower) {
    return text.size() >= lower.size() &&
           std::equal(lower.begin(), lower.end(), text.begin(),
                      [](char low, char any) { return ascii_lower(any) == low; });
}

} // namespace

} // namespace envpm::pypi
