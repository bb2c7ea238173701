#pragma once

#include "base/yaml.h"

#include <string>
#include <string_view>

namespace envpm::importers {

// What the readers of YAML formats ask of a value; each throws an Error that names the place.

const std::string& expect_text(const YamlValue& value, std::string_view name,
                               const std::string& file);

/// Nothing (`key:`) is an empty one.
const YamlValue::List& expect_list(const YamlValue& value, std::string_view name,
                                   const std::string& file);
const YamlValue::Map& expect_map(const YamlValue& value, std::string_view name,
                                 const std::string& file);

} // namespace envpm::importers
