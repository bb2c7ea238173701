#include "pypi/fake_index.h"
#include "pypi/index_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

using test::FakeTransport;
using testing::HasSubstr;

const std::string demo_file = "demo-1.0-py3-none-any.whl";
const std::string honest = "Name: demo\nVersion: 1.0\n";
const std::string hostile = honest + "Requires-Dist: evil\n";

/// Two indexes that list a wheel with the same digest: `good`, which has it, and `bad`, which has
/// only its own METADATA for it.
class KnownMetadataTest : public testing::Test {
  protected:
    KnownMetadataTest()
        : folder_(std::filesystem::temp_directory_path()),
          good_(listed("good", honest)),
          bad_(listed("bad", hostile)) {
        bad_.sha256 = good_.sha256;
        bad_.size_bytes = good_.size_bytes;
    }

    WheelFile listed(const std::string& host, const std::string& metadata) {
        const std::string content =
            make_zip({{.name = "demo-1.0.dist-info/METADATA", .content = metadata}});
        WheelFile wheel =
            test::wheel_file(demo_file, content, "https://" + host + ".org/" + demo_file);
        wheel.has_metadata_file = true;
        wheel.metadata_sha256 = sha256_of(metadata);
        transport_.files[wheel.url] = content;
        transport_.files[wheel.url + ".metadata"] = metadata;
        return wheel;
    }

    std::string text_of(const WheelFile& wheel) {
        const std::vector<MetadataAnswer> answers =
            IndexClient(transport_, folder_.path(), {}).metadata({&wheel, 1});
        return answers.front().error + answers.front().text;
    }

    TemporaryFolder folder_;
    FakeTransport transport_;
    WheelFile good_;
    WheelFile bad_;
};

TEST_F(KnownMetadataTest, WhatOneIndexSaysOfADigestIsNotBelievedOfAnother) {
    ASSERT_EQ(text_of(bad_), hostile);
    EXPECT_EQ(text_of(good_), honest);
    EXPECT_EQ(text_of(bad_), hostile) << "nor the other way round";
}

TEST_F(KnownMetadataTest, NorWhereNoPageGivesADigestOfIt) {
    for (WheelFile* wheel : {&good_, &bad_}) {
        wheel->metadata_sha256.reset();
    }
    ASSERT_EQ(text_of(bad_), hostile);
    EXPECT_EQ(text_of(good_), honest);
}

TEST_F(KnownMetadataTest, NorWhereItCameOutOfTheArchive) {
    bad_ = listed("bad", hostile);
    bad_.size_bytes = std::nullopt; // what it sends has another size
    bad_.sha256 = good_.sha256;
    bad_.metadata_sha256 = good_.metadata_sha256; // which it has not
    ASSERT_EQ(text_of(bad_), hostile);
    EXPECT_EQ(text_of(good_), honest);
    good_.has_metadata_file = false;
    good_.metadata_sha256.reset();
    EXPECT_EQ(text_of(good_), honest);
}

TEST_F(KnownMetadataTest, ASizeThatOneIndexSaysIsNotBelievedOfAnother) {
    bad_ = good_;
    bad_.url = "https://bad.org/" + demo_file;
    transport_.files[bad_.url + ".metadata"] = honest;
    bad_.size_bytes = 7;
    ASSERT_EQ(text_of(bad_), honest);
    const std::vector<MetadataAnswer> answers =
        IndexClient(transport_, folder_.path(), {}).metadata({&good_, 1});
    EXPECT_EQ(answers.front().size_bytes, good_.size_bytes);
}

TEST_F(KnownMetadataTest, NorWhereBothListTheSameUrl) {
    good_.metadata_sha256.reset();
    bad_ = good_;
    bad_.size_bytes = 7;
    ASSERT_EQ(text_of(bad_), honest);
    const std::uint64_t real_bytes = *good_.size_bytes;
    good_.size_bytes.reset(); // as on pages of HTML: the answer's size is locked
    const std::vector<MetadataAnswer> answers =
        IndexClient(transport_, folder_.path(), {}).metadata({&good_, 1});
    EXPECT_EQ(answers.front().size_bytes, real_bytes);
}

TEST_F(KnownMetadataTest, CountsForEveryMirrorWhosePageGivesItsDigest) {
    ASSERT_EQ(text_of(good_), honest);
    WheelFile mirrored = good_;
    mirrored.url = "https://mirror.org/" + demo_file;
    const std::size_t batches = transport_.batches.size();
    EXPECT_EQ(text_of(mirrored), honest);
    EXPECT_EQ(transport_.batches.size(), batches);
}

TEST_F(KnownMetadataTest, IsOfTheWheelThatHasThisName) {
    ASSERT_EQ(text_of(good_), honest);
    WheelFile posing = good_;
    posing.file_name = "other-1.0-py3-none-any.whl";
    posing.wheel = *WheelName::parse(posing.file_name);
    EXPECT_THAT(text_of(posing), HasSubstr("says that it is `demo 1.0`"));
}

} // namespace
} // namespace envpm::pypi
