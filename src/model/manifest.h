#pragma once

#include "base/source_location.h"
#include "model/gpu_policy.h"
#include "model/package_name.h"
#include "model/path_pattern.h"
#include "model/target.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm {

/// One requirement as the user wrote it. The text of specifier and marker is read by the world that
/// it is for, which knows its language; `location` is for that world's complaints.
struct ManifestRequirement {
    PackageName name;
    std::string specifier;            ///< "" and "*" mean any version
    std::vector<PackageName> extras;  ///< sorted
    std::string marker;               ///< PEP 508 environment marker, or empty
    std::optional<std::string> index; ///< the only index that may serve it
    SourceLocation location;
};

/// One line of `[dependencies]`: what conda packages meet, in conda's language; `location` as
/// above. `python` is one of them.
struct CondaRequirement {
    PackageName name;
    std::string specifier;              ///< version, or version and build: "2.5.*", "2.5.* *cuda*"
    std::string build{};                ///< the build's glob, where it stands by itself
    std::optional<std::string> channel; ///< the only channel that may serve it
    SourceLocation location;
};

/// A conda channel. The listed ones are asked in the manifest's order; the others serve only
/// requirements that name them.
struct ChannelEntry {
    std::string name;
    std::string url;
    bool is_listed = false;
    SourceLocation location;
};

/// What a channel further down may offer of a name that an earlier one has.
enum class ChannelPriority {
    strict,   ///< nothing
    flexible, ///< what the earlier one has no matching candidate for
};

/// A named Python index. `pypi` needs no entry; an entry of that name replaces the default.
struct IndexEntry {
    std::string name;
    std::string url;
    bool is_explicit = false; ///< serves only requirements that name it
    SourceLocation location;
};

/// Which pre-releases are candidates (interface: docs/manifest.md).
enum class Prereleases { if_necessary, allow, never };

/// `[overrides]`: what packages say they need of `name` is replaced by this specifier.
struct Override {
    PackageName name;
    std::string specifier;
    SourceLocation location;
};

/// `[files]`: of the files that several packages have for a path, the one of this package stands.
struct FileRule {
    PathPattern path;
    std::string package; ///< as written; see `is_called`
    SourceLocation location;
};

/// `[tasks]`: what `envpm run NAME` does.
struct Task {
    std::string name;
    std::string command; ///< given to `sh -c`
    SourceLocation location;
};

/// What the user asked for: envpm.toml, or `[tool.envpm]` with `[project]` in pyproject.toml.
struct Manifest {
    std::filesystem::path file;               ///< as the user named it
    std::string name;                         ///< of the workspace
    std::optional<std::string> exclude_newer; ///< RFC 3339 date or date-time, validated
    Prereleases prereleases = Prereleases::if_necessary;
    std::optional<std::string> requires_envpm;

    std::vector<CondaRequirement> dependencies;         ///< `[dependencies]`
    std::vector<ManifestRequirement> pypi_dependencies; ///< `[pypi-dependencies]`
    std::vector<IndexEntry> indexes;                    ///< in the file's order
    std::vector<ChannelEntry> channels;                 ///< the listed ones first, in their order
    ChannelPriority channel_priority = ChannelPriority::strict;
    GpuPolicy gpu;
    std::vector<Target> targets;                      ///< never empty
    std::map<std::string, DeclaredGpu> declared_gpus; ///< of targets by name; absent: all open
    std::vector<ManifestRequirement> constraints;     ///< versions if present
    std::vector<Override> overrides;
    std::vector<FileRule> files;            ///< in the file's order
    std::vector<PathPattern> outside_links; ///< links that may lead out of the environment
    std::vector<Task> tasks;
    std::vector<std::pair<std::string, std::string>> activation_variables; ///< in the file's order
    bool sources_conda_scripts = false; ///< those of `activate.d`, at activation
};

} // namespace envpm
