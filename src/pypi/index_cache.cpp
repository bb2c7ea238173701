#include "pypi/index_cache.h"

#include "base/error.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/parse_number.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace envpm::pypi {

namespace {

constexpr std::string_view page_kind = "envpm-page 4";
constexpr std::string_view metadata_kind = "envpm-metadata 2";
constexpr std::string_view nothing = "-";
constexpr std::string_view present = "present";
constexpr std::string_view absent = "absent";
constexpr std::size_t longest_file_name = 200; // of a project; file systems end at 255
constexpr std::size_t longest_head = 4096;     // what stands before a page's first wheel
constexpr std::size_t usual_line = 320;        // of a wheel, its metadata's digest included

/// Cuts fields off the front; a missing one spoils the whole.
class FieldReader {
  public:
    explicit FieldReader(std::string_view text)
        : text_(text) {}

    std::string_view field(char end);
    std::uint64_t number(char end);
    std::optional<Sha256> digest(char end);

    void expect(bool condition) { is_good_ = is_good_ && condition; }

    [[nodiscard]] bool is_good() const { return is_good_; }

    [[nodiscard]] std::string_view rest() const { return text_; }

  private:
    std::string_view text_;
    bool is_good_ = true;
};

/// A page's file down to its content, the head sealed by itself, so that it can be read alone.
std::string file_start(std::int64_t fetched_nanoseconds, const Sha256& digest);
/// What that says, with `is_present` yet to be read; nothing if it is damaged.
std::optional<PageHead> read_start(FieldReader& reader);
/// The rest, if the digest in front of it is its own.
std::optional<std::string_view> unsealed(FieldReader& reader);
std::string file_head(const std::filesystem::path& file);
void write_if_possible(const std::filesystem::path& file, const std::string& text);
std::string page_head(const std::string& mirror, const PackageName& project);
std::string lines_of(const MetadataKey& key);
void add_line(std::string& out, std::string_view line);
void add_wheel(std::string& out, const WheelFile& wheel);
std::optional<WheelFile> read_wheel(FieldReader& reader, WheelNameReader& names);
std::optional<ProjectPage> read_page(FieldReader& reader);

} // namespace

std::optional<CachedPage> IndexCache::page(const std::string& mirror,
                                           const PackageName& project) const {
    const std::string text = read_file_if_present(page_file(mirror, project)).value_or("");
    FieldReader file(text);
    const std::optional<PageHead> start = read_start(file);
    if (!start || sha256_of(file.rest()) != start->digest) {
        return std::nullopt;
    }
    CachedPage cached{start->fetched_nanoseconds, std::nullopt, start->digest};
    const std::string head = page_head(mirror, project);
    if (!file.rest().starts_with(head)) {
        return std::nullopt;
    }
    FieldReader reader(file.rest().substr(head.size()));
    if (reader.field('\n') == present) {
        cached.page = read_page(reader);
        reader.expect(cached.page.has_value());
    }
    return reader.is_good() && reader.rest().empty() ? std::optional(std::move(cached))
                                                     : std::nullopt;
}

std::optional<PageHead> IndexCache::head(const std::string& mirror,
                                         const PackageName& project) const {
    const std::string text = file_head(page_file(mirror, project));
    FieldReader reader(text);
    std::optional<PageHead> head = read_start(reader);
    reader.expect(reader.field('\n') == mirror);
    reader.expect(reader.field('\n') == project.string());
    const bool is_present = reader.field('\n') == present;
    if (!head || !reader.is_good()) {
        return std::nullopt;
    }
    head->is_present = is_present;
    return head;
}

Sha256 IndexCache::store_page(const std::string& mirror, const PackageName& project,
                              const CachedPage& page) const {
    // With room for the digest, which is known at the end.
    std::string out(file_start(page.fetched_nanoseconds, Sha256({})));
    const std::size_t begin = out.size();
    out.reserve(begin + longest_head + (page.page ? page.page->wheels.size() : 0) * usual_line);
    out += page_head(mirror, project);
    add_line(out, page.page ? present : absent);
    if (page.page) {
        add_line(out, std::to_string(page.page->wheels.size()));
        for (const WheelFile& wheel : page.page->wheels) {
            add_wheel(out, wheel);
        }
        add_line(out, std::to_string(page.page->sdist_versions.size()));
        for (const std::string& version : page.page->sdist_versions) {
            add_line(out, version);
        }
        for (const std::string& entry : page.page->unreadable) {
            add_line(out, entry);
        }
    }
    const Sha256 digest = sha256_of(std::string_view(out).substr(begin));
    out.replace(0, begin, file_start(page.fetched_nanoseconds, digest));
    write_if_possible(page_file(mirror, project), out);
    return digest;
}

