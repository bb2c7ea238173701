#include "base/inflate.h"

#include "base/error.h"
#include "base/zip_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace envpm {

namespace {

/// Neither constant nor random: lengths and distances of all kinds.
std::string sample(std::size_t size) {
    std::mt19937 random(7); // NOLINT(cert-msc51-cpp): the same bytes in every run
    std::string text;
    while (text.size() < size) {
        text += "word" + std::to_string(random() % 5000) + "\n";
    }
    text.resize(size);
    return text;
}

std::string in_pieces(Inflater& inflater, std::string_view compressed, std::uint64_t size) {
    std::string out;
    inflater.inflate_pieces(compressed, size, "x", [&out](std::span<const std::byte> piece) {
        out.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    return out;
}

/// The stream comes in parts of so many bytes.
std::string in_parts(Inflater& inflater, std::string_view compressed, std::uint64_t size,
                     std::size_t part_bytes) {
    std::string out;
    const auto next = [&] {
        const std::string_view part = compressed.substr(0, part_bytes);
        compressed.remove_prefix(part.size());
        return part;
    };
    inflater.inflate_pieces(next, size, "x", [&out](std::span<const std::byte> piece) {
        out.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    return out;
}

std::string at_once(Inflater& inflater, std::string_view compressed, std::uint64_t size) {
    const std::span<const std::byte> out = inflater.inflate_whole(compressed, size, "x");
    return {reinterpret_cast<const char*>(out.data()), out.size()};
}

TEST(Inflater, GivesTheContentBothWaysForAllSizesAroundItsBuffers) {
    Inflater inflater;
    for (const std::size_t size : {0U, 1U, 4095U, 262143U, 262144U, 262145U, 1'000'000U}) {
        const std::string content = sample(size);
        const std::string compressed = test::deflated(content);
        EXPECT_EQ(at_once(inflater, compressed, size), content);
        EXPECT_EQ(in_pieces(inflater, compressed, size), content);
        EXPECT_EQ(in_parts(inflater, compressed, size, 1), content);
        EXPECT_EQ(in_parts(inflater, compressed, size, 1000), content);
    }
    const std::string content = sample(3'000'000);
    EXPECT_EQ(in_parts(inflater, test::deflated(content), content.size(), 256U << 10U), content);
}

TEST(Inflater, RefusesStreamsThatAreNotExactlyWhatTheyClaim) {
    const std::string content = sample(400'000);
    const std::string compressed = test::deflated(content);

    struct Case {
        std::string compressed;
        std::uint64_t size;
    };

    const std::vector<Case> cases = {
        {compressed, content.size() - 1},
        {compressed, content.size() + 1},
        {compressed + "x", content.size()},
        {compressed + std::string(20, 'x'), content.size()},
        {compressed.substr(0, compressed.size() - 1), content.size()},
        {compressed.substr(0, compressed.size() / 2), content.size()},
        {"", 0},
        {"", 5},
        {"\xff\xff\xff", 100},
    };
    Inflater inflater;
    for (const Case& wrong : cases) {
        EXPECT_THROW(at_once(inflater, wrong.compressed, wrong.size), Error) << wrong.size;
        EXPECT_THROW(in_pieces(inflater, wrong.compressed, wrong.size), Error) << wrong.size;
        for (const std::size_t part_bytes : {1U, 7U}) {
            EXPECT_THROW(in_parts(inflater, wrong.compressed, wrong.size, part_bytes), Error)
                << wrong.size;
        }
    }
    // A failure leaves nothing behind for the next stream.
    EXPECT_EQ(in_pieces(inflater, compressed, content.size()), content);
    EXPECT_EQ(at_once(inflater, compressed, content.size()), content);
}

TEST(Inflater, NeverHandsOutMoreThanTheClaimedSize) {
    const std::string bomb = test::deflated(std::string(5'000'000, '\0'));
    std::size_t seen = 0;
    Inflater inflater;
    EXPECT_THROW(
        inflater.inflate_pieces(bomb, 600'000, "x",
                                [&](std::span<const std::byte> piece) { seen += piece.size(); }),
        Error);
    EXPECT_LE(seen, 600'000U);
}

TEST(Inflater, ChecksumsContinue) {
    const std::string text = "123456789";
    const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
    EXPECT_EQ(crc32_of(bytes), 0xcbf43926U); // the check value of the algorithm
    EXPECT_EQ(crc32_of(bytes.subspan(4), crc32_of(bytes.first(4))), 0xcbf43926U);
}

} // namespace

} // namespace envpm
