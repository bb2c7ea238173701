#include "pypi/metadata_search.h"

#include "pypi/fake_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace envpm::pypi {
namespace {

using envpm::test::make_zip;
using envpm::test::ZipEnd;
using envpm::test::ZipEntry;
using test::FakeTransport;
using test::Ranges;
using test::wheel_file;
using testing::ElementsAre;
using testing::HasSubstr;

using State = MetadataSearch::State;

const std::string file_name = "demo-1.0-py3-none-any.whl";
const std::string url = "https://files.example.org/" + file_name;
const std::string headers = "Metadata-Version: 2.1\nName: Demo\nVersion: 1.0.0\n";
const std::string metadata = headers + "\nA long description.\n";

/// Bytes that do not compress.
std::string noise(std::size_t size) {
    std::mt19937 random(7); // NOLINT: the same in every run
    std::string text(size, '\0');
    for (char& c : text) {
        c = static_cast<char>(random());
    }
    return text;
}

ZipEntry member(const std::string& name, const std::string& content) {
    return {.name = name, .content = content};
}

std::string small_wheel() {
    return make_zip({member("demo.py", "x"), member("demo-1.0.dist-info/METADATA", metadata)});
}

/// METADATA first, then more than a tail, then a directory that is larger than a tail too.
std::string large_wheel() {
    std::vector<ZipEntry> entries = {member("demo-1.0.dist-info/METADATA", metadata),
                                     member("noise", noise(100'000))};
    for (int i = 0; i < 600; ++i) {
        entries.push_back(
            member("a/rather/long/name/so/that/the/directory/grows/" + std::to_string(i), ""));
    }
    return make_zip(entries);
}

/// As most tools write it: METADATA and RECORD last, before a directory that a tail does not hold.
std::string wheel_of_many_files(int count) {
    std::vector<ZipEntry> entries = {member("noise", noise(300'000))};
    for (int i = 0; i < count; ++i) {
        entries.push_back(
            member("a/rather/long/name/so/that/the/directory/grows/" + std::to_string(i), ""));
    }
    entries.push_back(member("demo-1.0.dist-info/METADATA", metadata));
    entries.push_back(member("demo-1.0.dist-info/RECORD", noise(15'000)));
    return make_zip(entries);
}

/// Lets a search run to its end; counts what it asks for.
struct Outcome {
    State state = State::open;
    std::string text;
    std::string reason;
    std::uint64_t wheel_bytes = 0;
    std::optional<Sha256> sha256;
    std::size_t requests = 0;
    std::uint64_t received_bytes = 0;
};

Outcome run(const WheelFile& wheel, FakeTransport& transport) {
    MetadataSearch search(wheel);
    Outcome result;
    while (search.state() == State::open && result.requests < 10) {
        const HttpRequest request = search.request();
        const std::vector<HttpResponse> responses = transport.get({&request, 1});
        result.received_bytes += responses.front().body.size();
        search.accept(responses.front());
        ++result.requests;
    }
    result.state = search.state();
    result.text = search.text();
    result.reason = search.reason();
    result.wheel_bytes = search.wheel_bytes();
    result.sha256 = search.sha256();
    return result;
}

Outcome run(const std::string& content, Ranges ranges = Ranges::honoured) {
    FakeTransport transport;
    transport.files[url] = content;
    transport.ranges = ranges;
    return run(wheel_file(file_name, content), transport);
}

TEST(MetadataSearch, FindsItInTheTailOfASmallWheel) {
    const Outcome result = run(small_wheel());
    EXPECT_EQ(result.state, State::found) << result.reason;
    EXPECT_EQ(result.text, headers) << "up to the first empty line";
    EXPECT_EQ(result.requests, 1U);
    EXPECT_EQ(result.wheel_bytes, small_wheel().size());
}

TEST(MetadataSearch, AsksForTheMissingPartsOfALargeOne) {
    const Outcome result = run(large_wheel());
    EXPECT_EQ(result.text, headers) << result.reason;
    EXPECT_EQ(result.requests, 3U);
    EXPECT_LT(result.received_bytes, large_wheel().size() - 90'000);
}

TEST(MetadataSearch, AsksForTheRestOfTheDirectoryAndForMetadataTogether) {
    const Outcome result = run(wheel_of_many_files(450));
    EXPECT_EQ(result.text, headers) << result.reason;
    EXPECT_EQ(result.requests, 2U);
    EXPECT_LT(result.received_bytes, 130'000U);
}

TEST(MetadataSearch, AsksForNothingBesideADirectoryThatIsLarge) {
    const Outcome result = run(wheel_of_many_files(900));
    EXPECT_EQ(result.text, headers) << result.reason;
    EXPECT_EQ(result.requests, 3U);
}

TEST(MetadataSearch, CopesWithEveryKindOfServer) {
    struct Case {
        Ranges ranges;
        std::size_t requests;
    };

    for (const Case& c :
         {Case{Ranges::ignored, 1}, Case{Ranges::no_suffixes, 4}, Case{Ranges::refused, 3}}) {
        const Outcome result = run(large_wheel(), c.ranges);
        EXPECT_EQ(result.text, headers) << result.reason;
        EXPECT_EQ(result.requests, c.requests);
    }
    EXPECT_EQ(run(small_wheel(), Ranges::no_suffixes).requests, 2U);
}

TEST(MetadataSearch, TakesTheWholeFileWhereOnlyThatTellsWhatItIs) {
    FakeTransport transport;
    transport.files[url] = small_wheel();
    WheelFile wheel = wheel_file(file_name, small_wheel());
    wheel.sha256.reset();
    wheel.size_bytes.reset();
    const Outcome result = run(wheel, transport);
    EXPECT_EQ(result.text, headers) << result.reason;
    EXPECT_EQ(result.sha256, sha256_of(small_wheel()));
    EXPECT_EQ(result.wheel_bytes, small_wheel().size());
    EXPECT_THAT(transport.log(), ElementsAre(url));
}

TEST(MetadataSearch, GoesToTheWholeFileIfARangeIsNotUnderstood) {
    FakeTransport transport;
    const std::string content = large_wheel();
    transport.files[url] = content;
    transport.distort = [](HttpResponse& response) {
        response.range_first.reset(); // a Content-Range that nobody can read
    };
    EXPECT_EQ(run(wheel_file(file_name, content), transport).text, headers);
    EXPECT_THAT(transport.log(), ElementsAre(url + "[tail]", url));
}

TEST(MetadataSearch, FindsTheEndOfAnArchiveWithALongComment) {
    const Outcome result =
        run(make_zip({member("demo-1.0.dist-info/METADATA", metadata)},
                     [](ZipEnd& end) { end.comment = std::string(60'000, 'c'); }));
    EXPECT_EQ(result.text, headers) << result.reason;
}

TEST(MetadataSearch, PrefersTheSidecar) {
    FakeTransport transport;
    transport.files[url + ".metadata"] = metadata;
    WheelFile wheel = wheel_file(file_name, "never asked for");
    wheel.has_metadata_file = true;
    for (const auto& digest : {std::optional<Sha256>(), std::optional(sha256_of(metadata))}) {
        wheel.metadata_sha256 = digest;
        EXPECT_EQ(run(wheel, transport).text, headers);
    }
    EXPECT_THAT(transport.log(), ElementsAre(url + ".metadata", url + ".metadata"));
}

TEST(MetadataSearch, ReadsTheWheelIfTheSidecarIsNotWhatItShouldBe) {
    const std::string content = small_wheel();
    const std::vector<std::pair<std::string, std::optional<Sha256>>> cases = {
        {"", std::nullopt},
        {"<html>please log in</html>", std::nullopt},
        {"Name: other\nVersion: 1.0\n", std::nullopt},
        {metadata, sha256_of("something else")},
    };
    for (const auto& [sidecar, digest] : cases) {
        FakeTransport transport;
        transport.files[url] = content;
        if (!sidecar.empty()) {
            transport.files[url + ".metadata"] = sidecar;
        }
        WheelFile wheel = wheel_file(file_name, content);
        wheel.has_metadata_file = true;
        wheel.metadata_sha256 = digest;
        EXPECT_EQ(run(wheel, transport).text, headers) << sidecar;
        EXPECT_THAT(transport.log(), ElementsAre(url + ".metadata", url + "[tail]"));
    }
}

TEST(MetadataSearch, SaysWhatIsWrongWithAWheel) {
    const auto corrupt_crc = [](envpm::test::ZipHeader& local, envpm::test::ZipHeader& central) {
        local.crc32 ^= 1U;
        central.crc32 ^= 1U;
    };
    const std::string info = "demo-1.0.dist-info/METADATA";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {make_zip({member(info, "Name: other\nVersion: 1.0\n")}), "`other 1.0`"},
        {make_zip({member(info, "Name: demo\nVersion: 1.1\n")}), "`demo 1.1`"},
        {make_zip({member(info, "\n" + metadata)}), "METADATA says that it is ` `"},
        {make_zip({member("demo.py", "")}), "not exactly one METADATA"},
        {make_zip({member("x/" + info, metadata)}), "not exactly one METADATA"},
        {make_zip({member(info, metadata), member("b.dist-info/METADATA", "")}), "not exactly one"},
        {make_zip({{.name = info, .content = metadata, .distort = corrupt_crc}}), "METADATA"},
        {"<html>no wheel at all</html>", "no ZIP archive"},
        {"", "no ZIP archive"},
    };
    for (const auto& [content, expected] : cases) {
        for (const Ranges ranges : {Ranges::honoured, Ranges::ignored, Ranges::no_suffixes}) {
            const Outcome result = run(content, ranges);
            EXPECT_EQ(result.state, State::unusable) << expected;
            if (expected != "METADATA") {
                EXPECT_THAT(result.reason, HasSubstr(expected));
            }
        }
    }
}

TEST(MetadataSearch, CatchesServersThatLie) {
    using Distort = std::function<void(HttpResponse&)>;
    const std::vector<std::pair<Distort, std::string>> cases = {
        {[](HttpResponse& r) { r.total_bytes = *r.total_bytes + 1; }, "the end of the file"},
        {[](HttpResponse& r) { r.range_first = UINT64_MAX; }, "the end of the file"},
        {[](HttpResponse& r) {
             r.range_first = *r.range_first + 1;
             r.total_bytes = *r.total_bytes + 1;
         },
         "but its index says"},
        {[](HttpResponse& r) { r.body.pop_back(); }, "the end of the file"},
        {[](HttpResponse& r) {
             r.status = 200;
             r.body = "another file";
         },
         "but its index says 3"},
        {[](HttpResponse& r) {
             r.status = 200;
             r.body[0] = static_cast<char>(r.body[0] + 1);
         },
         "another sha256"},
    };
    for (const auto& [distort, expected] : cases) {
        FakeTransport transport;
        transport.files[url] = small_wheel();
        transport.distort = distort;
        const Outcome result = run(wheel_file(file_name, small_wheel()), transport);
        EXPECT_EQ(result.state, State::unusable) << expected;
        EXPECT_THAT(result.reason, HasSubstr(expected));
    }
}

TEST(MetadataSearch, CatchesAWrongPart) {
    FakeTransport transport;
    transport.files[url] = large_wheel();
    transport.distort = [&](HttpResponse& response) {
        if (transport.batches.size() == 2) {
            response.body.pop_back();
        }
    };
    const Outcome result = run(wheel_file(file_name, large_wheel()), transport);
    EXPECT_THAT(result.reason, HasSubstr("another part of the file"));
}

TEST(MetadataSearch, TellsABadWheelFromABadNetwork) {
    for (const int status : {401, 403, 404, 410}) {
        FakeTransport transport;
        transport.statuses[url] = status;
        const Outcome result = run(wheel_file(file_name, "x"), transport);
        EXPECT_EQ(result.state, State::unusable) << status;
        EXPECT_EQ(result.reason, "the server answered " + std::to_string(status));
        EXPECT_EQ(result.requests, 1U);
    }
    for (const int status : {429, 500, 503}) {
        FakeTransport transport;
        transport.statuses[url] = status;
        EXPECT_EQ(run(wheel_file(file_name, "x"), transport).state, State::unreachable) << status;
    }
    FakeTransport transport;
    transport.failures[url] = "files.example.org: timed out";
    const Outcome result = run(wheel_file(file_name, "x"), transport);
    EXPECT_EQ(result.state, State::unreachable);
    EXPECT_EQ(result.reason, "files.example.org: timed out");

    transport.failures.clear();
    transport.files[url] = "<!DOCTYPE html><title>sign in</title>";
    transport.ranges = Ranges::ignored;
    const Outcome page = run(wheel_file(file_name, small_wheel()), transport);
    EXPECT_EQ(page.state, State::unreachable);
    EXPECT_THAT(page.reason, HasSubstr("sent an HTML page instead of the file"));
}

} // namespace
} // namespace envpm::pypi
