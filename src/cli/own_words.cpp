#include "cli/own_words.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace envpm::cli {

int own_words(int count, const char* const* words) {
    const int command = next_word(1, count, words);
    const bool is_run = command < count && std::string_view(words[command]) == "run";
    return is_run ? next_word(command + 1, count, words) : count;
}

bool asks_for_json(int count, const char* const* words) {
    const char* const* last = words + own_words(count, words);
    return std::find(words, last, std::string_view("--json")) != last;
}

bool has_flag(const OwnWords& words, std::string_view flag) {
    return std::any_of(words.begin(), words.end(), [flag](std::string_view word) {
        return word.starts_with(flag) && (word.size() == flag.size() || word[flag.size()] == '=');
    });
}

int next_word(int first, int count, const char* const* words) {
    constexpr std::array<std::string_view, 7> with_value = {
        "--manifest-path", "--target",      "-C",         "--directory",
        "--color",         "--config-file", "--self-test"};
    for (int i = first; i < count; ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with("-") || word == "--") {
            return i;
        }
        if (std::find(with_value.begin(), with_value.end(), word) != with_value.end()) {
            ++i;
        }
    }
    return count;
}

} // namespace envpm::cli
