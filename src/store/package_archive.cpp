#include "store/package_archive.h"

#include "base/error.h"
#include "base/files.h"
#include "base/inflate.h"
#include "base/json.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace envpm::store {

namespace {

constexpr std::string_view conda_suffix = ".conda";
constexpr std::string_view tar_suffix = ".tar.bz2";
constexpr std::int64_t known_format = 2;

const ArchiveFile& stored_member(const OpenArchive& zip, const std::string& name,
                                 const std::string& label);
Decompressor::Pieces pieces_of(const OpenArchive& zip, const ArchiveFile& member);
Decompressor::Pieces pieces_of(const std::filesystem::path& file);
Decompressor::Pieces with_crc_check(Decompressor::Pieces pieces, std::uint32_t expected,
                                    std::string name, std::string label);
std::string text_of(const Decompressor::Pieces& pieces, std::size_t limit);
void check_metadata(std::string_view text, const std::string& label);

[[noreturn]] void refuse(std::string what, const std::string& label) {
    throw Error({std::move(what), label, {}}, ExitCode::integrity);
}

} // namespace

bool is_conda_package(std::string_view file_name) {
    return file_name.ends_with(conda_suffix) || file_name.ends_with(tar_suffix);
}

PackageArchive::PackageArchive(const std::filesystem::path& file, std::string_view file_name,
                               const std::string& label) {
    if (file_name.ends_with(conda_suffix)) {
        zip_ = std::make_unique<OpenArchive>(file, label);
        open_zip(file_name.substr(0, file_name.size() - conda_suffix.size()), label);
        return;
    }
    streams_.push_back({std::filesystem::file_size(file), pieces_of(file), Compression::bzip2,
                        PackagePart::all, std::string(file_name)});
}

void PackageArchive::open_zip(std::string_view stem, const std::string& label) {
    constexpr std::size_t members = 3;
    if (zip_->files().size() != members) {
        refuse(fmt::format("a .conda archive has three members, and this one {}",
                           zip_->files().size()),
               label);
    }
    constexpr std::size_t longest_metadata = 1U << 16U;
    const PackageStream metadata = member_stream("metadata.json", PackagePart::all, label);
    check_metadata(text_of(metadata.pieces, longest_metadata), label);
    streams_.push_back(
        member_stream(fmt::format("info-{}.tar.zst", stem), PackagePart::info, label));
    streams_.push_back(
        member_stream(fmt::format("pkg-{}.tar.zst", stem), PackagePart::content, label));
}

PackageStream PackageArchive::member_stream(const std::string& name, PackagePart part,
                                            const std::string& label) const {
    const ArchiveFile& file = stored_member(*zip_, name, label);
    return {file.member.size_bytes,
            with_crc_check(pieces_of(*zip_, file), file.member.crc32, name, label),
            Compression::zstd, part, name};
}

void PackageArchive::close() noexcept {
    streams_.clear();
    if (zip_) {
        zip_->close();
    }
}

namespace {

const ArchiveFile& stored_member(const OpenArchive& zip, const std::string& name,
                                 const std::string& label) {
    const auto file =
        std::find_if(zip.files().begin(), zip.files().end(),
                     [&name](const ArchiveFile& one) { return one.member.name == name; });
    if (file == zip.files().end()) {
        refuse(fmt::format("a .conda archive of that name must have a member `{}`", name), label);
    }
    if (file->member.method != 0) {
        refuse(fmt::format("the member `{}` of a .conda archive is compressed twice", name), label);
    }
    return *file;
}

/// Valid as long as the archive. What is around it is compared with the directory at once.
Decompressor::Pieces pieces_of(const OpenArchive& zip, const ArchiveFile& member) {
    const auto room = std::make_shared<std::vector<char>>(MemberReader::least_room_bytes);
    const auto reader =
        std::make_shared<MemberReader>(zip, member.member, member.end_offset, *room);
    reader->check_end();
    return [room, reader] { return reader->next(); };
}

Decompressor::Pieces pieces_of(const std::filesystem::path& file) {
    const auto open = std::make_shared<Fd>(open_file(file, O_RDONLY));
    const auto room = std::make_shared<std::vector<char>>(MemberReader::least_room_bytes);
    return [open, room, name = file.string()] {
        ssize_t size = 0;
        while ((size = ::read(open->get(), room->data(), room->size())) < 0 && errno == EINTR) {
        }
        if (size < 0) {
            throw_system_error("cannot read an archive", name, errno);
        }
        return std::string_view(room->data(), static_cast<std::size_t>(size));
    };
}

Decompressor::Pieces with_crc_check(Decompressor::Pieces pieces, std::uint32_t expected,
                                    std::string name, std::string label) {
    return [pieces = std::move(pieces), expected, name = std::move(name), label = std::move(label),
            crc32 = std::uint32_t{0}]() mutable {
        const std::string_view piece = pieces();
        if (piece.empty() && crc32 != expected) {
            refuse(fmt::format("the checksum of the member `{}` is wrong", name), label);
        }
        crc32 = crc32_of(std::as_bytes(std::span(piece)), crc32);
        return piece;
    };
}

/// No more than `limit` bytes of it.
std::string text_of(const Decompressor::Pieces& pieces, std::size_t limit) {
    std::string text;
    for (std::string_view piece = pieces(); !piece.empty() && text.size() < limit;
         piece = pieces()) {
        text += piece.substr(0, limit - text.size());
    }
    return text;
}

void check_metadata(std::string_view text, const std::string& label) {
    std::int64_t version = 0;
    try {
        version = parse_json(text, label).number("conda_pkg_format_version");
    } catch (const Error& fault) {
        refuse("`metadata.json` cannot be read: " + fault.text().what, label);
    }
    if (version != known_format) {
        refuse(fmt::format("conda package format {} is not known", version), label);
    }
}

} // namespace

} // namespace envpm::store
