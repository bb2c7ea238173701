#include "realize/prefix_manifest.h"

#include "base/error.h"
#include "base/file_pieces.h"
#include "base/files.h"
#include "base/json.h"
#include "base/relative_path.h"
#include "model/store_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <system_error>

namespace envpm::realize {

namespace {

/// Version 1 had no placeholders, no folders, and a host's Python always.
constexpr int manifest_version = 2;

constexpr const char* make_anew =
    "`envpm repair` makes an environment of the store anew; remove any other, and install again";

/// Of a piece where the first lines are all that is wanted: a file list has megabytes.
constexpr std::size_t few_bytes = 1U << 13U;

/// A file's lines, of which a piece is in memory.
class Lines {
  public:
    explicit Lines(const std::filesystem::path& file,
                   std::size_t piece_bytes = FilePieces::usual_bytes);

    /// Without its end, which the last one need not have. It stays until the next call.
    std::optional<std::string_view> next();

  private:
    FilePieces pieces_;
    std::string_view piece_; ///< what is left of it
    std::string begun_;      ///< in earlier pieces
};

const std::filesystem::path& require_regular(const std::filesystem::path& file);

std::optional<std::pair<std::string_view, EntryKind>> head_of_line(std::string_view line);
void add_line(const RealisedFile& file, std::string& text);
std::string python_text(const std::optional<Interpreter>& interpreter);
std::string placeholder_text(const PlaceholderUse& use);
std::string offsets_text(std::string_view name, const std::vector<std::uint64_t>& offsets);
std::string_view kind_text(EntryKind kind);
RealisedFile parse_file(const Json& json);
Relocation parse_relocation(const Json& json);
std::vector<std::uint64_t> parse_offsets(const Json& json, std::string_view name);
PlaceholderUse parse_placeholder(const Json& json);
std::optional<Interpreter> parse_python(const Json& json);
bool flag(const Json& json, std::string_view name);
EntryKind parse_kind(std::string_view text);
Sha256 parse_digest(const std::string& text);
const Json& member(const Json& json, std::string_view name);

} // namespace

// Put together from the text of its parts: members in order of name would put the version last,
// and one tree of all files would cost more than it tells.
ManifestText::ManifestText(const PrefixManifest& head) {
    Json::Array archives;
    for (const Sha256& archive : head.archives) {
        archives.emplace_back(archive.hex());
    }
    text_ += fmt::format(
        "{{\"version\":{},\"archives\":{},\"env\":\"{}\",\"prefix\":{},\"python\":{},\"files\":[",
        manifest_version, envpm::to_text(Json(std::move(archives))), head.env.hex(),
        envpm::to_text(Json(head.prefix.string())), python_text(head.interpreter));
}

void ManifestText::add(const RealisedFile& file) {
    text_ += is_empty_ ? "\n" : ",\n";
    add_line(file, text_);
    is_empty_ = false;
}

void ManifestText::end() {
    text_ += "\n]}\n";
}

std::string to_text(const PrefixManifest& manifest) {
    ManifestText text(manifest);
    for (const RealisedFile& file : manifest.files) {
        text.add(file);
    }
    text.end();
    return text.take();
}

PrefixManifest parse_manifest(std::string_view text, const std::string& subject) {
    try {
        const Json json = parse_json(text, subject);
        const std::int64_t version = json.number("version");
        if (version < 1 || version > manifest_version) {
            throw Error({"a prefix is of a version that this envpm does not know", subject,
                         "use a newer envpm"});
        }
        PrefixManifest manifest{parse_digest(json.text("env")),
                                json.text("prefix"),
                                parse_python(member(json, "python")),
                                {},
                                {}};
        for (const Json& archive : json.array("archives")) {
            const std::string* hex = archive.get_if<std::string>();
            manifest.archives.push_back(parse_digest(hex != nullptr ? *hex : std::string()));
        }
        const Json::Array& files = json.array("files");
        manifest.files.reserve(files.size());
        for (const Json& file : files) {
            manifest.files.push_back(parse_file(file));
        }
        return manifest;
    } catch (const Error& fault) {
        throw Error(
            {"the file list of a prefix cannot be used: " + fault.text().what, subject, make_anew},
            ExitCode::integrity);
    }
}

std::optional<PrefixManifest> read_manifest(const std::filesystem::path& prefix) {
    const std::filesystem::path file = manifest_path(prefix);
    const std::optional<std::string> text = read_file_if_present(file);
    if (!text) {
        return std::nullopt;
    }
    return parse_manifest(*text, file.string());
}

// All but the files is the first line, as ManifestText writes it.
std::optional<std::filesystem::path> path_in_manifest(const std::filesystem::path& prefix) {
    try {
        const std::filesystem::path file = manifest_path(prefix);
        Lines lines(file, few_bytes);
        const std::string head(lines.next().value_or(std::string_view()));
        return parse_json(head + "]}", file.string()).text("prefix");
    } catch (const Error&) {
        return std::nullopt;
    }
}

// A line is a file, as ManifestText writes them: its path and kind can be seen without a parser.
std::optional<std::vector<RealisedFile>>
read_manifest_files(const std::filesystem::path& prefix,
                    const std::function<bool(std::string_view path, EntryKind kind)>& wanted) {
    const std::filesystem::path file = manifest_path(prefix);
    std::error_code failure;
    if (!std::filesystem::exists(file, failure) && !failure) {
        return std::nullopt;
    }
    Lines lines(file);
    std::string wanted_lines(lines.next().value_or(std::string_view()));
    bool is_first = true;
    while (auto line = lines.next()) {
        const auto head = head_of_line(*line);
        if (head && !wanted(head->first, head->second)) {
            continue;
        }
        if (line->starts_with("{\"path\"")) {
            line->remove_suffix(line->ends_with(",") ? 1 : 0);
            wanted_lines += is_first ? "\n" : ",\n";
            is_first = false;
        }
        wanted_lines += *line;
    }
    std::vector<RealisedFile> files = parse_manifest(wanted_lines, file.string()).files;
    std::erase_if(files, [&](const RealisedFile& candidate) {
        return !wanted(candidate.path, candidate.kind);
    });
    return files;
}

std::optional<bool> has_any_of(const std::filesystem::path& prefix,
                               const std::vector<std::string_view>& paths) {
    constexpr std::string_view behind_bin = "bin0"; // the byte after `/`
    try {
        Lines lines(manifest_path(prefix), few_bytes);
        std::optional<std::string_view> line = lines.next();
        bool is_known =
            line && line->starts_with(fmt::format("{{\"version\":{},", manifest_version));
        while (is_known && (line = lines.next())) {
            const auto head = head_of_line(*line);
            if (head && std::find(paths.begin(), paths.end(), head->first) != paths.end()) {
                return true;
            }
            if (*line == "]}" || (head && head->first >= behind_bin)) {
                return false;
            }
            is_known = head || line->starts_with("{\"path\"");
        }
    } catch (const Error&) {
        return std::nullopt; // not there, or no file
    }
    return std::nullopt;
}

namespace {

Lines::Lines(const std::filesystem::path& file, std::size_t piece_bytes)
    : pieces_(require_regular(file), piece_bytes) {}

std::optional<std::string_view> Lines::next() {
    begun_.clear();
    while (true) {
        const std::size_t end = piece_.find('\n');
        if (end != std::string_view::npos) {
            const std::string_view line = piece_.substr(0, end);
            piece_.remove_prefix(end + 1);
            return begun_.empty() ? line : std::string_view(begun_ += line);
        }
        begun_ += piece_;
        const std::span<const std::byte> bytes = pieces_.next();
        piece_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        if (piece_.empty()) {
            return begun_.empty() ? std::nullopt : std::optional<std::string_view>(begun_);
        }
    }
}

/// Anything else might be waited for.
const std::filesystem::path& require_regular(const std::filesystem::path& file) {
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure) && !failure) {
        throw Error({"the file list of a prefix is no file", file.string(), make_anew},
                    ExitCode::integrity);
    }
    return file;
}

