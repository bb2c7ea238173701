#include "lockfiles/lock_fields.h"

#include "base/ascii.h"
#include "base/toml_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::lockfiles {

const TomlValue& member(const TomlValue& table, std::string_view where, std::string_view key) {
    const TomlValue* const found = table.find(key);
    if (found == nullptr) {
        complain_at(table.location,
                    fmt::format("`{}` is missing in {}", key, name_in_words(where)));
    }
    return *found;
}

std::string word(const TomlValue& value, std::string_view key, std::string_view punctuation) {
    constexpr std::size_t longest = 128;
    const std::string& text = expect_string(value, key);
    const bool is_word =
        !text.empty() && text.size() <= longest && is_letter_or_digit(text.front()) &&
        std::all_of(text.begin(), text.end(), [&](char c) {
            return is_letter_or_digit(c) || punctuation.find(c) != std::string_view::npos;
        });
    if (!is_word) {
        complain_at(value.location, fmt::format("`{}` cannot be {}", key, toml_quoted(text)));
    }
    return text;
}

Sha256 prefixed_digest(const TomlValue& value, std::string_view key) {
    constexpr std::string_view prefix = "sha256:";
    const std::string& text = expect_string(value, key);
    if (!text.starts_with(prefix)) {
        complain_at(value.location, fmt::format("`{}` must be `sha256:` and 64 digits", key));
    }
    return digest(value, key, std::string_view(text).substr(prefix.size()));
}

Sha256 digest(const TomlValue& value, std::string_view key, std::string_view hex) {
    const std::optional<Sha256> parsed = Sha256::parse(hex);
    if (!parsed) {
        complain_at(value.location,
                    fmt::format("`{}` must hold 64 lower-case hexadecimal digits", key));
    }
    return *parsed;
}

void refuse(const SourceLocation& location, std::string what, std::string hint) {
    complain_at(location, std::move(what), std::move(hint), ExitCode::integrity);
}

} // namespace envpm::lockfiles
