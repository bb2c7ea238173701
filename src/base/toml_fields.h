#pragma once

#include "base/exit_code.h"
#include "base/toml.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

// What every reader of a TOML format asks of a value: its kind, and which keys it may have. All
// complaints are Errors (code 1) that name the place; `name` is the key as the user should see it.

/// Throws an Error whose subject is the place.
[[noreturn]] void complain_at(const SourceLocation& location, std::string what,
                              std::string hint = {}, ExitCode code = ExitCode::failed);

const TomlValue::Table& expect_table(const TomlValue& value, std::string_view name);
const TomlValue::Array& expect_array(const TomlValue& value, std::string_view name);
const std::string& expect_string(const TomlValue& value, std::string_view name);
bool expect_boolean(const TomlValue& value, std::string_view name);
std::int64_t expect_integer(const TomlValue& value, std::string_view name);

/// As it stands in a sentence: in backticks, but for "the lock", and for "an item of channels" only
/// that which is a name.
std::string name_in_words(std::string_view name);

/// An array of strings.
std::vector<std::string> expect_strings(const TomlValue& value, std::string_view name);

/// Refuses the first key that is not known, with its near miss and the list. `where` is as in
/// "unknown key `x` in `[workspace]`".
void expect_keys(const TomlValue& table, std::string_view where,
                 std::span<const std::string> known);

/// For a hint: "did you mean `x`? known: `x`, `y`".
std::string known_words(std::string_view word, std::span<const std::string> known);

} // namespace envpm