std::vector<std::string> IndexCache::projects(const std::string& mirror) const {
    std::vector<std::string> names;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(page_folder(mirror), failure), end;
         !failure && entry != end; entry.increment(failure)) {
        const auto name = PackageName::parse(entry->path().filename().string());
        const auto cached = name ? page(mirror, *name) : std::nullopt;
        if (cached && cached->page) {
            names.push_back(name->string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<CachedMetadata> IndexCache::metadata(const MetadataKey& key) const {
    const std::string head = lines_of(key);
    const std::string text = read_file_if_present(metadata_file(head)).value_or("");
    FieldReader file(text);
    file.expect(file.field('\n') == metadata_kind);
    const std::optional<std::string_view> content = unsealed(file);
    if (!content || !content->starts_with(head)) {
        return std::nullopt;
    }
    FieldReader reader(content->substr(head.size()));
    const std::uint64_t wheel_bytes = reader.number('\n');
    if (!reader.is_good()) {
        return std::nullopt;
    }
    return CachedMetadata{std::string(reader.rest()), wheel_bytes};
}

void IndexCache::store_metadata(const MetadataKey& key, const CachedMetadata& metadata) const {
    const std::string head = lines_of(key);
    const std::string content = fmt::format("{}{}\n{}", head, metadata.wheel_bytes, metadata.text);
    write_if_possible(metadata_file(head),
                      fmt::format("{}\n{}\n{}", metadata_kind, sha256_of(content).hex(), content));
}

/// A mirror's folder is named by its URL's digest, which is a file name whatever the URL holds. The
/// page itself repeats both names, so that no clash of shortened names goes unseen.
std::filesystem::path IndexCache::page_folder(const std::string& mirror) const {
    return folder_ / "pages" / sha256_of(mirror).hex().substr(0, 16);
}

std::filesystem::path IndexCache::page_file(const std::string& mirror,
                                            const PackageName& project) const {
    const std::string& name = project.string();
    return page_folder(mirror) / (name.size() <= longest_file_name ? name : sha256_of(name).hex());
}

std::filesystem::path IndexCache::metadata_file(const std::string& key_lines) const {
    const std::string hex = sha256_of(key_lines).hex();
    return folder_ / "metadata" / hex.substr(0, 2) / hex;
}

namespace {

std::string_view FieldReader::field(char end) {
    const std::optional<std::string_view> value = take_until(text_, end);
    expect(value.has_value());
    return value.value_or(std::string_view());
}

std::uint64_t FieldReader::number(char end) {
    const std::optional<std::uint64_t> value = parse_number<std::uint64_t>(field(end));
    expect(value.has_value());
    return value.value_or(0);
}

std::optional<Sha256> FieldReader::digest(char end) {
    const std::string_view hex = field(end);
    const std::optional<Sha256> digest = Sha256::parse(hex);
    expect(digest || hex == nothing);
    return digest;
}

std::string file_start(std::int64_t fetched_nanoseconds, const Sha256& digest) {
    const std::string sealed = fmt::format("{}\n{}\n", fetched_nanoseconds, digest.hex());
    return fmt::format("{}\n{}\n{}", page_kind, sha256_of(sealed).hex(), sealed);
}

std::optional<PageHead> read_start(FieldReader& reader) {
    const std::string_view begin = reader.rest();
    reader.expect(reader.field('\n') == page_kind);
    reader.digest('\n');
    const std::uint64_t fetched = reader.number('\n');
    reader.expect(fetched <= std::numeric_limits<std::int64_t>::max());
    const auto fetched_nanoseconds = static_cast<std::int64_t>(fetched);
    const std::optional<Sha256> digest = reader.digest('\n');
    const bool is_whole =
        reader.is_good() && digest && begin.starts_with(file_start(fetched_nanoseconds, *digest));
    return is_whole ? std::optional<PageHead>({fetched_nanoseconds, false, *digest}) : std::nullopt;
}

std::optional<std::string_view> unsealed(FieldReader& reader) {
    const std::optional<Sha256> digest = reader.digest('\n');
    return reader.is_good() && digest && sha256_of(reader.rest()) == *digest
               ? std::optional(reader.rest())
               : std::nullopt;
}

std::string file_head(const std::filesystem::path& file) {
    const Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(longest_head, '\0');
    const ssize_t got = opened ? ::read(opened.get(), text.data(), text.size()) : 0;
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
}

/// A full or read-only cache: the next run asks again.
void write_if_possible(const std::filesystem::path& file, const std::string& text) {
    try {
        write_file(file, text, Durability::cached);
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): it only saves time
    }
}

std::string page_head(const std::string& mirror, const PackageName& project) {
    return fmt::format("{}\n{}\n", mirror, project.string());
}

std::string lines_of(const MetadataKey& key) {
    return fmt::format("{}\n{}\n{}\n", key.wheel.hex(), key.file_name, key.proof);
}

void add_line(std::string& out, std::string_view line) {
    out += line;
    out += '\n';
}

/// One line; a URL that ends in the file's own name, as nearly all do, leaves it out.
void add_wheel(std::string& out, const WheelFile& wheel) {
    std::string_view url = wheel.url;
    const std::size_t folder = url.size() - std::min(url.size(), wheel.file_name.size());
    if (folder > 0 && url[folder - 1] == '/' && url.substr(folder) == wheel.file_name) {
        url = url.substr(0, folder);
    }
    const auto add = [&out](std::string_view field) {
        out += field;
        out += '\t';
    };
    const auto add_digest = [&](const std::optional<Sha256>& digest) {
        add(digest ? std::string_view(digest->hex()) : nothing);
    };
    add(wheel.file_name);
    add(url);
    add_digest(wheel.sha256);
    add(wheel.size_bytes ? std::string_view(std::to_string(*wheel.size_bytes)) : nothing);
    add(wheel.upload_time ? std::string_view(*wheel.upload_time) : nothing);
    out += wheel.is_yanked ? "y" : "";
    add(wheel.has_metadata_file ? "m" : "");
    add_digest(wheel.metadata_sha256);
    add_line(out, wheel.requires_python);
}

std::optional<WheelFile> read_wheel(FieldReader& reader, WheelNameReader& names) {
    const std::string_view file_name = reader.field('\t');
    std::optional<WheelName> name = names.read(file_name);
    if (!name) {
        return std::nullopt;
    }
    WheelFile wheel{.file_name = std::string(file_name),
                    .wheel = std::move(*name),
                    .url = std::string(reader.field('\t')),
                    .sha256 = reader.digest('\t'),
                    .size_bytes = std::nullopt,
                    .requires_python = {},
                    .upload_time = std::nullopt,
                    .is_yanked = false,
                    .has_metadata_file = false,
                    .metadata_sha256 = std::nullopt};
    if (wheel.url.ends_with('/')) {
        wheel.url += wheel.file_name;
    }
    if (reader.rest().starts_with(nothing)) {
        reader.expect(reader.field('\t') == nothing);
    } else {
        wheel.size_bytes = reader.number('\t');
    }
    if (const std::string_view time = reader.field('\t'); time != nothing) {
        wheel.upload_time = time;
    }
    const std::string_view flags = reader.field('\t');
    wheel.is_yanked = flags.find('y') != std::string_view::npos;
    wheel.has_metadata_file = flags.find('m') != std::string_view::npos;
    wheel.metadata_sha256 = reader.digest('\t');
    wheel.requires_python = reader.field('\n');
    return wheel;
}

std::optional<ProjectPage> read_page(FieldReader& reader) {
    ProjectPage page;
    WheelNameReader names;
    const std::uint64_t wheels = reader.number('\n');
    for (std::uint64_t i = 0; i < wheels && reader.is_good(); ++i) {
        std::optional<WheelFile> wheel = read_wheel(reader, names);
        if (!wheel) {
            return std::nullopt;
        }
        page.wheels.push_back(std::move(*wheel));
    }
    const std::uint64_t sdists = reader.number('\n');
    for (std::uint64_t i = 0; i < sdists && reader.is_good(); ++i) {
        page.sdist_versions.emplace_back(reader.field('\n'));
    }
    while (reader.is_good() && !reader.rest().empty()) {
        page.unreadable.emplace_back(reader.field('\n'));
    }
    return page;
}

} // namespace

} // namespace envpm::pypi
