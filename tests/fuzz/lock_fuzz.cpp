#include "base/assert.h"
#include "fuzz.h"
#include "lockfiles/canonical_text.h"
#include "lockfiles/lock_file.h"

#include <algorithm>

namespace envpm::fuzz {

namespace {

bool is_same(const TomlValue& a, const TomlValue& b);

} // namespace

/// The quick reader and TOML's own agree, places included, and a lock that was read is written so
/// that it is read again.
void read(std::string_view input) {
    const auto quick = lockfiles::read_canonical_text(input, "envpm.lock");
    if (quick) {
        const auto slow = if_accepted([input] { return parse_toml(input, "envpm.lock"); });
        ENVPM_ASSERT(slow && is_same(*quick, *slow));
    }
    const auto lock =
        if_accepted([input] { return lockfiles::parse(std::string(input), "envpm.lock"); });
    if (lock) {
        const std::string text = lockfiles::to_text(*lock);
        ENVPM_ASSERT(lockfiles::read_canonical_text(text, "envpm.lock").has_value());
        ENVPM_ASSERT(lockfiles::to_text(lockfiles::parse(text, "envpm.lock")) == text);
    }
}

namespace {

bool is_same(const TomlValue& a, const TomlValue& b) {
    if (a.location != b.location || a.value.index() != b.value.index()) {
        return false;
    }
    if (const auto* items = a.get_if<TomlValue::Array>()) {
        const auto& of_b = *b.get_if<TomlValue::Array>();
        return std::equal(items->begin(), items->end(), of_b.begin(), of_b.end(), is_same);
    }
    if (const auto* members = a.get_if<TomlValue::Table>()) {
        const auto& of_b = *b.get_if<TomlValue::Table>();
        return std::equal(members->begin(), members->end(), of_b.begin(), of_b.end(),
                          [](const TomlValue::Member& x, const TomlValue::Member& y) {
                              return x.name == y.name && x.location == y.location &&
                                     is_same(x.value, y.value);
                          });
    }
    const auto* text = a.get_if<std::string>();
    const auto* number = a.get_if<std::int64_t>();
    const auto* flag = a.get_if<bool>();
    return (text == nullptr || *text == *b.get_if<std::string>()) &&
           (number == nullptr || *number == *b.get_if<std::int64_t>()) &&
           (flag == nullptr || *flag == *b.get_if<bool>());
}

} // namespace

} // namespace envpm::fuzz
