#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace envpm::conda {

/// One value of MessagePack, or the head of a list or map, whose values come next.
struct PackedValue {
    enum class Kind { nil, flag, number, negative, real, text, bytes, list, map, extension };

    Kind kind = Kind::nil;
    std::uint64_t number = 0; ///< the flag; the number; how many values or pairs
    std::string_view bytes;   ///< of a text, of bytes; into what is read

    [[nodiscard]] bool is(Kind other) const { return kind == other; }
};

/// Reads MessagePack (its specification of 2017) value by value, without copies and without trust
/// in a length that is told: no list is longer than what is left to read, and nothing is called for
/// each level of nesting. An own reader because Debian's library brings all of Boost along, and
/// allocates what a length asks for.
class MsgpackReader {
  public:
    MsgpackReader(std::string_view bytes, std::string subject)
        : rest_(bytes),
          subject_(std::move(subject)) {}

    /// Throws an Error of code 5 with the subject if the bytes end within it or are no value.
    PackedValue next();

    /// Skips the values of a list or map whose head was read; nothing for other values.
    void skip_content(const PackedValue& head);

    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

    [[noreturn]] void refuse(std::string what) const;

  private:
    PackedValue by_code(unsigned code);
    PackedValue numbers_and_texts(unsigned code);
    PackedValue counted(PackedValue::Kind kind, std::uint64_t count);
    PackedValue text(PackedValue::Kind kind, std::uint64_t size_bytes);
    PackedValue signed_number(std::size_t size_bytes);
    std::uint64_t big_endian(std::size_t size_bytes);
    std::string_view take(std::uint64_t size_bytes);

    std::string_view rest_;
    std::string subject_;
};

} // namespace envpm::conda
