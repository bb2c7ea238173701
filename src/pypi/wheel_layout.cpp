#include "pypi/wheel_layout.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/sort_runs.h"
#include "model/script.h"
#include "pypi/header_fields.h"
#include "pypi/version.h"
#include "pypi/wheel_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace envpm::pypi {

namespace {

/// More than any real one by far: they are read whole.
constexpr std::uint64_t largest_text_bytes = 64U << 20U;

/// Lays one wheel out. The order matters: nothing is placed before RECORD has vouched for it.
class Layouter {
  public:
    explicit Layouter(const WheelLayoutRequest& request);

    Layout run();

  private:
    void check_identity();
    void place(const TreeFile& file);
    void place_data(const TreeFile& file, std::string_view scheme, std::string_view rest);
    void place_script(const TreeFile& file, std::string_view name);
    void place_entry_points();
    void place_own_files();
    void place_record();
    void add(std::string_view path, LayoutEntry entry);
    void settle();

    [[nodiscard]] std::string find_dist_info() const;
    [[nodiscard]] bool names_this_wheel(std::string_view stem) const;
    [[nodiscard]] bool is_this_version(std::string_view text) const;
    [[nodiscard]] bool is_metadata_of_another(std::string_view path) const;
    [[nodiscard]] std::string text_of(std::string_view name) const;
    [[nodiscard]] std::string record() const;
    [[nodiscard]] LayoutEntry object_entry(const TreeFile& file) const;
    [[nodiscard]] LayoutEntry generated_entry(std::string content) const;
    [[noreturn]] void refuse(std::string what) const;

    const WheelLayoutRequest& request_;
    SharedText owner_;
    std::string site_;      ///< "lib/python3.11/site-packages"
    std::string dist_info_; ///< as the wheel spells it
    std::vector<ScriptEntry> scripts_;
    std::vector<LayoutEntry> entries_;
};

bool is_reserved(std::string_view path);
bool is_interpreter_name(std::string_view name);
std::pair<std::string_view, std::string_view> cut(std::string_view text, char separator);

} // namespace

Layout wheel_layout(const WheelLayoutRequest& request) {
    return Layouter(request).run();
}

