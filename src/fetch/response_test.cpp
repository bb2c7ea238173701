#include "fetch/response.h"

#include <fmt/format.h>

namespace envpm::fetch {
namespace {

using How = AskedBytes::How;

struct HeadCase {
    std::string name;
    AskedBytes asked;
    ResponseHead head;
    std::optional<FailureClass> refused; ///< nothing: accepted
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

ResponseHead head_of(int status, std::string content_range = {},
                     std::optional<std::uint64_t> length = {}) {
    ResponseHead head;
    head.status = status;
    head.url = "https://mirror.example.org/file?signature=secret";
    head.content_range = std::move(content_range);
    head.content_length = length;
    return head;
}

ResponseHead with_encoding(ResponseHead head, std::string encoding) {
    head.content_encoding = std::move(encoding);
    return head;
}

TEST(ContentRange, IsReadStrictly) {
    const auto whole = parse_content_range("bytes 2-5/10");
    ASSERT_TRUE(whole && whole->span);
    EXPECT_EQ(whole->span->first, 2U);
    EXPECT_EQ(whole->span->last, 5U);
    EXPECT_EQ(whole->total, 10U);
    EXPECT_EQ(parse_content_range("bytes 0-0/*")->total, std::nullopt);
    EXPECT_EQ(parse_content_range("bytes */77")->total, 77U);
    EXPECT_FALSE(parse_content_range("bytes */77")->span);
    for (const std::string_view field :
         {"", "bytes", "bytes=0-9/10", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "bytes */*",
          "bytes -9/10", "bytes 0-/10", "bytes 0-9/x", "bytes 0-99999999999999999999/*",
          "bytes 0 -9/10", "octets 0-9/10"}) {
        EXPECT_FALSE(parse_content_range(field)) << field;
    }
}

TEST(Response, OnlyTheBytesAskedForAreAccepted) {
    const AskedBytes part{100, 50, 1000, How::ranged};
    const AskedBytes whole{0, 1000, 1000, How::whole};
    const std::vector<HeadCase> cases = {
        {"right part", part, head_of(206, "bytes 100-149/1000", 50), {}, 100, 50},
        {"right part, total untold", part, head_of(206, "bytes 100-149/*"), {}, 100, 50},
        {"shorter part", part, head_of(206, "bytes 100-119/1000"), {}, 100, 20},
        {"wrong start", part, head_of(206, "bytes 99-149/1000"), FailureClass::no_ranges},
        {"longer part", part, head_of(206, "bytes 100-150/1000"), FailureClass::no_ranges},
        {"wrong total", part, head_of(206, "bytes 100-149/1001"), FailureClass::poison},
        {"no place", part, head_of(206), FailureClass::no_ranges},
        {"old syntax", part, head_of(206, "bytes=100-149/1000"), FailureClass::no_ranges},
        {"length contradicts", part, head_of(206, "bytes 100-149/1000", 49),
         FailureClass::no_ranges},
        {"range ignored", part, head_of(200, "", 1000), {}, 0, 1000},
        {"range ignored, other size", part, head_of(200, "", 999), FailureClass::poison},
        {"whole", whole, head_of(200, "", 1000), {}, 0, 1000},
        {"whole, length untold", whole, head_of(200), {}, 0, 1000},
        {"whole, other size", whole, head_of(200, "", 4000), FailureClass::poison},
        {"part not asked for", whole, head_of(206, "bytes 0-9/1000"), FailureClass::absent},
        {"compressed once more", whole, with_encoding(head_of(200), "gzip"), FailureClass::poison},
        {"compressed part", part, with_encoding(head_of(206, "bytes 100-149/1000", 50), "gzip"),
         FailureClass::absent},
        {"encoding told, size right",
         whole,
         with_encoding(head_of(200, "", 1000), "x-gzip"),
         {},
         0,
         1000},
        {"stale mirror", whole, head_of(404), FailureClass::absent},
        {"no such range", part, head_of(416, "bytes */1000"), FailureClass::no_ranges},
        {"overloaded", part, head_of(503), FailureClass::transient},
        {"nothing", whole, head_of(204), FailureClass::absent},
    };
    for (const HeadCase& one : cases) {
        const std::variant<GoodHead, Failure> verdict = judge_download(one.asked, one.head);
        if (one.refused) {
            const auto* const failure = std::get_if<Failure>(&verdict);
            ASSERT_NE(failure, nullptr) << one.name;
            EXPECT_EQ(failure->kind, *one.refused) << one.name;
            EXPECT_TRUE(failure->reason.starts_with("`mirror.example.org` ")) << failure->reason;
        } else {
            const auto* const good = std::get_if<GoodHead>(&verdict);
            ASSERT_NE(good, nullptr) << one.name;
            EXPECT_EQ(good->first, one.first) << one.name;
            EXPECT_EQ(good->count, one.count) << one.name;
        }
    }
}

TEST(Response, APartThatIsTooSmallToBeOfUseIsRefused) {
    const auto is_good = [](std::uint64_t asked, std::uint64_t got) {
        const ResponseHead head = head_of(206, fmt::format("bytes 0-{}/{}", got - 1, asked));
        return std::holds_alternative<GoodHead>(
            judge_download({0, asked, asked, How::ranged}, head));
    };
    EXPECT_TRUE(is_good(400, 100));
    EXPECT_FALSE(is_good(400, 99));
    EXPECT_TRUE(is_good(32 << 20, 64 << 10));
    EXPECT_FALSE(is_good(32 << 20, (64 << 10) - 1));
    EXPECT_TRUE(is_good(1, 1));
}

TEST(Response, RetryAfterGoesWithTheFailure) {
    ResponseHead head = head_of(429);
    head.retry_after = "3";
    const auto failure = std::get<Failure>(judge_download({0, 1, 1, How::whole}, head));
    EXPECT_EQ(failure.retry_after, std::chrono::seconds(3));
    head.retry_after = "86400";
    const auto banned = std::get<Failure>(judge_download({0, 1, 1, How::whole}, head));
    EXPECT_EQ(banned.kind, FailureClass::absent);
    EXPECT_NE(banned.reason.find("wait 86400 s"), std::string::npos);
}

TEST(Response, AGetMayAskForTheEnd) {
    const ByteRange tail{std::nullopt, 100};
    EXPECT_EQ(range_field(tail), "-100");
    EXPECT_EQ(judge_get(tail, head_of(206, "bytes 900-999/1000")).first, 900U);
    EXPECT_EQ(judge_get(tail, head_of(206, "bytes 0-49/50")).body_bytes, 50U);
    EXPECT_NE(judge_get(tail, head_of(206, "bytes 0-99/1000")).error, "");
    EXPECT_NE(judge_get(tail, head_of(206, "bytes 950-999/1000")).error, "");
    EXPECT_NE(judge_get(std::nullopt, head_of(206, "bytes 0-99/1000")).error, "");
    const JudgedRange whole = judge_get(tail, head_of(200, "", 1000));
    EXPECT_EQ(whole.error, "");
    EXPECT_EQ(whole.total, 1000U);
    EXPECT_EQ(whole.first, std::nullopt);
    EXPECT_EQ(judge_get(tail, head_of(416, "bytes */10")).total, 10U);
}

TEST(Response, APartThatIsNotCompressedIsOneWhateverItIsCalled) {
    const ResponseHead part = head_of(206, "bytes 0-99/1000");
    const ByteRange asked{0, 100};
    EXPECT_EQ(judge_get(asked, with_encoding(part, "Identity")).first, 0U);
    EXPECT_EQ(judge_get(asked, with_encoding(part, "none")).first, 0U);
    EXPECT_NE(judge_get(asked, with_encoding(part, "GZIP")).error, "");
    EXPECT_EQ(encoding_of(with_encoding(part, "GZIP")), "gzip");
}

TEST(Response, EmptyAndOverflowingRangesAreNone) {
    EXPECT_EQ(range_field({5, 0}), std::nullopt);
    EXPECT_EQ(range_field({~std::uint64_t{0}, 2}), std::nullopt);
    EXPECT_EQ(range_field({5, 10}), "5-14");
}

TEST(Response, AProxyThatFetchesFirstNamesItself) {
    ResponseHead head;
    EXPECT_FALSE(is_fetching_proxy(head));
    for (const char* const server : {"Artifactory/7.90.1", "Nexus/3.70.1-02 (OSS)"}) {
        head.server = server;
        EXPECT_TRUE(is_fetching_proxy(head)) << server;
    }
    head.server = "nginx";
    EXPECT_FALSE(is_fetching_proxy(head));
    head.artifactory_id = "0f3c";
    EXPECT_TRUE(is_fetching_proxy(head));
}

TEST(Response, HtmlIsToldByTypeOrBeginning) {
    EXPECT_TRUE(looks_like_html("text/html; charset=utf-8", ""));
    EXPECT_TRUE(looks_like_html("", "\r\n<!DOCTYPE HTML><title>Login"));
    EXPECT_TRUE(looks_like_html("application/zip", "<html><body>"));
    EXPECT_FALSE(looks_like_html("application/zip", "PK\x03\x04"));
    EXPECT_FALSE(looks_like_html("", ""));
}

TEST(Response, ARefusalAfterARedirectMayPass) {
    const AskedBytes asked{0, 1000, 1000, How::whole};
    ResponseHead head = head_of(403);
    EXPECT_EQ(std::get<Failure>(judge_download(asked, head)).kind, FailureClass::absent);
    head.is_redirected = true;
    const Failure failure = std::get<Failure>(judge_download(asked, head));
    EXPECT_EQ(failure.kind, FailureClass::unreachable);
    EXPECT_EQ(failure.reason, "`mirror.example.org` answered 403 after a redirect");
}

} // namespace
} // namespace envpm::fetch
