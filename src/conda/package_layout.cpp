#include "conda/package_layout.h"

#include "base/error.h"
#include "conda/package_info.h"
#include "conda/package_paths.h"
#include "conda/prefix_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::conda {

namespace {

/// Lays one package out. The order matters: nothing is placed before its paths were checked.
class Layouter {
  public:
    explicit Layouter(const PackageLayoutRequest& request);

    Layout run();

  private:
    void check_file_name() const;
    void place(const PackagePath& path);
    void place_entry_points();
    void place_record();
    void add(LayoutEntry entry);
    void settle();

    [[nodiscard]] RelativePath target_of(const RelativePath& path) const;
    [[nodiscard]] LayoutEntry entry_of(const PackagePath& path, RelativePath target) const;
    [[nodiscard]] std::string site_packages() const;
    [[noreturn]] void refuse(std::string what) const;

    const PackageLayoutRequest& request_;
    std::string stem_; ///< "name-version-build"
    SharedText owner_;
    PackageInfo info_;
    std::vector<LayoutEntry> entries_;
    std::vector<RecordedPath> recorded_;
};

bool is_reserved(std::string_view path);

} // namespace

Layout package_layout(const PackageLayoutRequest& request) {
    return Layouter(request).run();
}

namespace {

Layouter::Layouter(const PackageLayoutRequest& request)
    : request_(request),
      stem_(fmt::format("{}-{}-{}", request.name, request.version, request.build)),
      owner_(request.name + " " + request.version) {}

Layout Layouter::run() {
    check_file_name();
    info_ = read_package_info(request_.tree,
                              {request_.name, request_.version, request_.build, request_.subdir},
                              request_.content, owner_.string());
    if (info_.is_noarch_python && !request_.python) {
        refuse("the package needs a Python, and the environment has none");
    }
    const std::vector<PackagePath> paths =
        read_package_paths(request_.tree, request_.content, owner_.string());
    check_paths(paths, request_.tree, owner_.string());
    for (const PackagePath& path : paths) {
        place(path);
    }
    if (info_.is_noarch_python) {
        place_entry_points();
    }
    settle();
    place_record();
    std::sort(entries_.begin(), entries_.end(),
              [](const LayoutEntry& a, const LayoutEntry& b) { return a.path < b.path; });
    return Layout{std::move(entries_)};
}

/// The stem names a file of the prefix.
void Layouter::check_file_name() const {
    const bool is_named_so =
        request_.file_name == stem_ + ".conda" || request_.file_name == stem_ + ".tar.bz2";
    if (!is_named_so || stem_.find('/') != std::string::npos) {
        refuse(fmt::format("`{}` is not the name of this package's archive", request_.file_name));
    }
}

void Layouter::place(const PackagePath& path) {
    LayoutEntry entry = entry_of(path, target_of(path.path));
    if (is_reserved(entry.path.string())) {
        refuse(fmt::format("the package would put a file at `{}`, which is the environment's own",
                           entry.path.string()));
    }
    recorded_.push_back({entry.path.string(), path});
    if (const auto* file = find_file(request_.tree, path.path.string())) {
        recorded_.back().source.sha256 = file->object;
        recorded_.back().source.size_bytes = file->size_bytes;
    }
    add(std::move(entry));
}

RelativePath Layouter::target_of(const RelativePath& path) const {
    constexpr std::string_view modules = "site-packages/";
    constexpr std::string_view scripts = "python-scripts/";
    const std::string_view text = path.string();
    if (info_.is_noarch_python && text.starts_with(modules)) {
        return RelativePath::parse(
            fmt::format("{}/{}", site_packages(), text.substr(modules.size())));
    }
    if (info_.is_noarch_python && text.starts_with(scripts)) {
        return RelativePath::parse(fmt::format("bin/{}", text.substr(scripts.size())));
    }
    return path;
}

LayoutEntry Layouter::entry_of(const PackagePath& path, RelativePath target) const {
    LayoutEntry entry{std::move(target), EmptyFolder{}, false, owner_};
    if (path.type == PathType::link) {
        entry.content = SymbolicLink{find_link(request_.tree, path.path.string())->target};
    } else if (path.type == PathType::file) {
        const TreeFile& file = *find_file(request_.tree, path.path.string());
        const ObjectFile object{file.object, file.size_bytes, false, path.is_never_linked};
        entry.is_executable = file.is_executable;
        if (path.placeholder) {
            entry.content = RelocatedFile{object, path.placeholder->text, path.placeholder->mode};
        } else {
            entry.content = object;
        }
    }
    return entry;
}

void Layouter::place_entry_points() {
    for (const ScriptEntry& script : info_.entry_points) {
        const RelativePath path = RelativePath::parse("bin/" + script.name);
        recorded_.push_back(
            {path.string(),
             {path, PathType::file, std::nullopt, std::nullopt, std::nullopt, false},
             RecordedKind::entry_point});
        add({path, GeneratedFile{script_of(script)}, true, owner_});
    }
}

void Layouter::place_record() {
    std::sort(recorded_.begin(), recorded_.end(),
              [](const RecordedPath& a, const RecordedPath& b) { return a.path < b.path; });
    add({RelativePath::parse(fmt::format("conda-meta/{}.json", stem_)),
         GeneratedFile{prefix_record(request_, info_.index, recorded_)}, false, owner_});
}

void Layouter::add(LayoutEntry entry) {
    entries_.push_back(std::move(entry));
}

/// No path twice: two of a noarch package may become one.
void Layouter::settle() {
    std::sort(entries_.begin(), entries_.end(),
              [](const LayoutEntry& a, const LayoutEntry& b) { return a.path < b.path; });
    for (std::size_t i = 1; i < entries_.size(); ++i) {
        if (entries_[i].path == entries_[i - 1].path) {
            refuse(fmt::format("the package holds two files for `{}`", entries_[i].path.string()));
        }
    }
}

std::string Layouter::site_packages() const {
    return request_.site_packages.empty()
               ? fmt::format("lib/{}/site-packages", request_.python->library_folder())
               : RelativePath::parse(request_.site_packages).string();
}

void Layouter::refuse(std::string what) const {
    throw Error({std::move(what), owner_.string(), {}}, ExitCode::integrity);
}

/// What envpm writes itself, what would make the prefix another Python's, and what would pass for
/// the record of another package.
bool is_reserved(std::string_view path) {
    constexpr std::string_view records = "conda-meta/";
    if (path.starts_with(records)) {
        return path.ends_with(".json") || path == "conda-meta/history";
    }
    return path == "conda-meta" || path == "pyvenv.cfg" || path == ".envpm" ||
           path.starts_with(".envpm/");
}

} // namespace

} // namespace envpm::conda
