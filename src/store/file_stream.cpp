#include "store/file_stream.h"

#include "base/error.h"

#include <utility>

namespace envpm::store {

static_assert(InflateStream::room_parts > PairedHasher::most_left);

FileStream::FileStream(const MemberReader& reader, const ArchiveFile& file, ObjectStage& stage,
                       HashPairs& pairs)
    : reader_(reader),
      file_(file),
      hasher_(pairs),
      staged_(stage.begin()) {
    if (file.member.method != 0) {
        inflated_.emplace(file.member.size_bytes, reader_.label());
    }
}

void FileStream::go_on(std::uint64_t there, std::span<char> room, std::span<std::byte> piece,
                       const std::function<void(std::uint64_t)>& used) {
    reader_.move_to(room);
    const SettledAtEnd settled(hasher_); // room and piece are others' afterwards
    for (std::string_view data = reader_.next(there); !data.empty(); data = reader_.next(there)) {
        if (inflated_) {
            inflated_->take(data, piece, [this](std::span<const std::byte> out) { take(out); });
        } else {
            take(std::as_bytes(std::span(data)));
            hasher_.settle();
        }
        used(data.size());
    }
}

Sha256 FileStream::finish(ObjectStage& stage) {
    if (inflated_) {
        inflated_->finish();
    }
    reader_.check_end();
    check_member(crc32_, file_);
    const Sha256 digest = hasher_.finish();
    stage.adopt(std::move(staged_), {digest, file_.is_executable});
    return digest;
}

void FileStream::take(std::span<const std::byte> content) {
    hasher_.leave(content);
    crc32_ = crc32_of(content, crc32_);
    staged_.write(content);
}

void check_member(std::uint32_t crc32, const ArchiveFile& file) {
    if (crc32 != file.member.crc32) {
        throw Error({"a member's checksum is wrong", file.member.name, {}}, ExitCode::integrity);
    }
}

} // namespace envpm::store
