#pragma once

#include "model/lock.h"
#include "model/manifest.h"
#include "model/remark.h"
#include "project/project.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pipeline {

enum class ExportFormat {
    explicit_list,    ///< URLs with digests (CEP 23): `conda create --file`
    environment_yml,  ///< `name=version=build` (CEP 24): `conda env create --file`
    requirements_txt, ///< wheels with digests: `pip install --require-hashes -r`
};

std::optional<ExportFormat> parse_export_format(std::string_view text);

/// One target of a lock as a file for other tools.
struct Export {
    std::string target;
    std::string text;
    std::vector<Remark> left; ///< what the format has no place for
};

/// The same lock is always the same text. Packages stand in an order in which each comes after what
/// it needs. An Error if the manifest has not the channel that a package is locked from, and for a
/// list without any package.
Export export_text(const Manifest& manifest, const Lock& lock, const LockedTarget& target,
                   ExportFormat format);

/// Of the project's lock, as it stands; an Error of code 3 if there is none, or if it does not fit
/// the manifest.
Export export_lock(const project::Project& project, const std::optional<std::string>& target,
                   ExportFormat format, project::Services& services);

/// The project's lock; an Error of code 3 if there is none, or if it does not fit the manifest.
Lock fresh_lock(const project::Project& project, const Manifest& manifest);

} // namespace envpm::pipeline
