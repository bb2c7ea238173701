#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace envpm::store {

/// A whole file in memory, read-only; pages come from the page cache when they are touched.
class MappedFile {
  public:
    explicit MappedFile(const std::filesystem::path& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    ~MappedFile() { release(); }

    [[nodiscard]] std::string_view bytes() const {
        return {static_cast<const char*>(start_), size_};
    }

    /// Gives the pages of a part back to the system, which keeps them cached: what was read shall
    /// not count as this process's memory.
    void forget(std::string_view part) const noexcept;

    /// Unmaps; `bytes` is empty from then on.
    void release() noexcept;

  private:
    void* start_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace envpm::store
