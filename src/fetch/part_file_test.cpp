#include "fetch/part_file.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>

#include <fstream>

namespace envpm::fetch {
namespace {

std::string text_of(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>((i * 2654435761U) >> 13U);
    }
    return text;
}

class PartFileTest : public ::testing::Test {
  protected:
    std::optional<PartFile> open() {
        return PartFile::open(folder.path(), content.size(), sha256, pairs, {});
    }

    void append(PartFile& part, std::uint64_t first, std::uint64_t count,
                std::string_view host = "a.example.org") {
        const std::uint32_t source = part.source_number(host);
        for (std::uint64_t at = first; at < first + count;) {
            const std::uint64_t end = std::min(first + count, (at / mebibyte + 1) * mebibyte);
            part.append(at, std::as_bytes(std::span(content).subspan(at, end - at)), source);
            at = end;
        }
    }

    std::filesystem::path file(const char* suffix) {
        return folder.path() / (sha256.hex() + suffix);
    }

    HashPairs pairs;
    TemporaryFolder folder{::testing::TempDir()};
    std::string content = text_of(3 * mebibyte + 777);
    Sha256 sha256 = sha256_of(content);
};

TEST_F(PartFileTest, KeepsWhichVersionASourceSentAsLongAsItsBytesAreThere) {
    {
        std::optional<PartFile> part = open();
        EXPECT_EQ(part->entity_tag("a.example.org"), "");
        part->source_number("a.example.org");
        part->keep_entity_tag("a.example.org", "\"v1\"");
        part->keep_entity_tag("unknown.example.org", "\"v1\"");
        EXPECT_EQ(part->entity_tag("a.example.org"), "") << "nothing of it is there";
        append(*part, 0, 1000);
        append(*part, mebibyte, 1000, "b.example.org");
        part->keep_entity_tag("b.example.org", std::string(longest_entity_tag + 1, 'x'));
        part->save();
    }
    std::optional<PartFile> part = open();
    EXPECT_EQ(part->entity_tag("a.example.org"), "\"v1\"");
    EXPECT_EQ(part->entity_tag("b.example.org"), "");
    part->drop(1U << part->source_number("a.example.org"));
    EXPECT_EQ(part->entity_tag("a.example.org"), "");
}

TEST_F(PartFileTest, TellsWhoseDroppedBytesWereOthers) {
    std::optional<PartFile> part = open();
    const std::string right = content;
    append(*part, 0, mebibyte, "honest");
    content[mebibyte + 5] ^= 1;
    append(*part, mebibyte, 1000, "liar");
    content[2 * mebibyte] ^= 1;
    append(*part, 2 * mebibyte, 500, "liar with others");
    content = right;
    append(*part, 2 * mebibyte + 500, mebibyte - 500, "other");
    append(*part, mebibyte + 1000, mebibyte - 1000, "other");
    append(*part, 3 * mebibyte, 777, "other");
    EXPECT_FALSE(part->is_proven({}));
    part->drop(~0U);
    append(*part, 0, 3 * mebibyte + 777, "proof");
    EXPECT_TRUE(part->is_proven({}));
    EXPECT_EQ(part->liars(), 0U) << "each wrong block is of two sources";
    part->drop(~0U);
    content[mebibyte + 5] ^= 1;
    append(*part, mebibyte, 1000, "liar");
    content = right;
    part->drop(~0U);
    append(*part, 0, 3 * mebibyte + 777, "proof");
    EXPECT_TRUE(part->is_proven({}));
    EXPECT_EQ(part->liars(), 1U << part->source_number("liar"));
}

TEST_F(PartFileTest, ProvesAndPublishesWhateverTheOrder) {
    {
        std::optional<PartFile> part = open();
        append(*part, 2 * mebibyte, mebibyte + 777);
        append(*part, 0, 1000);
        append(*part, mebibyte, mebibyte);
        EXPECT_FALSE(part->is_proven({}));
        append(*part, 1000, mebibyte - 1000);
        EXPECT_TRUE(part->is_proven({}));
        part->publish(final_path(folder.path(), sha256));
    }
    EXPECT_EQ(read_file(file("")), content);
    EXPECT_FALSE(std::filesystem::exists(file(".part")));
    EXPECT_FALSE(std::filesystem::exists(file(".map")));
}

TEST_F(PartFileTest, IsNoLongerThanItsFileThoughAnEarlierRunLeftMore) {
    write_file(file(".part"), content + "of a size that was wrong", Durability::cached);
    std::optional<PartFile> part = open();
    append(*part, 0, content.size());
    EXPECT_TRUE(part->is_proven({}));
    part->publish(final_path(folder.path(), sha256));
    EXPECT_EQ(read_file(file("")), content);
}

TEST_F(PartFileTest, GoesOnWithinABlock) {
    {
        std::optional<PartFile> part = open();
        append(*part, 0, mebibyte + 1234);
        part->save();
    }
    std::optional<PartFile> part = open();
    EXPECT_THAT(part->present(), ::testing::ElementsAre(Piece{0, mebibyte + 1234}));
    append(*part, mebibyte + 1234, content.size() - mebibyte - 1234, "b.example.org");
    EXPECT_TRUE(part->is_proven({}));
    EXPECT_EQ(part->sources(), 3U);
}

TEST_F(PartFileTest, DropsABlockWhoseBytesChanged) {
    {
        std::optional<PartFile> part = open();
        append(*part, 0, content.size());
        part->save();
    }
    std::fstream stream(file(".part"), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(mebibyte + 5);
    stream.put('\x7f');
    stream.close();
    EXPECT_THAT(open()->present(),
                ::testing::ElementsAre(Piece{0, mebibyte}, Piece{2 * mebibyte, mebibyte + 777}));
}

TEST_F(PartFileTest, DropsWhatNeverReachedTheDisk) {
    {
        std::optional<PartFile> part = open();
        append(*part, 0, content.size());
        part->save();
    }
    std::filesystem::resize_file(file(".part"), 2 * mebibyte + 10);
    EXPECT_THAT(open()->present(), ::testing::ElementsAre(Piece{0, 2 * mebibyte}));
}

TEST_F(PartFileTest, BeginsAgainWithoutAReadableMap) {
    for (const std::string& map : {std::string(), std::string("nonsense"), std::string(200, 'x')}) {
        {
            std::optional<PartFile> part = open();
            append(*part, 0, mebibyte);
            part->save();
            part->drop(0);
        }
        write_file(file(".map"), map, Durability::cached);
        EXPECT_TRUE(open()->present().empty()) << map;
        open()->discard();
    }
}

TEST_F(PartFileTest, OnlyOneHasItAtATime) {
    std::optional<PartFile> first = open();
    ASSERT_TRUE(first);
    EXPECT_FALSE(open());
    append(*first, 0, 10);
    first->save();
    EXPECT_FALSE(open()) << "the map was replaced under the lock";
    first.reset();
    EXPECT_TRUE(open());
}

TEST_F(PartFileTest, DropsTheBlocksOfOneSource) {
    std::optional<PartFile> part = open();
    append(*part, 0, mebibyte, "a.example.org");
    append(*part, mebibyte, 10, "a.example.org");
    append(*part, mebibyte + 10, 10, "b.example.org");
    append(*part, 2 * mebibyte, mebibyte, "b.example.org");
    part->drop(1U << part->source_number("b.example.org"));
    EXPECT_THAT(part->present(), ::testing::ElementsAre(Piece{0, mebibyte}));
    append(*part, mebibyte, content.size() - mebibyte, "a.example.org");
    EXPECT_TRUE(part->is_proven({}));
    EXPECT_EQ(part->sources(), 1U);
}

TEST_F(PartFileTest, WrongBytesAreForgottenWithTheirSourceThoughTheyWereHashed) {
    std::optional<PartFile> part = open();
    const std::string right = content;
    content[5] ^= 1;
    append(*part, 0, 1000, "liar");
    content = right;
    part->drop(1U << part->source_number("liar"));
    append(*part, 0, content.size(), "other");
    EXPECT_TRUE(part->is_proven({}));
}

TEST_F(PartFileTest, WrongBytesAreNotProven) {
    std::optional<PartFile> part = open();
    content[mebibyte] = static_cast<char>(content[mebibyte] ^ 1);
    append(*part, 0, content.size());
    EXPECT_FALSE(part->is_proven({}));
}

TEST_F(PartFileTest, SourcesBeyondTheLastBitShareIt) {
    std::optional<PartFile> part = open();
    for (std::uint32_t i = 0; i < 40; ++i) {
        EXPECT_EQ(part->source_number("host" + std::to_string(i)), std::min(i, 31U));
    }
    EXPECT_EQ(part->source_number("host3"), 3U);
}

TEST_F(PartFileTest, AFolderThatCannotBeIsNamed) {
    write_file(folder.path() / "plain", "x", Durability::cached);
    try {
        PartFile::open(folder.path() / "plain", 1, sha256, pairs, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.text().subject, (folder.path() / "plain").string());
    }
}

} // namespace
} // namespace envpm::fetch
