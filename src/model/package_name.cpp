#include "model/package_name.h"

namespace envpm {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

} // namespace

std::optional<PackageName> PackageName::parse(std::string_view text) {
    if (text.empty() || !is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) {
        return std::nullopt;
    }
    std::string normal;
    normal.reserve(text.size());
    for (const char c : text) {
        if (is_letter_or_digit(c)) {
            normal += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        } else if (c != '-' && c != '_' && c != '.') {
            return std::nullopt;
        } else if (normal.back() != '-') {
            normal += '-';
        }
    }
    return PackageName(std::move(normal));
}

} // namespace envpm
