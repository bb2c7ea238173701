#include "store/open_archive.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <unordered_set>
#include <utility>

namespace envpm::store {

namespace {

constexpr std::ptrdiff_t deepest = 64;

std::vector<ZipMember> read_directory(std::string_view archive, const std::string& label,
                                      std::uint64_t& directory_offset);
std::string_view data_of(std::string_view archive, const ZipMember& member,
                         std::uint64_t end_offset, const std::string& label);
RelativePath path_of(const ZipMember& member);
void check_mode(const ZipMember& member, const RelativePath& path);
void check_folders(const std::vector<ArchiveFile>& files, const std::vector<RelativePath>& folders);

} // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
    const Fd file = open_file(path, O_RDONLY);

    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        throw_system_error("cannot read a file", path.string(), errno);
    }
    if (status.st_size == 0) {
        return;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (start == MAP_FAILED) {
        throw_system_error("cannot read a file", path.string(), errno);
    }
    start_ = start;
    size_ = size;
}

void MappedFile::forget(std::string_view part) const noexcept {
    constexpr std::size_t page = 4096;
    const auto first = static_cast<std::size_t>(part.data() - bytes().data());
    const std::size_t begin = first / page * page;
    const std::size_t end = (first + part.size()) / page * page;
    if (end > begin) {
        ::madvise(static_cast<char*>(start_) + begin, end - begin, MADV_DONTNEED);
    }
}

void MappedFile::release() noexcept {
    if (start_ != nullptr) {
        ::munmap(start_, size_);
    }
    start_ = nullptr;
    size_ = 0;
}

OpenArchive::OpenArchive(const std::filesystem::path& file, std::string label)
    : label_(std::move(label)),
      map_(file) {
    std::uint64_t end_offset = 0;
    std::vector<ZipMember> members = read_directory(map_.bytes(), label_, end_offset);
    std::vector<RelativePath> folders;
    files_.reserve(members.size());
    // Backwards, so that where the next one begins is known.
    for (std::size_t i = members.size(); i-- > 0;) {
        ZipMember& member = members[i];
        const std::uint64_t begin = member.header_offset;
        const RelativePath path = path_of(member);
        check_mode(member, path);
        if (member.is_folder()) {
            data_of(map_.bytes(), member, end_offset, label_);
            folders.push_back(path);
        } else {
            const bool is_executable = (member.unix_mode & 0111U) != 0;
            files_.push_back({path, std::move(member), end_offset, is_executable});
        }
        end_offset = begin;
    }
    check_folders(files_, folders);
    std::sort(files_.begin(), files_.end(),
              [](const ArchiveFile& a, const ArchiveFile& b) { return a.path < b.path; });
}

std::string_view OpenArchive::data(const ArchiveFile& file) const {
    return data_of(map_.bytes(), file.member, file.end_offset, label_);
}

namespace {

std::vector<ZipMember> read_directory(std::string_view archive, const std::string& label,
                                      std::uint64_t& directory_offset) {
    constexpr std::size_t longest_tail = (64U << 10U) + 98;
    const std::string_view tail =
        archive.substr(archive.size() - std::min(archive.size(), longest_tail));
    const ZipDirectoryPlace place = find_zip_directory(tail, archive.size(), label);
    directory_offset = place.offset;
    return parse_zip_directory(archive.substr(place.offset, place.size_bytes), place, label);
}

std::string_view data_of(std::string_view archive, const ZipMember& member,
                         std::uint64_t end_offset, const std::string& label) {
    const std::string_view all =
        archive.substr(member.header_offset, end_offset - member.header_offset);
    const std::uint64_t header = check_zip_local_header(all, member, label);
    if (member.compressed_bytes > all.size() - header) {
        throw Error({"a member's data runs into the next member",
                     fmt::format("{}, member `{}`", label, member.name),
                     {}},
                    ExitCode::integrity);
    }
    check_zip_gap(all.substr(header + member.compressed_bytes), member, label);
    return all.substr(header, member.compressed_bytes);
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
void check_folders(const std::vector<ArchiveFile>& files,
                   const std::vector<RelativePath>& folders) {
    std::unordered_set<std::string_view> known;
    const auto learn = [&known](std::string_view folder) {
        while (!folder.empty() && known.insert(folder).second) {
            const std::size_t slash = folder.rfind('/');
            folder = folder.substr(0, slash == std::string_view::npos ? 0 : slash);
        }
    };
    for (const ArchiveFile& file : files) {
        learn(file.path.parent());
    }
    for (const RelativePath& folder : folders) {
        learn(folder.string());
    }
    for (const ArchiveFile& file : files) {
        if (known.contains(file.path.string())) {
            throw Error({"a path is a file and a folder", file.path.string(), {}},
                        ExitCode::integrity);
        }
    }
}

} // namespace

} // namespace envpm::store
