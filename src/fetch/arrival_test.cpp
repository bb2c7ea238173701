#include "base/read_at.h"
#include "fetch/download_fixture.h"

#include <fcntl.h>

#include <algorithm>
#include <map>

namespace envpm::fetch {
namespace {

using ::testing::HasSubstr;

/// What a download tells of the bytes of its one file.
struct Told {
    bool is_wrong = false;    ///< what was told of since the last drop
    std::vector<bool> blocks; ///< of 1 MiB, that were told of whole
    std::vector<std::uint64_t> first_bytes;
    int drops = 0;

    DownloadEvents events(const std::string& content) {
        blocks.assign(content.size() / mib, false);
        return {.complete = [](std::size_t, const std::filesystem::path&) {},
                .arrived = [this, &content](std::size_t,
                                            const ArrivedBytes& bytes) { take(content, bytes); },
                .dropped =
                    [this](std::size_t) {
                        ++drops;
                        is_wrong = false;
                        std::fill(blocks.begin(), blocks.end(), false);
                        counts.clear();
                    }};
    }

    [[nodiscard]] bool has_all() const {
        return std::all_of(blocks.begin(), blocks.end(), [](bool has) { return has; });
    }

  private:
    void take(const std::string& content, const ArrivedBytes& bytes) {
        first_bytes.push_back(bytes.first);
        // It may have its final name by now.
        const Fd file = open_file(std::filesystem::exists(bytes.file)
                                      ? bytes.file
                                      : bytes.file.parent_path() / bytes.file.stem(),
                                  O_RDONLY);
        std::string there(bytes.count, '\0');
        EXPECT_EQ(read_at(file.get(), bytes.first, std::as_writable_bytes(std::span(there))).count,
                  there.size());
        is_wrong = is_wrong || content.compare(bytes.first, bytes.count, there) != 0;
        for (std::uint64_t at = bytes.first; at < bytes.first + bytes.count;) {
            const std::uint64_t end = std::min(bytes.first + bytes.count, (at / mib + 1) * mib);
            blocks[at / mib] = (counts[at / mib] += end - at) == mib;
            at = end;
        }
    }

    std::map<std::uint64_t, std::uint64_t> counts; ///< of bytes, by block
};

class ArrivalTest : public DownloadTest {};

TEST_F(ArrivalTest, TheEndComesFirstIfThatIsWanted) {
    fetch_one_by_one();
    const std::string content = text_of(40 * mib);
    first.serve("/file", {with_body(content)});
    Download one = of(content, {first.url("/file")});
    one.first = Download::First::end;
    Told told;
    const auto errors = client->download({&one, 1}, folder.path(), progress, told.events(content));
    EXPECT_FALSE(errors[0]);
    expect_arrived(content);
    ASSERT_FALSE(first.requests().empty());
    EXPECT_THAT(first.requests()[0].head, HasSubstr("range: bytes=38797312-41943039"));
    EXPECT_TRUE(told.has_all());
    EXPECT_FALSE(told.is_wrong);
    EXPECT_EQ(told.drops, 0);
}

TEST_F(ArrivalTest, AServerWithoutRangesGivesTheWholeFileThoughItsEndWasAskedFor) {
    const std::string content = text_of(40 * mib);
    Answer whole = with_body(content);
    whole.ranges = Answer::Ranges::ignored;
    first.serve("/file", {whole});
    Download one = of(content, {first.url("/file")});
    one.first = Download::First::end;
    Told told;
    const auto errors = client->download({&one, 1}, folder.path(), progress, told.events(content));
    EXPECT_FALSE(errors[0]);
    expect_arrived(content);
    EXPECT_TRUE(told.has_all());
    EXPECT_FALSE(told.is_wrong);
}

TEST_F(ArrivalTest, AMirrorThatIsRefusedAtItsHeadMakesNothingVoid) {
    const std::string content = text_of(40 * mib);
    Answer page = with_body("<html>log in</html>");
    page.headers = {"Content-Type: text/html"};
    page.ranges = Answer::Ranges::ignored;
    first.serve("/file", {page});
    second.serve("/file", {with_body(content)});
    const Download one = of(content, {first.url("/file"), second.url("/file")});
    Told told;
    const auto errors = client->download({&one, 1}, folder.path(), progress, told.events(content));
    EXPECT_FALSE(errors[0]);
    expect_arrived(content);
    EXPECT_GE(first.count("/file"), 1U);
    EXPECT_EQ(told.drops, 0);
    EXPECT_TRUE(told.has_all());
    EXPECT_LT(second.body_bytes_sent(), content.size() + 4 * mib) << "nothing was begun anew";
}

TEST_F(ArrivalTest, BytesThatProveWrongAreToldToBeVoid) {
    const std::string content = text_of(20 * mib);
    std::string wrong = content;
    for (std::size_t at = 0; at < wrong.size(); at += mib) {
        wrong[at] ^= 1; // whatever it is asked for
    }
    first.serve("/file", {with_body(wrong)});
    second.serve("/file", {with_body(content)});
    Download one = of(content, {first.url("/file"), second.url("/file")});
    one.first = Download::First::end;
    Told told;
    const auto errors = client->download({&one, 1}, folder.path(), progress, told.events(content));
    EXPECT_FALSE(errors[0]);
    expect_arrived(content);
    EXPECT_GE(told.drops, 1);
    EXPECT_TRUE(told.has_all());
    EXPECT_FALSE(told.is_wrong);
}

TEST_F(ArrivalTest, WhatAnEarlierRunBroughtIsToldOfAsWell) {
    const std::string content = text_of(20 * mib);
    Answer cut = with_body(content);
    cut.cut_after = 5 * mib;
    first.serve("/file", {cut, with_status(404), with_body(content)});
    Download one = of(content, {first.url("/file")});
    EXPECT_TRUE(client->download({&one, 1}, folder.path(), progress, Told().events(content))[0]);
    Told told;
    EXPECT_FALSE(client->download({&one, 1}, folder.path(), progress, told.events(content))[0]);
    EXPECT_EQ(told.first_bytes.front(), 0U);
    EXPECT_TRUE(told.has_all());
    EXPECT_FALSE(told.is_wrong);
}

} // namespace
} // namespace envpm::fetch
