#include "importers/yaml_fields.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

namespace envpm::importers {

namespace {

template <class T>
const T& expect(const YamlValue& value, std::string_view name, std::string_view kind,
                const std::string& file) {
    static const T nothing{};
    const T* const found = value.get_if<T>();
    if (found == nullptr && !value.is_null()) {
        complain_at(value.location(file),
                    fmt::format("`{}` must be {}, not {}", name, kind, value.kind()));
    }
    return found == nullptr ? nothing : *found;
}

} // namespace

const std::string& expect_text(const YamlValue& value, std::string_view name,
                               const std::string& file) {
    if (value.is_null()) {
        complain_at(value.location(file), fmt::format("`{}` must be a text, not nothing", name),
                    "write it behind the colon, or leave the line out");
    }
    return expect<std::string>(value, name, "a text", file);
}

const YamlValue::List& expect_list(const YamlValue& value, std::string_view name,
                                   const std::string& file) {
    return expect<YamlValue::List>(value, name, "a list", file);
}

const YamlValue::Map& expect_map(const YamlValue& value, std::string_view name,
                                 const std::string& file) {
    return expect<YamlValue::Map>(value, name, "a map", file);
}

} // namespace envpm::importers
