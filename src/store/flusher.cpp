#include "store/flusher.h"

#include "base/handle.h"

#include <fcntl.h>

namespace envpm::store {

namespace {

/// Each holds a descriptor.
constexpr int most_queued = 64;

} // namespace

void Flusher::begin(int file, std::uint64_t offset, std::uint64_t bytes) {
    if (queued_ >= most_queued) {
        return;
    }
    Fd kept(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    if (!kept) {
        return;
    }
    ++queued_;
    thread_.post([this, descriptor = kept.release(), offset, bytes] {
        const Fd owned(descriptor);
        ::sync_file_range(owned.get(), static_cast<off64_t>(offset), static_cast<off64_t>(bytes),
                          SYNC_FILE_RANGE_WRITE);
        --queued_;
    });
}

} // namespace envpm::store
