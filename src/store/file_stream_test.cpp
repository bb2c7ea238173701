#include "store/file_stream.h"

#include "store/world_for_tests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace envpm::store {

namespace {

using test::World;

std::string noise() {
    std::mt19937 random(3);
    std::string text(3'000'000, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random() & 63U); });
    return text;
}

class FileStreamTest : public testing::TestWithParam<std::uint16_t> {};

TEST_P(FileStreamTest, HasHashedWhatLiesInTheRoomsThatItGivesBack) {
    const World world;
    const std::string content = noise();
    const Archive archive = world.archive(
        "a", test::make_zip({{.name = "large", .content = content, .method = GetParam()}}));
    const OpenArchive open(archive.file, archive.label);
    const ArchiveFile& file = open.files().front();
    const Store store = Store::open(world.root);
    ObjectStage stage(store.paths());
    HashPairs pairs;
    std::vector<char> room(MemberReader::least_room_bytes);
    std::vector<std::byte> piece(InflateStream::room_bytes);
    FileStream stream(MemberReader(open, file.member, file.end_offset, room), file, stage, pairs);
    for (const std::uint64_t there : {file.end_offset / 2, file.end_offset}) {
        stream.go_on(there, room, piece, [](std::uint64_t /*used*/) {});
        std::fill(room.begin(), room.end(), 'x'); // another stream uses them
        std::fill(piece.begin(), piece.end(), std::byte{'x'});
    }
    EXPECT_EQ(stream.finish(stage), sha256_of(content));
}

INSTANTIATE_TEST_SUITE_P(Methods, FileStreamTest, testing::Values(0, 8));

} // namespace

} // namespace envpm::store
