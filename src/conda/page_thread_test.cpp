#include "conda/page_thread.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace envpm::conda {
namespace {

/// Hands out the text in pieces of this size.
PageWalk::Source pieces_of(const std::string& text, std::size_t size) {
    return [&text, size, at = std::size_t{0}](std::span<char> bytes) mutable {
        const std::size_t count = text.copy(bytes.data(), std::min(size, bytes.size()), at);
        at += count;
        return count;
    };
}

std::string all_of(PageThread& thread) {
    std::string text;
    std::array<char, 777> bytes{};
    while (const std::size_t count = thread.read(bytes)) {
        text.append(bytes.data(), count);
    }
    return text;
}

std::string long_text() {
    std::string text;
    for (int i = 0; text.size() < std::size_t{3} << 20U; ++i) {
        text += std::to_string(i) + ",";
    }
    return text;
}

TEST(PageThread, GivesAndTakesAllBytesInTheirOrder) {
    const std::string text = long_text();
    for (const std::size_t size : {std::size_t{1} << 20U, std::size_t{70'001}}) {
        std::string written;
        PageThread thread(pieces_of(text, size), [&](std::string_view bytes) { written += bytes; });
        const std::string whole = all_of(thread);
        EXPECT_TRUE(whole == text);
        EXPECT_TRUE(all_of(thread).empty()) << "at the end it stays at the end";
        for (std::size_t at = 0; at < whole.size(); at += 4096) {
            thread.write(std::string_view(whole).substr(at, 4096));
        }
        thread.finish();
        EXPECT_TRUE(written == text);
    }
}

TEST(PageThread, WhatTheSourceThrowsComesWhereItsBytesWouldBe) {
    int calls = 0;
    PageThread thread(
        [&](std::span<char> bytes) -> std::size_t {
            if (++calls == 3) {
                throw Error({"cut short", {}, {}}, ExitCode::network);
            }
            bytes[0] = 'a';
            return 1;
        },
        [](std::string_view) {});
    std::array<char, 8> bytes{};
    EXPECT_EQ(thread.read(bytes), 1U);
    EXPECT_EQ(thread.read(bytes), 1U);
    EXPECT_THROW(thread.read(bytes), Error);
}

TEST(PageThread, WhatTheSinkThrowsIsNotLost) {
    const std::string text;
    PageThread thread(pieces_of(text, 1), [](std::string_view) {
        throw Error({"the disk is full", {}, {}}, ExitCode::failed);
    });
    thread.write("a");
    EXPECT_THROW(thread.finish(), Error);
}

TEST(PageThread, MayBeLeftInTheMiddle) {
    const std::string text = long_text();
    std::atomic<int> open = 0;
    for (int run = 0; run < 20; ++run) {
        PageThread thread(
            [&, inner = pieces_of(text, text.size())](std::span<char> bytes) mutable {
                ++open;
                const std::size_t count = inner(bytes);
                --open;
                return count;
            },
            [](std::string_view) {});
        std::array<char, 100> bytes{};
        thread.read(std::span(bytes).first(static_cast<std::size_t>(run)));
        thread.write("a");
    }
    EXPECT_EQ(open, 0);
}

} // namespace
} // namespace envpm::conda
