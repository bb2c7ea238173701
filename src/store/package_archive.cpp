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

std::string_view stored_bytes(const OpenArchive& zip, const std::string& name,
                              const std::string& label);
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
    file_ = std::make_unique<MappedFile>(file);
    streams_.push_back(
        {file_->bytes(), Compression::bzip2, PackagePart::all, std::string(file_name)});
}

void PackageArchive::open_zip(std::string_view stem, const std::string& label) {
    constexpr std::size_t members = 3;
    if (zip_->files().size() != members) {
        refuse(fmt::format("a .conda archive has three members, and this one {}",
                           zip_->files().size()),
               label);
    }
    check_metadata(stored_bytes(*zip_, "metadata.json", label), label);
    const std::string info = fmt::format("info-{}.tar.zst", stem);
    const std::string content = fmt::format("pkg-{}.tar.zst", stem);
    streams_.push_back(
        {stored_bytes(*zip_, info, label), Compression::zstd, PackagePart::info, info});
    streams_.push_back(
        {stored_bytes(*zip_, content, label), Compression::zstd, PackagePart::content, content});
}

void PackageArchive::close() noexcept {
    streams_.clear();
    if (zip_) {
        zip_->close();
    }
    if (file_) {
        file_->release();
    }
}

namespace {

std::string_view stored_bytes(const OpenArchive& zip, const std::string& name,
                              const std::string& label) {
    const auto file =
        std::find_if(zip.files().begin(), zip.files().end(),
                     [&name](const ArchiveFile& one) { return one.path.string() == name; });
    if (file == zip.files().end()) {
        refuse(fmt::format("a .conda archive of that name must have a member `{}`", name), label);
    }
    if (file->member.method != 0) {
        refuse(fmt::format("the member `{}` of a .conda archive is compressed twice", name), label);
    }
    const std::string_view bytes = zip.data(*file);
    if (crc32_of(std::as_bytes(std::span(bytes.data(), bytes.size()))) != file->member.crc32) {
        refuse(fmt::format("the checksum of the member `{}` is wrong", name), label);
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
