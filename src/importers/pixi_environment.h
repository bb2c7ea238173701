#pragma once

#include "base/toml.h"
#include "importers/imported.h"

#include <string>
#include <string_view>
#include <vector>

namespace envpm::importers {

/// One environment of pixi: what its features ask for, the first counting most, and what stands
/// outside of all features (the default feature), which counts least.
struct PixiEnvironment {
    std::string name;
    std::vector<std::string> features;
    bool has_default_feature = true;

    [[nodiscard]] bool has(std::string_view feature) const;

    /// Why something that belongs to another feature is not carried over.
    [[nodiscard]] std::string does_not_have_it() const;
};

/// The one of that name in `pixi`, the table that holds `[environments]`; `default` is always
/// there. All others become remarks. An Error with the file if there is none of that name.
PixiEnvironment read_pixi_environment(const TomlValue& pixi, std::string_view name,
                                      const std::string& file, Imported& imported);

} // namespace envpm::importers
