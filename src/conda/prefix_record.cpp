#include "conda/prefix_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace envpm::conda {

namespace {

/// Hard link, as conda numbers them; how a file really came to its place never shows.
constexpr int link_type = 1;

/// What a channel's index says of a package too.
constexpr std::array copied_members = {
    "arch",      "build_number",   "constrains", "depends",  "features",
    "license",   "license_family", "noarch",     "platform", "python_site_packages_path",
    "timestamp", "track_features",
};

Json path_json(const RecordedPath& path);
std::string_view type_text(const RecordedPath& path);

} // namespace

std::string prefix_record(const PackageLayoutRequest& request, const Json& index,
                          const std::vector<RecordedPath>& paths) {
    Json::Array files;
    Json::Array path_data;
    for (const RecordedPath& path : paths) {
        if (path.source.type != PathType::folder) {
            files.emplace_back(path.path);
        }
        path_data.push_back(path_json(path));
    }
    Json::Object record = {
        {"build", request.build},
        {"build_number", 0},
        {"channel", request.channel},
        {"constrains", Json::Array{}},
        {"depends", Json::Array{}},
        {"files", std::move(files)},
        {"fn", request.file_name},
        {"link", Json::Object{{"source", ""}, {"type", link_type}}},
        {"name", request.name},
        {"paths_data", Json::Object{{"paths", std::move(path_data)}, {"paths_version", 1}}},
        {"sha256", request.tree.archive.hex()},
        {"size", request.size_bytes},
        {"subdir", request.subdir},
        {"url", package_url(request)},
        {"version", request.version},
    };
    for (const char* name : copied_members) {
        const Json* member = index.find(name);
        if (member != nullptr && !member->is_null()) {
            record.insert_or_assign(name, *member);
        }
    }
    return to_text(Json(std::move(record)), 2) + "\n";
}

std::string package_url(const PackageLayoutRequest& request) {
    return fmt::format("https://conda.anaconda.org/{}/{}/{}", request.channel, request.subdir,
                       request.file_name);
}

LayoutEntry history_entry(std::vector<std::string> packages) {
    std::sort(packages.begin(), packages.end());
    std::string text = "==> 1980-01-01 00:00:00 <==\n# cmd: envpm install\n";
    for (const std::string& package : packages) {
        text += fmt::format("+{}\n", package);
    }
    return {RelativePath::parse("conda-meta/history"), GeneratedFile{std::move(text)}, false,
            "envpm"};
}

namespace {

Json path_json(const RecordedPath& path) {
    Json::Object json = {{"_path", path.path}, {"path_type", std::string(type_text(path))}};
    const PackagePath& source = path.source;
    if (source.sha256 && source.type == PathType::file) {
        json.emplace("sha256", source.sha256->hex());
        if (!source.placeholder) {
            json.emplace("sha256_in_prefix", source.sha256->hex());
        }
    }
    if (source.size_bytes && source.type == PathType::file) {
        json.emplace("size_in_bytes", *source.size_bytes);
    }
    if (source.placeholder) {
        json.emplace("prefix_placeholder", source.placeholder->text);
        json.emplace("file_mode",
                     source.placeholder->mode == PlaceholderMode::text ? "text" : "binary");
    }
    if (source.is_never_linked) {
        json.emplace("no_link", true);
    }
    return json;
}

std::string_view type_text(const RecordedPath& path) {
    if (path.kind == RecordedKind::entry_point) {
        return "unix_python_entry_point";
    }
    switch (path.source.type) {
    case PathType::file:
        return "hardlink";
    case PathType::link:
        return "softlink";
    case PathType::folder:
        break;
    }
    return "directory";
}

} // namespace

} // namespace envpm::conda
