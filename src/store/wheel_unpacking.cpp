#include "store/wheel_unpacking.h"

#include "base/error.h"

#include <fmt/format.h>

#include <utility>

namespace envpm::store {

namespace {

constexpr std::size_t room_bytes = Inflater::whole_limit_bytes + MemberReader::least_room_bytes;

} // namespace

Bench::Bench(HashPairs& pairs)
    : hasher(pairs),
      room_(std::make_unique_for_overwrite<char[]>(room_bytes)),
      piece_(std::make_unique_for_overwrite<std::byte[]>(InflateStream::room_bytes)) {
    room = {room_.get(), room_bytes};
    piece = {piece_.get(), InflateStream::room_bytes};
}

BenchLoan::BenchLoan(IdleBenches& idle, HashPairs& pairs)
    : idle_(idle) {
    idle_.with([this](std::vector<std::unique_ptr<Bench>>& benches) {
        if (!benches.empty()) {
            bench_ = std::move(benches.back());
            benches.pop_back();
        }
    });
    if (!bench_) {
        bench_ = std::make_unique<Bench>(pairs);
    }
}

BenchLoan::~BenchLoan() {
    idle_.with([this](std::vector<std::unique_ptr<Bench>>& benches) {
        benches.push_back(std::move(bench_));
    });
}

WheelUnpacking::WheelUnpacking(OpenArchive archive, const Sha256& sha256, SpaceLedger& space,
                               HashPairs& pairs)
    : archive_(std::move(archive)),
      sha256_(sha256),
      space_(space),
      pairs_(pairs),
      objects_(archive_.files().size()),
      parts_left_(archive_.files().size() + 1) {
    space_.reserve(space_of(archive_));
    for (std::size_t i = 0; i < files().size(); ++i) {
        if (is_large(i)) {
            large_.emplace(i, nullptr);
        }
    }
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

void WheelUnpacking::unpack(std::size_t index, Bench& bench, ObjectStage& stage,
                            const OnUsed& used) {
    const ArchiveFile& file = files()[index];
    try {
        MemberReader reader(archive_, file.member, file.end_offset, bench.room);
        if (reader.is_whole() && file.member.size_bytes <= Inflater::whole_limit_bytes) {
            unpack_at_once(bench, reader, index, stage);
            used(file.member.compressed_bytes);
        } else {
            FileStream stream(reader, file, stage, pairs_);
            go_on(stream, index, file.end_offset, {bench, stage, used});
        }
    } catch (Error& failure) {
        name_member(failure, file);
        throw;
    }
}

bool WheelUnpacking::unpack_until(std::size_t index, std::uint64_t there, Bench& bench,
                                  ObjectStage& stage, const OnUsed& used) {
    const ArchiveFile& file = files()[index];
    std::unique_ptr<FileStream>& stream = large_.at(index);
    try {
        if (!stream) {
            MemberReader reader(archive_, file.member, file.end_offset, bench.room);
            stream = std::make_unique<FileStream>(reader, file, stage, pairs_);
        }
        if (!go_on(*stream, index, there, {bench, stage, used})) {
            return false;
        }
    } catch (Error& failure) {
        name_member(failure, file);
        throw;
    }
    stream.reset();
    return true;
}

std::uint64_t WheelUnpacking::position(std::size_t index) const {
    const std::unique_ptr<FileStream>& stream = large_.at(index);
    return stream ? stream->offset() : files()[index].member.header_offset;
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
            {file.path(), objects_[i].value(), file.member.size_bytes, file.is_executable});
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
    reader.check_end();
    check_member(crc32_of(content), file);
    bench.hasher.update(content);
    objects_[index] = bench.hasher.finish();
    stage.put({*objects_[index], file.is_executable}, content);
    end_file(index);
}

/// True when it was all.
bool WheelUnpacking::go_on(FileStream& stream, std::size_t index, std::uint64_t there,
                           const Tools& tools) {
    stream.go_on(there, tools.bench.room, tools.bench.piece, tools.used);
    if (there < files()[index].end_offset) {
        return false;
    }
    objects_[index] = stream.finish(tools.stage);
    end_file(index);
    return true;
}

void WheelUnpacking::name_member(Error& failure, const ArchiveFile& file) const {
    failure.add_context(
        fmt::format("while unpacking `{}` of {}", file.member.name, archive_.label()));
}

void WheelUnpacking::end_file(std::size_t index) {
    space_.settle(space_of_file(files()[index].member.size_bytes));
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

} // namespace envpm::store
