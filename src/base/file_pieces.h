#pragma once

#include "base/handle.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace envpm {

/// A file's bytes in order, in pieces that stay in a core's own cache. One thread at a time; each
/// function throws an Error that names the file.
class FilePieces {
  public:
    static constexpr std::size_t usual_bytes = 1U << 18U; ///< of a piece

    /// `most_bytes`: of a piece, 4096 at least; fewer where the beginning is all that is wanted.
    explicit FilePieces(const std::filesystem::path& path, std::size_t most_bytes = usual_bytes);

    /// The next bytes, which stay until the next call; none at the end.
    std::span<const std::byte> next();

  private:
    struct FreeRoom {
        void operator()(std::byte* room) const noexcept;
    };

    std::filesystem::path path_;
    Fd file_;
    std::size_t expected_bytes_ = 0;
    bool is_regular_ = false;
    bool is_over_ = false;
    std::size_t piece_bytes_ = 0; ///< most of a piece
    std::size_t read_bytes_ = 0;
    std::unique_ptr<std::byte, FreeRoom> room_;
};

} // namespace envpm