namespace {

Layouter::Layouter(const WheelLayoutRequest& request)
    : request_(request),
      owner_(request.name.string() + " " + request.version),
      site_("lib/" + request.python.library_folder() + "/site-packages"),
      dist_info_(find_dist_info()) {}

Layout Layouter::run() {
    check_identity();
    check_record(parse_record(text_of("RECORD"), owner_.string()), request_.tree, dist_info_,
                 owner_.string());
    if (find_file(request_.tree, dist_info_ + "/entry_points.txt") != nullptr) {
        scripts_ = parse_script_entries(text_of("entry_points.txt"), owner_.string());
    }
    for (const TreeFile& file : request_.tree.files) {
        place(file);
    }
    place_entry_points();
    place_own_files();
    settle();
    place_record();
    sort_runs(entries_, [](const LayoutEntry& a, const LayoutEntry& b) { return a.path < b.path; });
    return Layout{std::move(entries_)};
}

/// Name and version thrice: the lock's, the dist-info folder's and METADATA's must be one.
void Layouter::check_identity() {
    const std::string metadata = text_of("METADATA");
    const std::string_view name = header_field(metadata, "Name").value_or("");
    const std::string_view version = header_field(metadata, "Version").value_or("");
    if (PackageName::parse(name) != request_.name || !is_this_version(version)) {
        refuse(fmt::format("METADATA says that this is `{} {}`", name, version));
    }
    const std::string wheel = text_of("WHEEL");
    const std::string_view format = header_field(wheel, "Wheel-Version").value_or("");
    if (cut(format, '.').first != "1") {
        refuse(
            fmt::format("the wheel's format is version `{}`, which envpm does not know", format));
    }
}

void Layouter::place(const TreeFile& file) {
    const std::string& path = file.path.string();
    const auto [top, below] = cut(path, '/');
    if (top.ends_with(".data") && !below.empty()) {
        if (!names_this_wheel(top.substr(0, top.size() - 5))) {
            refuse(fmt::format("`{}` is in the data folder of another wheel", path));
        }
        const auto [scheme, rest] = cut(below, '/');
        place_data(file, scheme, rest);
        return;
    }
    const bool is_own = path == dist_info_ + "/RECORD" || path == dist_info_ + "/INSTALLER" ||
                        path == dist_info_ + "/REQUESTED";
    if (!is_own) { // envpm writes these itself
        add(site_ + "/" + path, object_entry(file));
    }
}

void Layouter::place_data(const TreeFile& file, std::string_view scheme, std::string_view rest) {
    if (rest.empty()) {
        refuse(fmt::format("`{}` is in no folder that PEP 427 names", file.path.string()));
    }
    if (scheme == "scripts") {
        place_script(file, rest);
    } else if (scheme == "purelib" || scheme == "platlib") {
        add(fmt::format("{}/{}", site_, rest), object_entry(file));
    } else if (scheme == "headers") {
        add(fmt::format("include/site/python{}/{}/{}", request_.python.feature_version(),
                        request_.name.string(), rest),
            object_entry(file));
    } else if (scheme == "data") {
        add(rest, object_entry(file));
    } else {
        refuse(fmt::format("`{}` is in no folder that PEP 427 names", file.path.string()));
    }
}

void Layouter::place_script(const TreeFile& file, std::string_view name) {
    // An entry point of the same name is written instead, as pip does.
    const bool is_entry_point = std::any_of(
        scripts_.begin(), scripts_.end(), [name](const ScriptEntry& e) { return e.name == name; });
    if (is_entry_point) {
        return;
    }
    LayoutEntry entry = object_entry(file);
    // A larger one is a program, not text for an interpreter.
    if (file.size_bytes <= largest_text_bytes) {
        if (auto script = with_prefix_interpreter(request_.content(file))) {
            entry = generated_entry(std::move(*script));
        }
    }
    if (auto* object = std::get_if<ObjectFile>(&entry.content)) {
        object->becomes_executable = !file.is_executable;
    }
    entry.is_executable = true;
    add(fmt::format("bin/{}", name), std::move(entry));
}

void Layouter::place_entry_points() {
    for (const ScriptEntry& script : scripts_) {
        LayoutEntry entry = generated_entry(script_of(script));
        entry.is_executable = true;
        add("bin/" + script.name, std::move(entry));
    }
}

void Layouter::place_own_files() {
    const std::string folder = site_ + "/" + dist_info_;
    add(folder + "/INSTALLER", generated_entry("envpm\n"));
    if (request_.is_requested) {
        add(folder + "/REQUESTED", generated_entry(""));
    }
}

/// When no path stands twice any more: RECORD has one row a file.
void Layouter::place_record() {
    const std::string path = site_ + "/" + dist_info_ + "/RECORD";
    const bool is_there =
        std::any_of(entries_.begin(), entries_.end(),
                    [&path](const LayoutEntry& entry) { return entry.path.string() == path; });
    if (is_there) {
        refuse(fmt::format("the wheel brings `{}` by way of its data folder", path));
    }
    add(path, generated_entry(record()));
}

void Layouter::add(std::string_view path, LayoutEntry entry) {
    if (is_reserved(path)) {
        refuse(fmt::format("the wheel would put a file at `{}`, which is the environment's own",
                           path));
    }
    if (is_metadata_of_another(path)) {
        refuse(fmt::format("the wheel would put a file at `{}`, which is another package's "
                           "metadata",
                           path));
    }
    entry.path = RelativePath::parse(path);
    entries_.push_back(std::move(entry));
}

/// Sorted, and no path twice: purelib and platlib are one folder here, so a wheel may name a
/// file twice. Twice the same is one.
void Layouter::settle() {
    sort_runs(entries_, [](const LayoutEntry& a, const LayoutEntry& b) { return a.path < b.path; });
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
    for (std::size_t i = 1; i < entries_.size(); ++i) {
        if (entries_[i].path == entries_[i - 1].path) {
            refuse(fmt::format("the wheel holds two different files for `{}`",
                               entries_[i].path.string()));
        }
    }
}

std::string Layouter::find_dist_info() const {
    std::set<std::string_view> found;
    for (const TreeFile& file : request_.tree.files) {
        const auto [top, below] = cut(file.path.string(), '/');
        if (top.ends_with(".dist-info") && !below.empty()) {
            found.insert(top);
        }
    }
    if (found.size() != 1) {
        refuse(fmt::format("the wheel has {} `.dist-info` folders instead of one", found.size()));
    }
    const std::string_view folder = *found.begin();
    if (!names_this_wheel(
            folder.substr(0, folder.size() - std::string_view(".dist-info").size()))) {
        refuse(fmt::format("the wheel's metadata folder `{}` is another package's", folder));
    }
    return std::string(folder);
}

/// "name-version" as folder names have it: `-` within the two became `_` (PEP 427).
bool Layouter::names_this_wheel(std::string_view stem) const {
    const auto [name, version] = cut(stem, '-');
    if (PackageName::parse(name) != request_.name) {
        return false;
    }
    std::string unescaped(version);
    std::replace(unescaped.begin(), unescaped.end(), '_', '-');
    return is_this_version(version) || is_this_version(unescaped);
}

bool Layouter::is_this_version(std::string_view text) const {
    const std::optional<Version> version = Version::parse(text);
    return version && version == Version::parse(request_.version);
}

/// Python takes any such folder, and any such file of the older kind, in whatever case, for a
/// package that is installed. Of the older kind a wheel may have its own.
bool Layouter::is_metadata_of_another(std::string_view path) const {
    if (!path.starts_with(site_ + "/")) {
        return false;
    }
    const std::string_view top = cut(path.substr(site_.size() + 1), '/').first;
    const std::string name = ascii_lower(top);
    if (name.ends_with(".egg-info")) {
        const std::string_view stem =
            top.substr(0, top.size() - std::string_view(".egg-info").size());
        return PackageName::parse(cut(stem, '-').first) != request_.name;
    }
    return name.ends_with(".dist-info") && top != dist_info_;
}

/// Of a file in the dist-info folder, which must be there.
std::string Layouter::text_of(std::string_view name) const {
    const std::string path = fmt::format("{}/{}", dist_info_, name);
    const TreeFile* file = find_file(request_.tree, path);
    if (file == nullptr) {
        refuse(fmt::format("the wheel has no `{}`", path));
    }
    if (file->size_bytes > largest_text_bytes) {
        refuse(fmt::format("`{}` has {} bytes, more than any real one", path, file->size_bytes));
    }
    return request_.content(*file);
}

std::string Layouter::record() const {
    std::vector<RecordRow> rows;
    const auto add_row = [&](const std::string& path, std::string hash, std::string size) {
        const bool is_in_site = path.starts_with(site_ + "/");
        rows.push_back({is_in_site ? path.substr(site_.size() + 1) : "../../../" + path,
                        std::move(hash), std::move(size)});
    };
    for (const LayoutEntry& entry : entries_) {
        const std::string& path = entry.path.string();
        if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
            add_row(path, record_hash(object->object), std::to_string(object->size_bytes));
            continue;
        }
        const std::string& content = std::get<GeneratedFile>(entry.content).content;
        // What depends on the prefix's place has no digest of its own, so that RECORD does not.
        if (content.find(prefix_token) != std::string::npos) {
            add_row(path, "", "");
        } else {
            add_row(path, record_hash(sha256_of(content)), std::to_string(content.size()));
        }
    }
    add_row(site_ + "/" + dist_info_ + "/RECORD", "", "");
    return record_text(std::move(rows));
}