/// Nothing for a line of another form, which only a parser can read.
std::optional<std::pair<std::string_view, EntryKind>> head_of_line(std::string_view line) {
    constexpr std::string_view before = "{\"path\":\"";
    constexpr std::string_view between = "\",\"type\":\"";
    if (!line.starts_with(before)) {
        return std::nullopt;
    }
    line.remove_prefix(before.size());
    const std::string_view path = line.substr(0, line.find('"'));
    line.remove_prefix(path.size());
    if (path.find('\\') != std::string_view::npos || !line.starts_with(between)) {
        return std::nullopt;
    }
    line.remove_prefix(between.size());
    for (const EntryKind kind :
         {EntryKind::file, EntryKind::executable, EntryKind::link, EntryKind::folder}) {
        if (line.starts_with(kind_text(kind))) {
            return std::pair(path, kind);
        }
    }
    return std::nullopt;
}

/// A prefix has thousands of them: nothing is put together apart.
void add_line(const RealisedFile& file, std::string& text) {
    text += "{\"path\":";
    if (file.path.find('"') == std::string::npos) { // a RelativePath holds nothing else to escape
        text.append("\"").append(file.path).append("\"");
    } else {
        text += envpm::to_text(Json(file.path));
    }
    text.append(",\"type\":\"").append(kind_text(file.kind));
    text.append("\",\"sha256\":\"").append(file.sha256.hex());
    text.append("\",\"size\":").append(fmt::format_int(file.size_bytes).c_str());
    const Relocation& relocation = file.relocation;
    if (!relocation.prefix_at.empty() || !relocation.home_at.empty() || relocation.has_trampoline) {
        text += fmt::format(
            ",\"tokens\":{{{},{},\"trampoline\":{}}}", offsets_text("home", relocation.home_at),
            offsets_text("prefix", relocation.prefix_at), relocation.has_trampoline);
    }
    if (relocation.placeholder) {
        text.append(",\"placeholder\":").append(placeholder_text(*relocation.placeholder));
    }
    text += "}";
}

