#pragma once

#include "base/json.h"

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace envpm::cli {

// What many of the documents of `--json` are made of.

/// Null for a text that is empty because nothing is known.
inline Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

template <class T> Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

/// Of strings, or of what has `string()`: names, paths.
template <class T> Json texts(const std::vector<T>& items) {
    Json::Array out;
    for (const T& item : items) {
        if constexpr (std::is_same_v<T, std::string>) {
            out.emplace_back(item);
        } else {
            out.emplace_back(item.string());
        }
    }
    return out;
}

} // namespace envpm::cli
