#pragma once

#include "base/assert.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace envpm {

/// A JSON value (RFC 8259) for small documents: `--json` answers, trees, caches. Members of an
/// object are kept in order of name, so the same value is always the same text. Large index pages
/// have a reader of their own in `pypi`.
class Json {
  public:
    using Array = std::vector<Json>;
    using Object = std::map<std::string, Json, std::less<>>;

    Json() = default; ///< null

    // Implicit on purpose: a document is written as nested braces of plain values.
    // NOLINTBEGIN(google-explicit-constructor)
    Json(bool value)
        : value_(value) {}

    Json(int value)
        : value_(std::int64_t{value}) {}

    Json(std::int64_t value)
        : value_(value) {}

    Json(std::uint64_t value)
        : value_(static_cast<std::int64_t>(value)) {
        ENVPM_ASSERT(value <= INT64_MAX);
    }

    Json(double value)
        : value_(value) {}

    Json(const char* value)
        : value_(std::string(value)) {}

    Json(std::string_view value)
        : value_(std::string(value)) {}

    Json(std::string value)
        : value_(std::move(value)) {}

    Json(Array value)
        : value_(std::move(value)) {}

    Json(Object value)
        : value_(std::move(value)) {}

    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

    /// The value if it is of that kind, else null.
    template <class T> [[nodiscard]] const T* get_if() const { return std::get_if<T>(&value_); }

    template <class T> [[nodiscard]] T* get_if() { return std::get_if<T>(&value_); }

    /// The member of that name; null if this is no object or has none.
    [[nodiscard]] const Json* find(std::string_view name) const;

    /// The string or number member of that name, for documents that must have it; throws an Error
    /// that names the member.
    [[nodiscard]] const std::string& text(std::string_view name) const;
    [[nodiscard]] std::int64_t number(std::string_view name) const;
    [[nodiscard]] const Array& array(std::string_view name) const;

    bool operator==(const Json&) const = default;

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// Throws an Error with `subject`, line and column. Refuses duplicate members, depth over 64,
/// numbers out of range and anything after the value.
Json parse_json(std::string_view text, const std::string& subject);

/// Canonical text: members sorted, `indent` spaces a level, or one line for 0; always valid UTF-8
/// (what is not is replaced). A number that is not finite is a bug.
std::string to_text(const Json& value, int indent = 0);

} // namespace envpm
