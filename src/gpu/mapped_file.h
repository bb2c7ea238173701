#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace envpm::gpu {

/// A whole file as memory, for reading little of much: only the pages that are touched are read
/// from disk. Meant for files that do not change, as those of the store: one that another process
/// shortens meanwhile, or of which the disk cannot give a page (EIO), ends this one with SIGBUS. To
/// read them instead would cost what mapping saves: of gigabytes a few pages are looked at.
class MappedFile {
  public:
    /// Throws an Error that names the path.
    explicit MappedFile(const std::filesystem::path& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    MappedFile(MappedFile&&) = delete;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    /// Empty for an empty file. Read in no order, so that the system reads nothing ahead.
    [[nodiscard]] std::string_view bytes() const { return {data_, size_bytes_}; }

    /// From here on this part of `bytes` is read from its begin to its end.
    static void will_be_read_through(std::string_view part);

    /// The pages of this part of `bytes` do not count as this process's memory any more; what is
    /// touched again is read again, mostly from the system's cache. Never of other memory.
    static void give_back(std::string_view part);

  private:
    const char* data_ = nullptr;
    std::size_t size_bytes_ = 0;
};

} // namespace envpm::gpu
