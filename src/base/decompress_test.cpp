#include "base/decompress.h"

#include "base/error.h"
#include "base/tar_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm {

namespace {

using test::as_bzip2;
using test::as_zstd;

/// `size` bytes at a time.
Decompressor::Pieces in_pieces(const std::string& text, std::size_t size) {
    return [left = std::string_view(text), size]() mutable {
        const std::string_view piece = left.substr(0, size);
        left.remove_prefix(piece.size());
        return piece;
    };
}

std::string read_all(Compression kind, const std::string& compressed,
                     std::uint64_t limit = 1U << 30U, std::size_t step = 1000) {
    Decompressor stream(kind, in_pieces(compressed, step), limit, "x.tar");
    std::string out;
    std::string piece(step, '\0');
    while (const std::size_t got = stream.read(std::as_writable_bytes(std::span(piece)))) {
        out += piece.substr(0, got);
    }
    EXPECT_EQ(stream.used_bytes(), compressed.size());
    return out;
}

bool is_refused(Compression kind, const std::string& compressed, std::uint64_t limit = 1U << 30U) {
    try {
        read_all(kind, compressed, limit);
        return false;
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        EXPECT_EQ(failure.text().subject, "x.tar");
        return true;
    }
}

std::string some_content() {
    std::string content;
    for (int i = 0; i < 20'000; ++i) {
        content += fmt::format("line {}\n", i * i);
    }
    return content;
}

std::string compressed_by(Compression kind, const std::string& content) {
    return kind == Compression::zstd ? as_zstd(content) : as_bzip2(content);
}

class Decompress : public testing::TestWithParam<Compression> {};

TEST_P(Decompress, GivesTheContentBack) {
    const std::string content = some_content();
    EXPECT_EQ(read_all(GetParam(), compressed_by(GetParam(), content)), content);
    EXPECT_EQ(read_all(GetParam(), compressed_by(GetParam(), content), content.size(), 7), content);
    EXPECT_EQ(read_all(GetParam(), compressed_by(GetParam(), "")), "");
}

TEST_P(Decompress, RefusesWhatIsCutOff) {
    const std::string whole = compressed_by(GetParam(), some_content());
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{3}, whole.size() / 2, whole.size() - 1}) {
        EXPECT_TRUE(is_refused(GetParam(), whole.substr(0, size))) << size;
    }
}

TEST_P(Decompress, RefusesWhatFollowsTheEnd) {
    const std::string whole = compressed_by(GetParam(), "content");
    EXPECT_TRUE(is_refused(GetParam(), whole + "x"));
    EXPECT_TRUE(is_refused(GetParam(), whole + std::string(4, '\0')));
}

TEST_P(Decompress, RefusesMoreThanTheLimit) {
    const std::string bomb = compressed_by(GetParam(), std::string(5'000'000, 'x'));
    EXPECT_TRUE(is_refused(GetParam(), bomb, 4'999'999));
    EXPECT_FALSE(is_refused(GetParam(), bomb, 5'000'000));
}

TEST_P(Decompress, RefusesDamage) {
    std::string whole = compressed_by(GetParam(), some_content());
    whole[whole.size() / 2] = static_cast<char>(whole[whole.size() / 2] ^ 0x40);
    whole[whole.size() / 2 + 9] = static_cast<char>(whole[whole.size() / 2 + 9] ^ 0x40);
    try {
        EXPECT_NE(read_all(GetParam(), whole), some_content()); // zstd has no checksum here
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
    }
}

INSTANTIATE_TEST_SUITE_P(Both, Decompress, testing::Values(Compression::zstd, Compression::bzip2));

TEST(DecompressZstd, TakesOneFrameOnly) {
    EXPECT_TRUE(is_refused(Compression::zstd, as_zstd("a") + as_zstd("b")));
    const std::string skippable("\x50\x2a\x4d\x18\x01\0\0\0x", 9);
    EXPECT_TRUE(is_refused(Compression::zstd, as_zstd("a") + skippable));
    EXPECT_TRUE(is_refused(Compression::zstd, skippable + as_zstd("a")));
}

TEST(DecompressZstd, RefusesAWindowOverTheLimit) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 28);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    std::string out(10'000, '\0');
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    ZSTD_inBuffer from{"abc", 3, 0};
    ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush);
    ZSTD_compressStream2(context, &to, &from, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    EXPECT_TRUE(is_refused(Compression::zstd, out.substr(0, to.pos)));
}

TEST(DecompressBzip2, TakesSeveralStreams) {
    EXPECT_EQ(read_all(Compression::bzip2, as_bzip2("a") + as_bzip2("") + as_bzip2("b")), "ab");
}

} // namespace

} // namespace envpm
