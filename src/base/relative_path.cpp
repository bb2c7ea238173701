#include "base/relative_path.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace envpm {

namespace {

constexpr std::size_t longest_path = 4000;
constexpr std::size_t longest_component = 255;

/// What is wrong with the whole text, or nothing.
std::string_view fault_of(std::string_view text);
std::string_view fault_of_component(std::string_view component);
bool is_utf8(std::string_view text);
std::size_t length_of_character(std::string_view text);
std::string quoted(std::string_view text);

} // namespace

RelativePath RelativePath::parse(std::string_view text) {
    const std::string_view fault = fault_of(text);
    if (!fault.empty()) {
        throw Error({fmt::format("a path that {} is refused", fault), quoted(text), {}},
                    ExitCode::integrity);
    }
    return RelativePath(std::string(text));
}

std::string_view RelativePath::filename() const {
    return std::string_view(text_).substr(text_.rfind('/') + 1);
}

std::string_view RelativePath::parent() const {
    const std::size_t slash = text_.rfind('/');
    return std::string_view(text_).substr(0, slash == std::string::npos ? 0 : slash);
}

namespace {

std::string_view fault_of(std::string_view text) {
    if (text.empty()) {
        return "is empty";
    }
    if (text.size() > longest_path) {
        return "is longer than 4,000 bytes";
    }
    if (text.front() == '/') {
        return "is absolute";
    }
    bool is_ascii = true;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        is_ascii = is_ascii && byte < 0x80;
        if (byte < 0x20 || byte == 0x7f) {
            return "holds a control character";
        }
        if (c == '\\') {
            return "holds a backslash";
        }
    }
    if (!is_ascii && !is_utf8(text)) {
        return "is not UTF-8";
    }
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('/', begin), text.size());
        const std::string_view fault = fault_of_component(text.substr(begin, end - begin));
        if (!fault.empty()) {
            return fault;
        }
        begin = end + 1;
    }
    return {};
}

std::string_view fault_of_component(std::string_view component) {
    if (component.empty()) {
        return "has an empty component";
    }
    if (component == "." || component == "..") {
        return "has a `.` or `..` component";
    }
    if (component.size() > longest_component) {
        return "has a component over 255 bytes";
    }
    return {};
}

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = length_of_character(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

/// Bytes of the character that `text` begins with; 0 if it begins with none.
std::size_t length_of_character(std::string_view text) {
    const auto lead = static_cast<std::uint8_t>(text.front());
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || length > text.size()) {
        return 0;
    }
    std::uint32_t point = lead & (0xffU >> (length + 1));
    for (const char c : text.substr(1, length - 1)) {
        const auto next = static_cast<std::uint8_t>(c);
        if ((next & 0xc0U) != 0x80U) {
            return 0;
        }
        point = (point << 6U) | (next & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < smallest.at(length) || is_surrogate || point > 0x10ffff ? 0 : length;
}

/// Printable whatever it holds: the name came from outside.
std::string quoted(std::string_view text) {
    constexpr std::size_t shown = 200;
    std::string out = "`";
    for (const char c : text.substr(0, shown)) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte >= 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return out + (text.size() > shown ? "…`" : "`");
}

} // namespace

} // namespace envpm
