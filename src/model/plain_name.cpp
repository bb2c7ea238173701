#include "model/plain_name.h"

#include "base/ascii.h"

#include <algorithm>
#include <cstddef>

namespace envpm {

bool is_plain_name(std::string_view text) {
    constexpr std::size_t longest = 64;
    return !text.empty() && text.size() <= longest && is_letter_or_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
           });
}

} // namespace envpm
