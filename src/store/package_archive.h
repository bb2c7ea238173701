#pragma once

#include "base/decompress.h"
#include "store/open_archive.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::store {

/// What a tar of a package may hold.
enum class PackagePart {
    all,
    info,    ///< `info/` and what is below it
    content, ///< all but that
};

/// A compressed tar of a package.
struct PackageStream {
    std::uint64_t size_bytes = 0;
    Decompressor::Pieces pieces; ///< once; throws an Error of code 6 at the end if its CRC is wrong
    Compression compression = Compression::zstd;
    PackagePart part = PackagePart::all;
    std::string name; ///< for messages
};

/// Whether a locked file of that name is a conda package.
bool is_conda_package(std::string_view file_name);

/// A conda package on disk: `.tar.bz2` is one stream, `.conda` (conda package format 2) a ZIP of
/// exactly `metadata.json`, `info-<name>.tar.zst` and `pkg-<name>.tar.zst`, all stored as they are,
/// where <name> is the file's. Opening throws an Error of code 6 for anything else.
class PackageArchive {
  public:
    PackageArchive(const std::filesystem::path& file, std::string_view file_name,
                   const std::string& label);

    /// `info` first.
    [[nodiscard]] const std::vector<PackageStream>& streams() const { return streams_; }

    /// Nothing of it will be read any more.
    void close() noexcept;

  private:
    void open_zip(std::string_view stem, const std::string& label);
    [[nodiscard]] PackageStream member_stream(const std::string& name, PackagePart part,
                                              const std::string& label) const;

    std::unique_ptr<OpenArchive> zip_; ///< of a `.conda`
    std::vector<PackageStream> streams_;
};

} // namespace envpm::store
