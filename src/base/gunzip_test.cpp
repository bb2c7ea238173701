#include "base/gunzip.h"

#include "base/inflate.h"
#include "base/zip_writer.h"

#include <gtest/gtest.h>

namespace envpm {

namespace {

std::string little_endian(std::uint32_t value) {
    std::string bytes;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes += static_cast<char>(value >> shift & 0xffU);
    }
    return bytes;
}

/// RFC 1952, section 2.3: a head without a name, the stream, its checksum and its size.
std::string gzip(const std::string& text) {
    const std::string_view head("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    return std::string(head) + test::deflated(text) +
           little_endian(crc32_of(std::as_bytes(std::span(text)))) +
           little_endian(static_cast<std::uint32_t>(text.size()));
}

constexpr std::uint64_t plenty = 1U << 24U;

struct Unpacked {
    Gunzip outcome = Gunzip::damaged;
    std::string text;

    bool operator==(const Unpacked&) const = default;
};

Unpacked unpack(std::string_view compressed, std::uint64_t limit_bytes = plenty) {
    Unpacked unpacked{Gunzip::whole, "what was there before"};
    unpacked.outcome = gunzip(compressed, limit_bytes, unpacked.text);
    return unpacked;
}

TEST(Gunzip, GivesTheContentWithRoomBehindIt) {
    for (const std::size_t size : {0U, 1U, 100U, 5000U, 3'000'000U}) {
        std::string text;
        while (text.size() < size) {
            text += "line " + std::to_string(text.size() * 7919U % 10007U) + "\n";
        }
        text.resize(size);
        const Unpacked unpacked = unpack(gzip(text));
        EXPECT_EQ(unpacked, (Unpacked{Gunzip::whole, text}));
        EXPECT_GE(unpacked.text.capacity(), size + gunzip_room);
    }
}

TEST(Gunzip, TakesSeveralMembers) {
    const std::string long_one(100'000, 'x');
    EXPECT_EQ(unpack(gzip("one, ") + gzip(long_one) + gzip("")),
              (Unpacked{Gunzip::whole, "one, " + long_one}));
}

TEST(Gunzip, FindsRoomForWhatShrankMoreThanTextsDo) {
    const std::string zeros(8'000'000, '\0');
    const std::string packed = gzip(zeros);
    EXPECT_LT(gunzip_hint(packed), zeros.size());
    EXPECT_EQ(unpack(packed), (Unpacked{Gunzip::whole, zeros}));
}

TEST(Gunzip, EndsAtTheLimit) {
    const std::string packed = gzip(std::string(1000, 'a'));
    EXPECT_EQ(unpack(packed, 1000), (Unpacked{Gunzip::whole, std::string(1000, 'a')}));
    EXPECT_EQ(unpack(packed, 999), (Unpacked{Gunzip::too_long, ""}));
    EXPECT_EQ(unpack(packed, 0), (Unpacked{Gunzip::too_long, ""}));
    EXPECT_EQ(unpack(packed + packed, 1999), (Unpacked{Gunzip::too_long, ""}));
}

TEST(Gunzip, GivesNothingOfWhatIsCutAndNothingWrongOfWhatIsDamaged) {
    const std::string text = "some text that is packed, some text that is not";
    const std::string packed = gzip(text);
    EXPECT_EQ(unpack(""), (Unpacked{Gunzip::whole, ""}));
    std::size_t refused = 0;
    for (std::size_t i = 0; i < packed.size(); ++i) {
        EXPECT_EQ(unpack("x" + packed.substr(0, i)), (Unpacked{Gunzip::damaged, ""}));
        if (i > 0) {
            EXPECT_EQ(unpack(packed.substr(0, i)), (Unpacked{Gunzip::damaged, ""}));
        }
        std::string changed = packed;
        changed[i] = static_cast<char>(changed[i] ^ 0x10);
        const Unpacked unpacked = unpack(changed);
        EXPECT_EQ(unpacked.text, unpacked.outcome == Gunzip::whole ? text : "") << i;
        refused += unpacked.outcome == Gunzip::whole ? 0U : 1U;
    }
    EXPECT_GE(refused, packed.size() - 10); // the rest: time, system, bits without a meaning
}

TEST(Gunzip, RefusesWhatFollows) {
    EXPECT_EQ(unpack(gzip("text") + "more"), (Unpacked{Gunzip::damaged, ""}));
    EXPECT_EQ(unpack("no gzip at all"), (Unpacked{Gunzip::damaged, ""}));
    EXPECT_EQ(unpack(std::string(8, '\0')), (Unpacked{Gunzip::damaged, ""}));
}

TEST(Gunzip, PassesOverZerosBehindIt) {
    EXPECT_EQ(unpack(gzip("text") + std::string(512, '\0')), (Unpacked{Gunzip::whole, "text"}));
}

} // namespace

} // namespace envpm
