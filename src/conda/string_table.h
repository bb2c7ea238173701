#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// Texts, each kept once and known by its number; number 0 is the empty text.
class StringTable {
  public:
    StringTable() { clear(); }

    std::uint32_t add(std::string_view text);

    [[nodiscard]] std::string_view operator[](std::uint32_t number) const {
        const std::uint32_t begin = number == 0 ? 0 : ends_[number - 1];
        return std::string_view(text_).substr(begin, ends_[number] - begin);
    }

    /// As new; the memory is kept.
    void clear();

    /// Where each text ends within `text()`.
    [[nodiscard]] const std::vector<std::uint32_t>& ends() const { return ends_; }

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    [[nodiscard]] std::size_t slot_of(std::string_view text, std::uint32_t hash) const;
    void grow();

    std::string text_;
    std::vector<std::uint32_t> ends_;
    std::vector<std::uint32_t> hashes_;
    std::vector<std::uint32_t> slots_; ///< a number plus one; 0 is free
};

} // namespace envpm::conda
