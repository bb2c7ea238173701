#include "store/wheel_unpacking.h"

#include "base/error.h"

#include <fmt/format.h>

#include <utility>

namespace envpm::store {

namespace {

constexpr std::size_t room_bytes = Inflater::whole_limit_bytes + MemberReader::least_room_bytes;

void check_crc(std::uint32_t crc32, const ArchiveFile& file);

} // namespace

Bench::Bench()
    : room(room_bytes) {}

WheelUnpacking::WheelUnpacking(OpenArchive archive, const Sha256& sha256, SpaceLedger& space)
    : archive_(std::move(archive)),
      sha256_(sha256),
      space_(space),
      objects_(archive_.files().size()),
      parts_left_(archive_.files().size() + 1) {
    space_.reserve(space_of(archive_));
}

WheelUnpacking::~WheelUnpacking() {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
        if (!objects_[i]) {
            space_.settle(space_of_file(files()[i].member.size_bytes));
        }
    }
}

std::uint64_t WheelUnpacking::overhead_bytes() const {
    std::uint64_t bytes = archive_.size_bytes();
    for (const ArchiveFile& file : files()) {
        bytes -= file.member.compressed_bytes;
    }
    return bytes;
}

void WheelUnpacking::unpack(std::size_t index, Bench& bench, ObjectStage& stage) {
    const ArchiveFile& file = files()[index];
    try {
        MemberReader reader(archive_, file.member, file.end_offset, bench.room);
        if (reader.is_whole() && file.member.size_bytes <= Inflater::whole_limit_bytes) {
            unpack_at_once(bench, reader, index, stage);
        } else {
            unpack_in_pieces(bench, reader, index, stage);
        }
    } catch (Error& failure) {
        failure.add_context(
            fmt::format("while unpacking `{}` of {}", file.path.string(), archive_.label()));
        throw;
    }
    space_.settle(space_of_file(file.member.size_bytes));
}

bool WheelUnpacking::end_part() {
    if (--parts_left_ != 0) {
        return false;
    }
    archive_.close();
    return true;
}

Tree WheelUnpacking::tree() const {
    Tree tree{sha256_, {}};
    tree.files.reserve(objects_.size());
    for (std::size_t i = 0; i < objects_.size(); ++i) {
        const ArchiveFile& file = files()[i];
        tree.files.push_back(
            {file.path, objects_[i].value(), file.member.size_bytes, file.is_executable});
    }
    return tree;
}

void WheelUnpacking::unpack_at_once(Bench& bench, MemberReader& reader, std::size_t index,
                                    ObjectStage& stage) {
    const ArchiveFile& file = files()[index];
    const std::string_view data = reader.next();
    const std::span<const std::byte> content =
        file.member.method == 0
            ? std::as_bytes(std::span(data))
            : bench.inflater.inflate_whole(data, file.member.size_bytes, reader.label());
    check_crc(crc32_of(content), file);
    bench.hasher.update(content);
    objects_[index] = bench.hasher.finish();
    stage.put({*objects_[index], file.is_executable}, content);
}

void WheelUnpacking::unpack_in_pieces(Bench& bench, MemberReader& reader, std::size_t index,
                                      ObjectStage& stage) {
    const ArchiveFile& file = files()[index];
    StagedFile staged = stage.begin();
    std::uint32_t crc32 = 0;
    const auto take = [&](std::span<const std::byte> piece) {
        crc32 = crc32_of(piece, crc32);
        bench.hasher.update(piece);
        staged.write(piece);
    };
    if (file.member.method == 0) {
        for (std::string_view data = reader.next(); !data.empty(); data = reader.next()) {
            take(std::as_bytes(std::span(data)));
        }
    } else {
        bench.inflater.inflate_pieces([&reader] { return reader.next(); }, file.member.size_bytes,
                                      reader.label(), take);
    }
    check_crc(crc32, file);
    objects_[index] = bench.hasher.finish();
    stage.adopt(std::move(staged), {*objects_[index], file.is_executable});
}

Space space_of(const OpenArchive& archive) {
    Space all;
    for (const ArchiveFile& file : archive.files()) {
        const Space one = space_of_file(file.member.size_bytes);
        all.bytes += one.bytes;
        all.files += one.files;
    }
    return all;
}

namespace {

void check_crc(std::uint32_t crc32, const ArchiveFile& file) {
    if (crc32 != file.member.crc32) {
        throw Error({"a member's checksum is wrong", file.path.string(), {}}, ExitCode::integrity);
    }
}

} // namespace

} // namespace envpm::store
