#include "base/assert.h"
#include "base/toml.h"
#include "fuzz.h"

namespace envpm::fuzz {

/// Any text is TOML or refused; quoted, it is the value that it was.
void read(std::string_view input) {
    const auto root = if_accepted([input] { return parse_toml(input, "a.toml"); });
    ENVPM_ASSERT(!root || root->get_if<TomlValue::Table>() != nullptr);
    const auto quoted =
        if_accepted([input] { return parse_toml("key = " + toml_quoted(input), "a.toml"); });
    if (quoted) {
        const TomlValue* value = quoted->find("key");
        ENVPM_ASSERT(value != nullptr && *value->get_if<std::string>() == input);
        ENVPM_ASSERT(quoted->get_if<TomlValue::Table>()->size() == 1);
    }
}

} // namespace envpm::fuzz
