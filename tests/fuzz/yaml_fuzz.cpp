#include "base/assert.h"
#include "base/yaml.h"
#include "fuzz.h"

#include <algorithm>

namespace envpm::fuzz {

namespace {

/// Every value has a place in the text, and no map has a key twice.
void check(const YamlValue& value, int lines) {
    ENVPM_ASSERT(value.line >= 1 && value.line <= lines && value.column >= 1);
    if (const auto* const list = value.get_if<YamlValue::List>()) {
        for (const YamlValue& item : *list) {
            check(item, lines);
        }
    }
    if (const auto* const map = value.get_if<YamlValue::Map>()) {
        for (const YamlValue::Member& member : *map) {
            ENVPM_ASSERT(value.find(member.name) == &member.value);
            check(member.value, lines);
        }
    }
}

} // namespace

/// Any text is YAML of the kind that is read, or refused.
void read(std::string_view input) {
    const auto root = if_accepted([input] { return parse_yaml(input, "a.yml"); });
    if (root && !root->is_null()) {
        // A carriage return can break a line too.
        const auto breaks = std::count(input.begin(), input.end(), '\n') +
                            std::count(input.begin(), input.end(), '\r');
        check(*root, static_cast<int>(breaks) + 1);
    }
}

} // namespace envpm::fuzz
