#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace envpm::realize {

/// copy_file_range(2) from where both descriptors stand. Handed in, so that tests can have it fail.
using RangeCopy = ssize_t (*)(int from, int to, std::size_t size_bytes);

ssize_t copy_range(int from, int to, std::size_t size_bytes);

/// Copies what follows of a file of `size_bytes`, within the kernel as far as that can: some file
/// systems and kernels refuse (EXDEV, EINVAL, ENOSYS, EOPNOTSUPP …) or copy nothing and say that
/// it is the end (0, as some do of FUSE and /proc). The rest is then read and written. Throws an
/// Error that names `subject`. Whether it was `size_bytes` is for the caller to see.
void copy_bytes(int from, int to, std::uint64_t size_bytes, const std::string& subject,
                RangeCopy range_copy = copy_range);

/// Whether the kernel or a file system says that it cannot clone, link or copy a range here.
bool means_impossible(int error_number);

} // namespace envpm::realize
