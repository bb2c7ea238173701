#include "store/open_archive.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "base/read_at.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_set>
#include <utility>

namespace envpm::store {

namespace {

constexpr std::ptrdiff_t deepest = 64;

/// One more than the longest descriptor, so that anything longer shows.
constexpr std::size_t longest_gap = 25;

struct ZipDirectory {
    std::uint64_t offset = 0;
    std::vector<ZipMember> members;
};

std::uint64_t size_of(const Fd& file, const std::string& label);
ZipDirectoryPlace find_directory(const Fd& file, std::uint64_t size_bytes,
                                 const std::string& label);
ZipDirectory read_directory(const Fd& file, std::uint64_t size_bytes, const std::string& label);
RelativePath path_of(const ZipMember& member);
void check_mode(const ZipMember& member, const RelativePath& path);
void check_names(const std::vector<ArchiveFile>& files, const std::vector<ArchiveFile>& folders);
std::string_view parent_of(std::string_view path);

} // namespace

RelativePath ArchiveFile::path() const {
    return path_of(member);
}

OpenArchive::OpenArchive(const std::filesystem::path& file, std::string label,
                         ArrivingFile /*some*/)
    : label_(std::move(label)),
      file_(open_file(file, O_RDONLY)),
      size_bytes_(size_of(file_, label_)) {
    auto [end_offset, members] = read_directory(file_, size_bytes_, label_);
    files_.reserve(members.size());
    // Backwards, so that where the next one begins is known.
    for (std::size_t i = members.size(); i-- > 0;) {
        ZipMember& member = members[i];
        const std::uint64_t begin = member.header_offset;
        const RelativePath path = path_of(member);
        check_mode(member, path);
        if (member.is_folder()) {
            folders_.push_back({std::move(member), end_offset});
        } else {
            const bool is_executable = (member.unix_mode & 0111U) != 0;
            files_.push_back({std::move(member), end_offset, is_executable});
        }
        end_offset = begin;
    }
    check_names(files_, folders_);
    std::sort(files_.begin(), files_.end(), [](const ArchiveFile& a, const ArchiveFile& b) {
        return a.member.name < b.member.name;
    });
}

void OpenArchive::check_folders() const {
    std::vector<char> room(MemberReader::least_room_bytes);
    for (const ArchiveFile& folder : folders_) {
        MemberReader(*this, folder.member, folder.end_offset, room).check_end();
    }
}

std::uint64_t OpenArchive::directory_offset(const std::filesystem::path& file,
                                            const std::string& label) {
    const Fd opened = open_file(file, O_RDONLY);
    return find_directory(opened, size_of(opened, label), label).offset;
}

void OpenArchive::read(std::uint64_t offset, std::span<char> into) const {
    read_all_at(file_.get(), offset, into, label_);
}

MemberReader::MemberReader(const OpenArchive& archive, const ZipMember& member,
                           std::uint64_t end_offset, std::span<char> room)
    : archive_(archive),
      member_(member),
      end_offset_(end_offset),
      room_(room),
      left_(member.compressed_bytes) {
    ENVPM_ASSERT(room.size() >= least_room_bytes);
    const std::uint64_t all = end_offset - member.header_offset;
    const std::size_t begin = all <= room.size() ? all : least_room_bytes;
    archive.read(member.header_offset, room.first(begin));
    const std::string_view bytes(room.data(), begin);
    const std::uint64_t header = check_zip_local_header(bytes, member, archive.label());
    if (left_ > all - header) {
        throw Error({"a member's data runs into the next member",
                     fmt::format("{}, member `{}`", archive.label(), member.name),
                     {}},
                    ExitCode::integrity);
    }
    offset_ = member.header_offset + header;
    first_ = bytes.substr(header, std::min<std::uint64_t>(left_, bytes.size() - header));
}

std::string_view MemberReader::next(std::uint64_t there) {
    const std::uint64_t most = std::min(left_, there - std::min(there, offset_));
    std::string_view piece = std::exchange(first_, {}).substr(0, most);
    if (piece.empty()) {
        const std::span<char> part = room_.first(std::min<std::uint64_t>(least_room_bytes, most));
        archive_.read(offset_, part);
        piece = {part.data(), part.size()};
    }
    offset_ += piece.size();
    left_ -= piece.size();
    return piece;
}

void MemberReader::move_to(std::span<char> room) {
    ENVPM_ASSERT(room.size() >= least_room_bytes);
    room_ = room;
    first_ = {};
}

void MemberReader::check_end() const {
    const std::uint64_t behind = offset_ + left_;
    std::array<char, longest_gap> room{};
    const std::span<char> gap =
        std::span(room).first(std::min<std::uint64_t>(room.size(), end_offset_ - behind));
    archive_.read(behind, gap);
    check_zip_gap({gap.data(), gap.size()}, member_, archive_.label());
}

namespace {

std::uint64_t size_of(const Fd& file, const std::string& label) {
    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        throw_system_error("cannot read an archive", label, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

ZipDirectoryPlace find_directory(const Fd& file, std::uint64_t size_bytes,
                                 const std::string& label) {
    std::string tail(std::min(size_bytes, OpenArchive::tail_bytes), '\0');
    read_all_at(file.get(), size_bytes - tail.size(), tail, label);
    return find_zip_directory(tail, size_bytes, label);
}

ZipDirectory read_directory(const Fd& file, std::uint64_t size_bytes, const std::string& label) {
    const ZipDirectoryPlace place = find_directory(file, size_bytes, label);
    std::string directory(place.size_bytes, '\0');
    read_all_at(file.get(), place.offset, directory, label);
    return {place.offset, parse_zip_directory(directory, place, label)};
}

RelativePath path_of(const ZipMember& member) {
    std::string_view name = member.name;
    if (member.is_folder()) {
        name.remove_suffix(1);
    }
    RelativePath path = RelativePath::parse(name);
    if (std::count(name.begin(), name.end(), '/') > deepest) {
        throw Error({"a path of more than 64 folders is refused", path.string(), {}},
                    ExitCode::integrity);
    }
    return path;
}

void check_mode(const ZipMember& member, const RelativePath& path) {
    const std::uint32_t type = member.unix_mode & S_IFMT;
    const std::uint32_t expected = member.is_folder() ? S_IFDIR : S_IFREG;
    if (type != 0 && type != expected) {
        throw Error({"a member is neither a file nor a folder, or not the one that its name says",
                     path.string(),
                     {}},
                    ExitCode::integrity);
    }
    // On folders, which are not kept, a build directory's own bits mean nothing.
    if (!member.is_folder() && (member.unix_mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0) {
        throw Error(
            {"a file with a set-user, set-group or sticky bit is refused", path.string(), {}},
            ExitCode::integrity);
    }
}

/// No file may be the folder of another.
void check_names(const std::vector<ArchiveFile>& files, const std::vector<ArchiveFile>& folders) {
    std::unordered_set<std::string_view> known;
    const auto learn = [&known](std::string_view folder) {
        while (!folder.empty() && known.insert(folder).second) {
            folder = parent_of(folder);
        }
    };
    for (const ArchiveFile& file : files) {
        learn(parent_of(file.member.name));
    }
    for (const ArchiveFile& folder : folders) {
        learn(parent_of(folder.member.name)); // the name ends with a slash
    }
    for (const ArchiveFile& file : files) {
        if (known.contains(file.member.name)) {
            throw Error({"a path is a file and a folder", file.member.name, {}},
                        ExitCode::integrity);
        }
    }
}

/// Empty at the top.
std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return path.substr(0, slash == std::string_view::npos ? 0 : slash);
}

} // namespace

} // namespace envpm::store
