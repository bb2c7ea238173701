#include "base/zstd.h"

#include "base/error.h"
#include "base/zstd_writer.h"

namespace envpm {
namespace {

using test::zstd_frame;
using testing::HasSubstr;

std::string inflated(const std::string& bytes, std::uint64_t limit_bytes = 1U << 20U) {
    return std::string(inflate_zstd(bytes, limit_bytes, "page").view());
}

std::string complaint(const std::string& bytes, std::uint64_t limit_bytes = 1U << 20U) {
    try {
        inflated(bytes, limit_bytes);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
        EXPECT_EQ(error.text().subject, "page");
        return error.text().what;
    }
    return {};
}

std::string varied_text(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) {
        text += std::to_string(i * i);
    }
    return text.substr(0, size);
}

TEST(Zstd, InflatesWhatWasCompressed) {
    for (const std::size_t size : {0U, 1U, 1000U, 65536U, 65537U, 1000000U}) {
        const std::string text = varied_text(size);
        EXPECT_EQ(inflated(zstd_frame(text)), text) << size;
        EXPECT_EQ(inflated(zstd_frame(text, test::ContentSize::untold)), text) << size;
    }
}

TEST(Zstd, FramesFollowOneAnother) {
    EXPECT_EQ(inflated(zstd_frame("one ") + zstd_frame("two")), "one two");
}

TEST(Zstd, PaddingCanBeRead) {
    const InflatedBytes bytes = inflate_zstd(zstd_frame(std::string(65536, 'x')), 65536, "page");
    for (std::size_t i = 0; i < InflatedBytes::padding; ++i) {
        EXPECT_EQ(bytes.view().data()[bytes.view().size() + i], '\0');
    }
}

TEST(Zstd, RefusesDamagedShortAndForeignBytes) {
    const std::string good = zstd_frame(varied_text(10000));
    for (std::size_t size = 0; size < good.size(); size += 97) {
        EXPECT_NE(complaint(good.substr(0, size)), "") << size;
    }
    EXPECT_EQ(complaint(good.substr(0, good.size() - 1)), "the data is cut short");
    EXPECT_EQ(complaint(""), "the data is cut short");
    EXPECT_THAT(complaint(good + "x"), HasSubstr("the data"));
    EXPECT_THAT(complaint("<html>no archive</html>"), HasSubstr("the data is damaged"));
    EXPECT_FALSE(is_zstd("<html>"));
    EXPECT_TRUE(is_zstd(good));
}

TEST(Zstd, GivesNoMoreThanIsAllowed) {
    const std::string text(1U << 20U, 'x'); // a thousandth of it when compressed
    for (const auto told : {test::ContentSize::told, test::ContentSize::untold}) {
        EXPECT_EQ(inflated(zstd_frame(text, told), text.size()), text);
        EXPECT_EQ(complaint(zstd_frame(text, told), text.size() - 1),
                  "the data inflates to more than 1048575 bytes");
    }
}

std::string streamed(const std::string& bytes, std::size_t step, std::uint64_t limit_bytes) {
    ZstdStream stream(bytes, limit_bytes, "page");
    std::string content;
    std::string piece(step, '\0');
    while (const std::size_t got = stream.read(piece)) {
        content += piece.substr(0, got);
    }
    EXPECT_EQ(stream.read(piece), 0U);
    return content;
}

TEST(Zstd, StreamsTheSameInPieces) {
    const std::string text = varied_text(300000);
    const std::string bytes = zstd_frame(text) + zstd_frame("") + zstd_frame("end");
    for (const std::size_t step : {1U, 1000U, 65536U, 1000000U}) {
        EXPECT_EQ(streamed(bytes, step, text.size() + 3), text + "end") << step;
        EXPECT_THROW(streamed(bytes, step, text.size() + 2), Error) << step;
        EXPECT_THROW(streamed(bytes.substr(0, 1000), step, text.size()), Error) << step;
        EXPECT_THROW(streamed("", step, 1), Error) << step;
        EXPECT_THROW(streamed("<html>", step, 100), Error) << step;
    }
}

} // namespace
} // namespace envpm
