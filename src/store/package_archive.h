#pragma once

#include "base/decompress.h"
#include "store/mapped_file.h"
#include "store/open_archive.h"

#include <filesystem>
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
    std::string_view bytes; ///< of the mapped archive
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

    [[nodiscard]] const MappedFile& map() const { return map_; }

    /// Nothing of it will be read any more.
    void close() noexcept;

  private:
    void open_zip(const OpenArchive& zip, std::string_view stem);

    MappedFile map_;
    std::vector<PackageStream> streams_;
};

} // namespace envpm::store
