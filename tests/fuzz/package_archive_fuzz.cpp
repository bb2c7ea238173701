#include "base/assert.h"
#include "base/handle.h"
#include "base/tar.h"
#include "fuzz.h"
#include "store/package_archive.h"

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::fuzz {

namespace {

constexpr std::uint64_t most_bytes = 4U << 20U;

/// A file that is nowhere on a disk.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view content)
        : file_(::memfd_create("package", MFD_CLOEXEC)) {
        ENVPM_ASSERT(::write(file_.get(), content.data(), content.size()) ==
                     static_cast<ssize_t>(content.size()));
    }

    [[nodiscard]] std::filesystem::path path() const {
        return "/proc/self/fd/" + std::to_string(file_.get());
    }

  private:
    Fd file_;
};

void read_all(const store::PackageArchive& archive);

} // namespace

/// A first line that is the file's name (`demo-1.0-0.conda`), then the archive: container,
/// compression and tar, as an install reads them.
void read(std::string_view input) {
    const auto [name, content] = first_line(input);
    if (!store::is_conda_package(name)) {
        return;
    }
    const MemoryFile file(content);
    try {
        read_all(store::PackageArchive(file.path(), name, "a"));
    } catch (const Error& error) {
        ENVPM_ASSERT(error.code() == ExitCode::integrity);
    }
}

namespace {

void read_all(const store::PackageArchive& archive) {
    for (const store::PackageStream& stream : archive.streams()) {
        Decompressor bytes(stream.compression, stream.pieces, most_bytes, "a");
        TarReader reader(bytes, "a");
        std::vector<std::byte> piece(1U << 12U);
        while (const auto entry = reader.next()) {
            ENVPM_ASSERT(RelativePath::parse(entry->path.string()) == entry->path);
            std::uint64_t size = 0;
            while (const std::size_t got = reader.read(piece)) {
                size += got;
            }
            ENVPM_ASSERT(size == entry->size_bytes && size <= most_bytes);
        }
    }
}

} // namespace

} // namespace envpm::fuzz
