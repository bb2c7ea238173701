#include "base/assert.h"
#include "fuzz.h"
#include "realize/placeholder.h"

#include <string>

namespace envpm::fuzz {

/// The prefix in the first line, the placeholder in the second, then the file: what was replaced
/// comes back exactly, and a file that was changed harms nothing.
void read(std::string_view input) {
    const auto [prefix_line, after] = first_line(input);
    const auto [placeholder_line, rest] = first_line(after);
    const std::string_view file = rest; // clang 14 cannot capture a part of a pair
    const std::string prefix = "/" + std::string(prefix_line.substr(0, prefix_line.find('\0')));
    const std::string placeholder =
        "/p" + std::string(placeholder_line.substr(0, placeholder_line.find('\0')));
    const auto text =
        if_accepted([&] { return realize::replace_in_text(file, placeholder, prefix); });
    if (text) {
        ENVPM_ASSERT(realize::undo_in_text(text->text, text->use, prefix) == file);
        static_cast<void>(realize::undo_in_text(file, text->use, prefix));
    }
    std::string bytes(file);
    const auto use =
        if_accepted([&] { return realize::replace_in_binary(bytes, placeholder, prefix); });
    if (use) {
        realize::undo_in_binary(bytes, *use, prefix);
    }
    ENVPM_ASSERT(bytes == file);
    if (use) {
        realize::undo_in_binary(bytes, *use, prefix); // of a file that is not what was written
    }
}

} // namespace envpm::fuzz
