#include "fetch/loopback_server.h"
#include "fetch/quick_settings.h"

#include <fmt/format.h>
#include <zlib.h>

namespace envpm::fetch {
namespace {

using ::testing::HasSubstr;

std::string gzip(const std::string& text) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(text.size() + 100, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Answer packed_as(std::string_view encoding, std::string body) {
    Answer answer;
    answer.headers = {fmt::format("Content-Encoding: {}", encoding)};
    answer.body = std::move(body);
    return answer;
}

/// The shorter, the later in the alphabet. It shrinks as far as pages do, not as far as bombs.
std::string lines(std::size_t number) {
    const std::size_t bytes = 1'000'000 - 300'000 * number;
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) {
        text += fmt::format("{} {}\n", static_cast<char>('a' + number), i * i);
    }
    text.resize(bytes);
    return text;
}

/// Reads each answer where it lies, as one that parses it does.
class PackedReader final : public HttpFollower {
  public:
    void read(std::size_t /*number*/, HttpResponse& response) override {
        bodies.push_back(std::string(response.body)); // by one reader at a time
        errors.push_back(response.error);
    }

    std::vector<HttpRequest> next(std::size_t number) override {
        return number < later.size() ? std::vector{later[number]} : std::vector<HttpRequest>();
    }

    std::vector<HttpRequest> later; ///< each is asked for when the one before has come
    std::vector<std::string> bodies;
    std::vector<std::string> errors;
};

class PackedPage : public ::testing::Test {
  protected:
    HttpResponse get(const HttpRequest& request) { return client.get({&request, 1}).front(); }

    HttpResponse get(std::string_view path) { return get({server.url(path), {}, {}, 1U << 20U}); }

    LoopbackServer server;
    Client client{quick_settings(), std::stop_token()};
};

TEST_F(PackedPage, InflatesWholePagesWithinTheLimit) {
    server.serve("/page", {packed_as("gzip", gzip(std::string(100'000, 'a')))});
    EXPECT_EQ(get("/page").body, std::string(100'000, 'a'));
    const HttpResponse bomb = get({server.url("/page"), {}, {}, 99'999});
    EXPECT_THAT(bomb.error, HasSubstr("sends more than 99999 bytes"));
    EXPECT_TRUE(bomb.body.empty());
}

TEST_F(PackedPage, AReaderIsToldOfWhatIsTooLong) { // while the network's thread looks at the page
    server.serve("/page", {packed_as("gzip", gzip(std::string(1'000'000, 'a')))});
    PackedReader reader;
    client.follow({{server.url("/page"), {}, {}, 999'999}}, reader);
    EXPECT_EQ(reader.bodies, std::vector<std::string>{""});
    EXPECT_EQ(reader.errors, std::vector<std::string>{
                                 fmt::format("`{}` sends more than 999999 bytes", server.host())});
    EXPECT_EQ(server.count("/page"), 1U);
}

TEST_F(PackedPage, WhatCannotBeUnpackedIsAskedForAgain) {
    const std::string packed = gzip("first");
    const Answer good = packed_as("X-Gzip", packed);
    const Answer cut = packed_as("gzip", packed.substr(0, packed.size() / 2));
    server.serve("/page", {cut, good, cut, cut, good});
    EXPECT_EQ(get("/page").body, "first");
    EXPECT_EQ(server.count("/page"), 2U);
    PackedReader reader;
    client.follow({{server.url("/page"), {}, {}, 99}}, reader);
    EXPECT_EQ(reader.bodies, std::vector<std::string>{"first"});
    EXPECT_EQ(server.count("/page"), 5U);
}

TEST_F(PackedPage, TellsWhatCannotBeUnpacked) {
    server.serve("/page", {packed_as("zstd", "whatever")});
    const HttpResponse response = get("/page");
    EXPECT_EQ(
        response.error,
        fmt::format("`{}` sent compressed bytes (zstd) that cannot be unpacked", server.host()));
    EXPECT_TRUE(response.body.empty());
    Answer same = packed_as("gzip", "");
    same.status = 304;
    server.serve("/same", {same});
    EXPECT_EQ(get("/same").error, "");
}

TEST_F(PackedPage, AWholeFileInPlaceOfAPartIsUnpackedToo) {
    const auto part_of = [this](std::string_view path) {
        return get({server.url(path), {}, ByteRange{2, 3}, 1U << 20U});
    };
    const auto whole = [](Answer answer) {
        answer.ranges = Answer::Ranges::ignored;
        return answer;
    };
    server.serve("/file", {whole(packed_as("gzip", gzip("the whole file")))});
    const HttpResponse response = part_of("/file");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "the whole file");
    EXPECT_EQ(response.range_first, std::nullopt);
    server.serve("/br", {whole(packed_as("br", "whatever"))});
    EXPECT_THAT(part_of("/br").error, HasSubstr("compressed bytes (br)"));
    EXPECT_EQ(part_of("/br").body, "");
}

TEST_F(PackedPage, AnErrorIsTheAnswerHoweverItsPageIsPacked) {
    Answer absent = packed_as("br", "whatever");
    absent.status = 404;
    Answer refused = packed_as("gzip", gzip("<Code>AccessDenied</Code>"));
    refused.status = 403;
    server.serve("/absent", {absent});
    server.serve("/refused", {refused});
    const HttpResponse response = get("/absent");
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(server.count("/absent"), 1U);
    EXPECT_EQ(get("/refused").body, "<Code>AccessDenied</Code>");
}

TEST_F(PackedPage, TakesWhatIsNotPackedAsItIs) {
    for (const char* const name : {"identity", "Identity", "none"}) {
        server.serve("/plain", {packed_as(name, "plain")});
        EXPECT_EQ(get("/plain").body, "plain") << name;
    }
}

TEST_F(PackedPage, ALargePageLeavesNothingInTheNext) {
    const auto request_of = [this](std::size_t i) {
        server.serve(fmt::format("/{}", i), {packed_as("gzip", gzip(lines(i)))});
        return HttpRequest{server.url(fmt::format("/{}", i)), {}, {}, 1U << 20U};
    };
    PackedReader reader;
    reader.later = {request_of(1), request_of(2), request_of(3)};
    client.follow({request_of(0)}, reader);
    ASSERT_EQ(reader.bodies.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(reader.bodies[i] == lines(i)) << i;
    }
}

} // namespace
} // namespace envpm::fetch
