#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// A regular expression in a field of a match spec (CEP 29), case-insensitive. Of Python's syntax
/// what matches a character, a group, an alternative or a repetition of these is understood: `.`,
/// `[a-z]`, `[^a-z]`, `\d \w \s`, escaped punctuation, `(…)`, `(?:…)`, `|`, `* + ? {2,3}`, `^`,
/// `$`. Looking around, references and flags are refused, as the CEP advises: so the time that a
/// search takes is the length of the text times that of the expression, whatever they are.
class Regex {
  public:
    /// Throws an Error (code 1) that quotes the expression and says what is wrong with it.
    static Regex parse(std::string_view text);

    /// Whether it is found anywhere in `text`, as Python's `re.search` does.
    [[nodiscard]] bool finds(std::string_view text) const;

    [[nodiscard]] const std::string& text() const { return text_; }

    bool operator==(const Regex& other) const { return text_ == other.text_; }

    using Set = std::bitset<256>; ///< of characters

    /// One step of the automaton. Targets are relative to the step itself.
    struct Step {
        enum class Kind : std::uint8_t { one_of, jump, fork, at_start, at_end, found };

        Kind kind = Kind::found;
        std::int32_t target = 0; ///< of jump and fork, which also goes to `other`
        std::int32_t other = 0;
        Set set = {}; ///< of one_of, which goes to the next step, as at_start and at_end do
    };

  private:
    std::string text_;
    std::vector<Step> steps_;
};

} // namespace envpm::conda