std::string placeholder_text(const PlaceholderUse& use) {
    Json::Array offsets;
    for (const std::uint64_t at : use.at) {
        offsets.emplace_back(at);
    }
    return envpm::to_text(Json(Json::Object{
        {"at", std::move(offsets)},
        {"interpreter", use.interpreter_line},
        {"mode", use.mode == PlaceholderMode::text ? "text" : "binary"},
        {"text", use.text},
        {"trampoline", use.has_trampoline},
    }));
}

std::string python_text(const std::optional<Interpreter>& host) {
    if (!host) {
        return "null";
    }
    const Interpreter& interpreter = *host;
    return envpm::to_text(Json(Json::Object{
        {"abi", interpreter.abi.abi},
        {"executable", interpreter.executable.string()},
        {"implementation", interpreter.abi.implementation},
        {"library", interpreter.abi.library_folder()},
        {"major", interpreter.abi.major},
        {"minor", interpreter.abi.minor},
        {"version", interpreter.version},
    }));
}

std::string offsets_text(std::string_view name, const std::vector<std::uint64_t>& offsets) {
    return fmt::format("\"{}\":[{}]", name, fmt::join(offsets, ","));
}

std::string_view kind_text(EntryKind kind) {
    switch (kind) {
    case EntryKind::file:
        return "file";
    case EntryKind::executable:
        return "executable";
    case EntryKind::link:
        return "link";
    case EntryKind::folder:
        break;
    }
    return "folder";
}

RealisedFile parse_file(const Json& json) {
    const std::int64_t size = json.number("size");
    if (size < 0) {
        throw Error({"a size is negative", {}, {}});
    }
    return {RelativePath::parse(json.text("path")).string(), parse_kind(json.text("type")),
            parse_digest(json.text("sha256")), static_cast<std::uint64_t>(size),
            parse_relocation(json)};
}

Relocation parse_relocation(const Json& json) {
    Relocation relocation;
    if (const Json* tokens = json.find("tokens")) {
        relocation = {parse_offsets(*tokens, "prefix"), parse_offsets(*tokens, "home"),
                      flag(*tokens, "trampoline"), std::nullopt};
    }
    if (const Json* placeholder = json.find("placeholder")) {
        relocation.placeholder = parse_placeholder(*placeholder);
    }
    return relocation;
}

PlaceholderUse parse_placeholder(const Json& json) {
    const std::string& mode = json.text("mode");
    if (mode != "text" && mode != "binary") {
        throw Error({fmt::format("`{}` is no mode of a placeholder", mode), {}, {}});
    }
    return {json.text("text"), mode == "text" ? PlaceholderMode::text : PlaceholderMode::binary,
            parse_offsets(json, "at"), flag(json, "trampoline"), json.text("interpreter")};
}

bool flag(const Json& json, std::string_view name) {
    const bool* value = member(json, name).get_if<bool>();
    return value != nullptr && *value;
}

std::vector<std::uint64_t> parse_offsets(const Json& json, std::string_view name) {
    std::vector<std::uint64_t> offsets;
    for (const Json& item : json.array(name)) {
        const std::int64_t* offset = item.get_if<std::int64_t>();
        if (offset == nullptr || *offset < 0) {
            throw Error({"an offset is no offset", {}, {}});
        }
        offsets.push_back(static_cast<std::uint64_t>(*offset));
    }
    return offsets;
}

std::optional<Interpreter> parse_python(const Json& json) {
    if (json.is_null()) {
        return std::nullopt;
    }
    constexpr std::int64_t largest = 1000;
    const std::int64_t major = json.number("major");
    const std::int64_t minor = json.number("minor");
    if (major < 0 || major > largest || minor < 0 || minor > largest) {
        throw Error({"a Python version is out of range", {}, {}});
    }
    return Interpreter{json.text("executable"),
                       {json.text("implementation"), static_cast<int>(major),
                        static_cast<int>(minor), json.text("abi")},
                       json.text("version")};
}

EntryKind parse_kind(std::string_view text) {
    for (const EntryKind kind :
         {EntryKind::file, EntryKind::executable, EntryKind::link, EntryKind::folder}) {
        if (text == kind_text(kind)) {
            return kind;
        }
    }
    throw Error({fmt::format("`{}` is no type of file", text), {}, {}});
}

Sha256 parse_digest(const std::string& text) {
    const std::optional<Sha256> digest = Sha256::parse(text);
    if (!digest) {
        throw Error({fmt::format("`{}` is no sha256", text), {}, {}});
    }
    return *digest;
}

const Json& member(const Json& json, std::string_view name) {
    const Json* found = json.find(name);
    if (found == nullptr) {
        throw Error({fmt::format("member `{}` is missing", name), {}, {}});
    }
    return *found;
}

} // namespace

} // namespace envpm::realize
