#include "conda/shard.h"

#include "base/error.h"
#include "conda/fake_channel.h"

namespace envpm::conda {
namespace {

using test::entry;
using test::packed;
using test::page;
using test::with;
using testing::ElementsAre;
using testing::SizeIs;

const ShardPlace place = {"demo", "linux-64", "https://example.org/shard"};

std::optional<NameRecords> read(const std::string& shard) {
    const std::string block = read_shard(shard, place);
    const std::string_view one[] = {block};
    return read_blocks(one, {"demo", "linux-64", "https://example.org/c/"});
}

template <class Read> std::string complaint(const Read& what) {
    try {
        what();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        return error.text().what;
    }
    return {};
}

TEST(Shard, HasTheSameRecordsAsAPage) {
    const std::vector<test::Entry> entries = {
        with(entry("demo", "1.0"), {{"depends", Json::Array{"python >=3.12", "b"}},
                                    {"constrains", Json::Array{"c"}},
                                    {"track_features", "x y"},
                                    {"timestamp", std::int64_t{1700000000123}},
                                    {"noarch", "generic"},
                                    {"purls", Json::Array{"pkg:pypi/demo"}},
                                    {"license", "MIT"},
                                    {"python_site_packages_path", "lib"},
                                    {"run_exports", Json::Object{{"weak", Json::Array{"demo"}}}}}),
        entry("demo", "2.0", "0", ".tar.bz2"),
        with(entry("demo", "3.0"), {{"revoked", true}}),
        with(entry("demo", "4.0"), {{"sha256", Json()}}),
        with(entry("demo", "5.0"), {{"depends", 7}}),
        with(entry("demo", "6.0"), {{"noarch", true}, {"track_features", Json::Array{"a"}}}),
        entry("demo", "7.0")};
    const Json::Object more{{"removed", Json::Array{"demo-7.0-h1_0.conda", 5}}};
    const auto shard = read(packed(Json(page(entries, more))));
    const NameRecords from_page =
        test::records_of(test::index_of(test::repodata(entries, more)), "demo");
    ASSERT_TRUE(shard);
    ASSERT_THAT(shard->records, SizeIs(3));
    EXPECT_EQ(shard->unusable, from_page.unusable);
    for (std::size_t i = 0; i < 3; ++i) {
        const Record& one = shard->records[i];
        const Record& other = from_page.records.at(i);
        EXPECT_EQ(one.file_name, other.file_name);
        EXPECT_EQ(one.depends, other.depends);
        EXPECT_EQ(one.constrains, other.constrains);
        EXPECT_EQ(one.track_features, other.track_features);
        EXPECT_EQ(one.timestamp_ms, other.timestamp_ms);
        EXPECT_EQ(one.size_bytes, other.size_bytes);
        EXPECT_EQ(one.sha256, other.sha256);
        EXPECT_EQ(one.md5, other.md5);
        EXPECT_EQ(one.noarch, other.noarch);
        EXPECT_EQ(one.pypi_names, other.pypi_names);
        EXPECT_EQ(one.license, other.license);
        EXPECT_EQ(one.python_site_packages_path, other.python_site_packages_path);
    }
}

TEST(Shard, DigestsMayBeDigits) {
    std::string text = packed(Json(page({entry("demo")})));
    const std::string digest = sha256_of("demo-1.0-h1_0.conda").hex();
    Json::Object record = entry("demo").record;
    record["sha256"] = Json();
    // Under another key nothing is packed as bytes.
    std::string with_digits = packed(Json(page({{"demo-1.0-h1_0.conda", record}})));
    record.erase("sha256");
    record["sha25X"] = digest;
    with_digits = packed(Json(page({{"demo-1.0-h1_0.conda", record}})));
    with_digits.replace(with_digits.find("sha25X"), 6, "sha256");
    EXPECT_EQ(read(with_digits)->records.at(0).sha256, read(text)->records.at(0).sha256);
}

TEST(Shard, OfAnotherNameIsNothingTaken) {
    const auto found = read(packed(Json(page({entry("other"), entry("demo")}))));
    ASSERT_THAT(found->records, SizeIs(1));
    EXPECT_THAT(found->unusable, ElementsAre(Unusable{"other-1.0-h1_0.conda",
                                                      "it lies among the files of another name"}));
}

TEST(Shard, RefusesDamageAndOtherThings) {
    const std::string good = packed(Json(page({entry("demo")})));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_EQ(complaint([&] { read(good.substr(0, size)); }), "the data is cut short") << size;
    }
    EXPECT_EQ(complaint([&] { read(good + "x"); }),
              "the shard is damaged: something follows its end");
    EXPECT_EQ(complaint([&] { read(packed(Json(Json::Array{}))); }),
              "the answer is MessagePack, but no shard");
    EXPECT_EQ(complaint([&] {
                  read(packed(Json(Json::Object{{"packages", 7}})));
              }),
              "the answer is MessagePack, but no shard");
}

TEST(ShardIndex, NamesTheShards) {
    const std::string bytes = test::packed_shards(
        {{"b", "shard b"}, {"a", "shard a"}},
        Json::Object{{"base_url", "../x/"}, {"shards_base_url", "./s/"}, {"subdir", "linux-64"}});
    const ShardIndex index = read_shard_index(bytes, "linux-64", "url");
    EXPECT_EQ(index.base_url, "../x/");
    EXPECT_EQ(index.shards_base_url, "./s/");
    ASSERT_THAT(index.entries, SizeIs(2));
    ASSERT_NE(index.find("a"), nullptr);
    EXPECT_EQ(index.find("a")->sha256, sha256_of("shard a"));
    EXPECT_EQ(index.find("c"), nullptr);
    EXPECT_EQ(index.find(""), nullptr);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(complaint([&] { read_shard_index(bytes.substr(0, size), "linux-64", "url"); }),
                  "the data is cut short");
    }
    EXPECT_EQ(complaint([&] { read_shard_index(bytes, "noarch", "url"); }),
              "the page says that it is of another subdir");
    EXPECT_EQ(complaint([&] { read_shard_index(bytes + "x", "linux-64", "url"); }),
              "the index of shards is damaged: something follows its end");
}

TEST(ShardIndex, RefusesOtherThings) {
    const auto said = [](const Json& value) {
        return complaint([&] { read_shard_index(packed(value), "linux-64", "url"); });
    };
    EXPECT_EQ(said(Json::Array{}), "the answer is MessagePack, but no index of shards");
    EXPECT_EQ(said(Json::Object{}), "the answer is MessagePack, but no index of shards");
    EXPECT_EQ(said(Json::Object{{"shards", 1}}),
              "the answer is MessagePack, but no index of shards");
    EXPECT_EQ(said(Json::Object{{"shards", Json::Object{{"a", "short"}}}}),
              "the index of shards is damaged: a name has no sha256");
    EXPECT_EQ(said(Json::Object{{"version", 2}, {"shards", Json::Object{}}}),
              "the index of shards is of a version that envpm does not know");
    EXPECT_EQ(said(Json::Object{{"shards", Json::Object{}}, {"info", 7}}), "");
}

} // namespace
} // namespace envpm::conda
