#include "importers/explicit_list.h"

#include "base/ascii.h"
#include "base/toml_fields.h"
#include "importers/package_place.h"
#include "importers/pip_lines.h"
#include "importers/platforms.h"

#include <fmt/format.h>

#include <set>

namespace envpm::importers {

namespace {

constexpr std::string_view marker = "@EXPLICIT";
constexpr std::size_t longest_text = std::size_t{32} << 20U;

struct Line {
    std::string_view text; ///< without the blanks around it
    SourceLocation location;
};

/// What the lines have come to so far.
struct Reading {
    const std::string& file;
    Imported imported = {};
    bool has_marker = false;
    std::set<std::string, std::less<>> channels = {};
    std::size_t hashes = 0;
    SourceLocation first_hash = {};
};

std::vector<Line> lines_of(std::string_view text, const std::string& file);
void read_comment(const Line& line, Reading& reading);
void read_url(const Line& line, Reading& reading);
void read_wheel(std::string_view text, const SourceLocation& location, Reading& reading);

} // namespace

bool is_explicit_list(std::string_view text) {
    const std::string whole = "\n" + std::string(text.substr(0, longest_text));
    const std::size_t at = whole.find("\n" + std::string(marker));
    return at != std::string::npos &&
           (at + 1 + marker.size() == whole.size() ||
            white_space.find(whole[at + 1 + marker.size()]) != std::string_view::npos);
}

Imported read_explicit_list(std::string_view text, const std::string& file) {
    if (text.size() > longest_text) {
        complain_at({file, 0, 0}, "the file is longer than 32 MiB",
                    "check that it is the right one");
    }
    Reading reading{file};
    for (const Line& line : lines_of(text, file)) {
        if (line.text == marker) {
            reading.has_marker = true;
        } else if (line.text.starts_with('#')) {
            read_comment(line, reading);
        } else if (!line.text.empty()) {
            read_url(line, reading);
        }
    }
    Imported& imported = reading.imported;
    if (imported.targets.empty() && !imported.remarks.left.empty()) {
        const Remark& first = imported.remarks.left.front();
        complain_at(first.location,
                    fmt::format("the list is for {}, which envpm does not know", first.what),
                    "import one for linux-64 or linux-aarch64");
    }
    if (reading.hashes > 0) {
        imported.change(reading.first_hash, fmt::format("hashes ({})", reading.hashes),
                        "a manifest has none; `envpm lock` writes a sha256 of every package");
    }
    return std::move(imported);
}

namespace {

std::vector<Line> lines_of(std::string_view text, const std::string& file) {
    std::vector<Line> lines;
    for (int number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        lines.push_back({trimmed(line), {file, number, 0}});
    }
    return lines;
}

void read_comment(const Line& line, Reading& reading) {
    const std::string_view comment = trimmed(line.text.substr(1));
    constexpr std::string_view platform = "platform:";
    constexpr std::string_view wheel = "pip ";
    if (comment.starts_with(platform)) {
        add_platform(std::string(trimmed(comment.substr(platform.size()))), line.location,
                     reading.imported);
    } else if (comment.starts_with(wheel)) {
        read_wheel(trimmed(comment.substr(wheel.size())), line.location, reading);
    }
}

void read_url(const Line& line, Reading& reading) {
    Imported& imported = reading.imported;
    if (!reading.has_marker) {
        complain_at(line.location, fmt::format("a line stands before `{}`", marker),
                    fmt::format("let `{}` be the first line that is no comment", marker));
    }
    const std::string text = without_passwords(std::string(line.text));
    const PackagePlace place = place_of(text);
    if (place.channel.empty()) {
        complain_at(line.location, fmt::format("`{}` is no URL of a package in a channel", text),
                    "a line is as https://example.org/channel/linux-64/name-1.0-build.conda");
    }
    if (reading.channels.insert(place.channel).second) {
        imported.channels.push_back({place_of(line.text).channel, line.location});
    }
    const std::optional<Platform> platform = parse_platform(place.subdir);
    if (place.subdir != "noarch") {
        add_platform(place.subdir, line.location, imported);
        if (!platform) {
            return;
        }
    }
    if (text.find('#') != std::string::npos && reading.hashes++ == 0) {
        reading.first_hash = line.location;
    }
    imported.specs.push_back({text, line.location, platform, true});
}

/// `NAME @ URL --hash=…`
void read_wheel(std::string_view text, const SourceLocation& location, Reading& reading) {
    const std::size_t at = text.find(" @ ");
    const std::string_view name = text.substr(0, at);
    const std::string_view rest = at == std::string_view::npos ? "" : trimmed(text.substr(at + 3));
    const std::string version = version_of_wheel(rest.substr(0, rest.find_first_of(" #")));
    if (version.empty()) {
        reading.imported.leave(location, fmt::format("`{}`", without_passwords(std::string(text))),
                               "it names no wheel, and wheels come from indexes only");
        return;
    }
    reading.imported.wheels.push_back(
        {fmt::format("{}=={}", name, version), location, {}, {}, true});
}

} // namespace

} // namespace envpm::importers
