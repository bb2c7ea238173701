#include "importers/requirements_txt.h"

#include "base/ascii.h"
#include "base/error.h"
#include "importers/pip_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace envpm::importers {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr int deepest = 20;

class Reader {
  public:
    explicit Reader(const ReadNamed& read_named)
        : read_named_(read_named) {}

    void read(std::string_view text, const std::string& file, int depth);
    Imported finish(const std::string& file);

  private:
    void read_line(std::string line, const SourceLocation& location, int depth);
    bool read_named(const std::string& line, const SourceLocation& location, int depth);

    const ReadNamed& read_named_;
    Imported imported_;
    std::set<std::filesystem::path> seen_;
    std::size_t hashed_ = 0; ///< requirements that have hashes
};

std::string_view take_line(std::string_view& text);
bool drop_hashes(std::string& line);
std::optional<std::string> named_file(const std::string& line);

} // namespace

Imported read_requirements_txt(std::string_view text, const std::string& file,
                               const ReadNamed& read_named) {
    Reader reader(read_named);
    reader.read(text, file, 0);
    return reader.finish(file);
}

namespace {

void Reader::read(std::string_view text, const std::string& file, int depth) {
    seen_.insert(std::filesystem::path(file).lexically_normal());
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    int number = 0;
    while (!text.empty()) {
        const SourceLocation location{file, ++number, 1};
        std::string line(take_line(text));
        // A comment ends with its own line.
        while (line.ends_with('\\') && !trimmed(line).starts_with('#') && !text.empty()) {
            line.pop_back();
            line += take_line(text);
            ++number;
        }
        read_line(std::move(line), location, depth);
    }
}

Imported Reader::finish(const std::string& file) {
    if (hashed_ > 0) {
        imported_.leave(
            {file, 0, 0},
            fmt::format("`--hash` of {} requirement{}", hashed_, hashed_ == 1 ? "" : "s"),
            "envpm.lock has a digest of every wheel");
    }
    return std::move(imported_);
}

void Reader::read_line(std::string line, const SourceLocation& location, int depth) {
    line = trimmed(line);
    if (drop_hashes(line)) {
        ++hashed_;
    }
    if (!read_named(line, location, depth)) {
        read_pip_line(line, location, imported_);
    }
}

bool Reader::read_named(const std::string& line, const SourceLocation& location, int depth) {
    const std::optional<std::string> name = named_file(line);
    if (!name || depth == deepest) {
        return false;
    }
    const std::filesystem::path file =
        (std::filesystem::path(location.file).parent_path() / *name).lexically_normal();
    if (seen_.contains(file)) {
        return true;
    }
    const std::optional<std::string> text = [&] {
        try {
            return read_named_(file);
        } catch (Error& error) {
            error.add_context(fmt::format("{} names it", location.text()));
            throw;
        }
    }();
    if (!text) {
        return false;
    }
    read(*text, file.string(), depth + 1);
    return true;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

/// `--hash=sha256:…` or `--hash sha256:…`, each behind a blank. What begins a line is no hash.
bool drop_hashes(std::string& line) {
    constexpr std::string_view option = " --hash";
    bool has_one = false;
    std::size_t at = line.find(option);
    while (at != std::string::npos) {
        const std::size_t value = line.find_first_not_of("= ", at + option.size());
        const std::size_t end = std::min(line.find_first_of(" \t", value), line.size());
        line.erase(at, end - at);
        has_one = true;
        at = line.find(option, at);
    }
    return has_one;
}

/// Of a line `-r FILE`.
std::optional<std::string> named_file(const std::string& line) {
    for (const std::string_view option : {"--requirement", "-r"}) {
        if (!line.starts_with(option)) {
            continue;
        }
        std::string_view value = std::string_view(line).substr(option.size());
        value = trimmed(value.substr(0, value.find(" #")));
        value.remove_prefix(value.starts_with('=') ? 1 : 0);
        return value.empty() ? std::nullopt : std::optional<std::string>(trimmed(value));
    }
    return std::nullopt;
}

} // namespace

} // namespace envpm::importers
