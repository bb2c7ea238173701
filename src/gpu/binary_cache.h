#pragma once

#include "base/hash.h"
#include "base/thread_pool.h"
#include "gpu/binary.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

/// What is known of binaries, by the digest of their bytes, a file each: `ab/<hex>.json`. To read a
/// library again that another environment has too, or this one had before, costs nothing. Any
/// number of processes may use it; a file that is damaged or of another version counts as absent.
class BinaryCache {
  public:
    explicit BinaryCache(std::filesystem::path folder)
        : folder_(std::move(folder)) {}

    [[nodiscard]] std::optional<Binary> find(const Sha256& digest) const;

    /// A cache that cannot be written is no failure: the next audit reads the library again.
    void put(const Sha256& digest, const Binary& binary) const;

  private:
    [[nodiscard]] std::filesystem::path path_of(const Sha256& digest) const;

    std::filesystem::path folder_;
};

/// One file's text: JSON, its version in it.
std::string to_text(const Binary& binary);

/// Nothing for anything that `to_text` does not write.
std::optional<Binary> parse_binary(std::string_view text);

/// A file that may be a binary, to be looked at.
struct FileToRead {
    std::filesystem::path place;
    std::optional<Sha256> digest; ///< none: not known, so that nothing can be kept
    std::uint64_t size_bytes = 0; ///< that bytes of the digest have
};

/// What the file is: from the cache, else by reading it, which the cache then keeps. Nothing if it
/// is no binary. If its size is not that of its digest only its own bytes count. Throws an Error if
/// it cannot be opened.
std::optional<Binary> read_binary(const FileToRead& file, const BinaryCache& cache);

/// The same for each file, in their order, on all threads of the pool.
std::vector<std::optional<Binary>> read_binaries(const std::vector<FileToRead>& files,
                                                 const BinaryCache& cache, ThreadPool& pool);

} // namespace envpm::gpu