LayoutEntry Layouter::object_entry(const TreeFile& file) const {
    return {file.path, ObjectFile{file.object, file.size_bytes}, file.is_executable, owner_};
}

LayoutEntry Layouter::generated_entry(std::string content) const {
    return {RelativePath::parse("unplaced"), GeneratedFile{std::move(content)}, false, owner_};
}

void Layouter::refuse(std::string what) const {
    throw Error({std::move(what), owner_.string(), {}}, ExitCode::integrity);
}

/// What the realizer lays out itself, and no package may; and where conda-aware tools read what
/// else is installed.
bool is_reserved(std::string_view path) {
    const auto [top, below] = cut(path, '/');
    if (top == "pyvenv.cfg" || top == ".envpm" || top == "conda-meta") {
        return true;
    }
    return top == "bin" && (below.empty() || is_interpreter_name(cut(below, '/').first));
}

/// python, python3, python3.13t, pythonw: not `python-argcomplete`, which packages do bring.
bool is_interpreter_name(std::string_view name) {
    if (!name.starts_with("python")) {
        return false;
    }
    const std::string_view rest = name.substr(6);
    return rest.find_first_not_of("0123456789.tw") == std::string_view::npos;
}

/// What stands before and after the first separator.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) {
        return {text, {}};
    }
    return {text.substr(0, at), text.substr(at + 1)};
}

} // namespace

} // namespace envpm::pypi
