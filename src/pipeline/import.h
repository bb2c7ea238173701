#pragma once

#include "model/remark.h"
#include "project/services.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::pipeline {

/// The text of an envpm.toml that asks for what a file of another tool asks for.
struct ImportedManifest {
    std::string text;
    std::size_t conda_packages = 0;
    std::size_t wheels = 0;
    Remarks remarks; ///< what is not in it, or is something else in it
};

/// What `init --import` did.
struct ImportReport {
    std::filesystem::path manifest;
    ImportedManifest imported;
};

/// Reads `text`, the content of `file` (importers/read.h); nothing is written. An Error with
/// file:line:column for what its own tool would refuse too. `name` counts more than the file's;
/// `environment` is one of pixi's.
ImportedManifest import_text(std::string_view text, const std::string& file,
                             const std::string& name, std::string_view environment = "default");

/// As `init`, with the manifest that `file` comes to.
ImportReport init_from(const std::filesystem::path& folder, const std::optional<std::string>& name,
                       const std::filesystem::path& file, std::string_view environment);

} // namespace envpm::pipeline
