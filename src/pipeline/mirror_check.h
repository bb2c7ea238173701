#pragma once

#include "project/project.h"
#include "project/services.h"
#include "project/sources.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// The sources of a project, channels first; without one `pypi` and what is configured. URLs are
/// without credentials, to be shown. Notes mirrors that are of no source of the project, and the
/// extra indexes of pip that are not asked.
std::vector<project::Source> list_sources(const std::optional<project::Project>& project,
                                          project::Services& services);

/// A list of `[mirrors]` whose name no source of the project has. It may be for another project, or
/// misspelt.
struct IdleMirrors {
    std::string name;
    std::string origin;               ///< file and line
    std::string what;                 ///< a sentence
    std::optional<std::string> meant; ///< the source with a name that is nearly the same
};

std::vector<IdleMirrors> idle_mirrors(const Manifest& manifest, project::Services& services);

/// What one place answered.
struct MirrorTrial {
    project::Mirror place;    ///< to be shown
    int status = 0;           ///< of its page, or of the archive if it has only those; 0: no answer
    std::string problem = {}; ///< why it is of no use; empty if it is
    std::optional<std::string> lacks = {};         ///< the locked file that it does not have
    std::optional<double> first_byte_seconds = {}; ///< of the archive
    std::optional<double> bytes_per_second = {};   ///< of one connection
    std::optional<bool> has_ranges = {};

    [[nodiscard]] bool works() const { return problem.empty(); }
};

struct SourceTrial {
    project::Source source; ///< to be shown
    std::string
        package; ///< "numpy 2.4.1": what the places were asked for; empty: nothing is locked
    std::vector<MirrorTrial> trials;

    [[nodiscard]] bool has_working_place() const;
};

/// Asks each place, one after the other: for a page, and for a byte and then some MiB of the
/// source's largest locked package. Nothing is written. A place that lacks the package still works
/// if it has the page, for mirrors need not be up to date. Of an explicit index only if something
/// of it is locked, or if nothing is locked at all. Offline only folders are asked.
std::vector<SourceTrial> try_sources(const project::Project& project, project::Services& services);

} // namespace envpm::pipeline
