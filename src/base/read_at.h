#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace envpm {

struct BytesRead {
    std::size_t count = 0;
    int error_number = 0; ///< why they are less than asked for; 0 at the file's end
};

/// pread(2) until `into` is full, the file ends or fails. A signal is no failure. For callers that
/// go on in another way where bytes are missing. The descriptor's own offset stays as it is.
BytesRead read_at(int descriptor, std::uint64_t offset, std::span<std::byte> into) noexcept;

/// As read_at, but all of `into`, or an Error that names `subject`.
void read_all_at(int descriptor, std::uint64_t offset, std::span<std::byte> into,
                 const std::string& subject);
void read_all_at(int descriptor, std::uint64_t offset, std::span<char> into,
                 const std::string& subject);

} // namespace envpm
