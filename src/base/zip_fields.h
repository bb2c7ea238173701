#pragma once

#include "base/error.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

inline constexpr std::size_t zip_central_bytes = 46; ///< of a member in the directory, at least

/// What stands in a field whose value is in a ZIP64 record.
inline constexpr std::uint32_t zip_placeholder32 = 0xffffffff;

/// What an error is about; put into words only if there is one.
struct ZipSubject {
    const std::string& archive;
    std::optional<std::string_view> member = std::nullopt;

    [[nodiscard]] std::string text() const;
};

inline void require(bool condition, std::string_view why, const ZipSubject& subject) {
    if (!condition) {
        throw Error({fmt::format("this is no ZIP archive that can be trusted: {}", why),
                     subject.text(),
                     {}},
                    ExitCode::integrity);
    }
}

inline void require(bool condition, std::string_view why, const std::string& archive) {
    require(condition, why, ZipSubject{archive});
}

/// Takes little-endian fields from the front, never past the end.
class ZipFields {
  public:
    ZipFields(std::string_view bytes, const ZipSubject& subject)
        : bytes_(bytes),
          subject_(subject) {}

    std::string_view text(std::size_t count) {
        require(count <= bytes_.size(), "a record is cut off", subject_);
        const std::string_view taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }

    std::uint64_t number(std::size_t count) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (const char byte : text(count)) {
            value |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
            shift += 8;
        }
        return value;
    }

    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }

    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

    std::uint64_t u64() { return number(8); }

    void signature(std::string_view expected) {
        require(text(expected.size()) == expected, "a record is not where it should be", subject_);
    }

    [[nodiscard]] bool is_empty() const { return bytes_.empty(); }

    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

  private:
    std::string_view bytes_;
    ZipSubject subject_;
};

} // namespace envpm
