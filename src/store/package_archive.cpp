#include "store/package_archive.h"

#include "base/error.h"
#include "base/inflate.h"
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::store {

namespace {

constexpr std::string_view conda_suffix = ".conda";
constexpr std::string_view tar_suffix = ".tar.bz2";
constexpr std::int64_t known_format = 2;

std::string_view stored_bytes(const MappedFile& map, const OpenArchive& zip,
                              const std::string& name);
void check_metadata(std::string_view text, const std::string& label);

[[noreturn]] void refuse(std::string what, const std::string& label) {
    throw Error({std::move(what), label, {}}, ExitCode::integrity);
}

} // namespace

bool is_conda_package(std::string_view file_name) {
    return file_name.ends_with(conda_suffix) || file_name.ends_with(tar_suffix);
}

PackageArchive::PackageArchive(const std::filesystem::path& file, std::string_view file_name,
                               const std::string& label)
    : map_(file) {
    if (file_name.ends_with(conda_suffix)) {
        open_zip(OpenArchive(file, label),
                 file_name.substr(0, file_name.size() - conda_suffix.size()));
    } else {
        streams_.push_back(
            {map_.bytes(), Compression::bzip2, PackagePart::all, std::string(file_name)});
    }
}

void PackageArchive::open_zip(const OpenArchive& zip, std::string_view stem) {
    constexpr std::size_t members = 3;
    if (zip.files().size() != members) {
        refuse(
            fmt::format("a .conda archive has three members, and this one {}", zip.files().size()),
            zip.label());
    }
    check_metadata(stored_bytes(map_, zip, "metadata.json"), zip.label());
    const std::string info = fmt::format("info-{}.tar.zst", stem);
    const std::string content = fmt::format("pkg-{}.tar.zst", stem);
    streams_.push_back({stored_bytes(map_, zip, info), Compression::zstd, PackagePart::info, info});
    streams_.push_back(
        {stored_bytes(map_, zip, content), Compression::zstd, PackagePart::content, content});
}

void PackageArchive::close() noexcept {
    streams_.clear();
    map_.release();
}

namespace {

std::string_view stored_bytes(const MappedFile& map, const OpenArchive& zip,
                              const std::string& name) {
    const auto file =
        std::find_if(zip.files().begin(), zip.files().end(),
                     [&name](const ArchiveFile& one) { return one.path.string() == name; });
    if (file == zip.files().end()) {
        refuse(fmt::format("a .conda archive of that name must have a member `{}`", name),
               zip.label());
    }
    const ZipMember& member = file->member;
    if (member.method != 0) {
        refuse(fmt::format("the member `{}` of a .conda archive is compressed twice", name),
               zip.label());
    }
    const std::string_view rest =
        map.bytes().substr(member.header_offset, file->end_offset - member.header_offset);
    const std::uint64_t header = check_zip_local_header(rest, member, zip.label());
    const std::string_view bytes = rest.substr(header, member.compressed_bytes);
    check_zip_gap(rest.substr(header + bytes.size()), member, zip.label());
    if (crc32_of(std::as_bytes(std::span(bytes.data(), bytes.size()))) != member.crc32) {
        refuse(fmt::format("the checksum of the member `{}` is wrong", name), zip.label());
    }
    return bytes;
}

void check_metadata(std::string_view text, const std::string& label) {
    constexpr std::size_t longest = 1U << 16U;
    std::int64_t version = 0;
    try {
        version = parse_json(text.substr(0, longest), label).number("conda_pkg_format_version");
    } catch (const Error& fault) {
        refuse("`metadata.json` cannot be read: " + fault.text().what, label);
    }
    if (version != known_format) {
        refuse(fmt::format("conda package format {} is not known", version), label);
    }
}

} // namespace

} // namespace envpm::store
