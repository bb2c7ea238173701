#pragma once

#include "base/hash.h"
#include "base/toml.h"

#include <string>
#include <string_view>

namespace envpm::lockfiles {

// What the readers of a lock ask of a field. What is malformed is an Error of code 1; what is well
// formed but cannot be true or safe is one of code 6. Both name the place.

/// The value of a key that must be there; `where` is the table's name for complaints.
const TomlValue& member(const TomlValue& table, std::string_view where, std::string_view key);

/// A string of letters, digits and `punctuation`, beginning with a letter or digit.
std::string word(const TomlValue& value, std::string_view key, std::string_view punctuation);

/// "sha256:" and 64 digits.
Sha256 prefixed_digest(const TomlValue& value, std::string_view key);

/// `hex` is what `value` holds of it.
Sha256 digest(const TomlValue& value, std::string_view key, std::string_view hex);

/// Throws the Error of code 6.
[[noreturn]] void refuse(const SourceLocation& location, std::string what, std::string hint);

} // namespace envpm::lockfiles
