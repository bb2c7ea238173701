#include "gpu/mapped_file.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace envpm::gpu {

MappedFile::MappedFile(const std::filesystem::path& path) {
    const Fd file = open_file(path, O_RDONLY);

    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        throw_system_error("cannot be read", path.string(), errno);
    }
    if (status.st_size == 0) {
        return;
    }
    size_bytes_ = static_cast<std::size_t>(status.st_size);
    void* const data = ::mmap(nullptr, size_bytes_, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data == MAP_FAILED) { // NOLINT: the system's own spelling of -1
        throw_system_error("cannot be mapped", path.string(), errno);
    }
    ::madvise(data, size_bytes_, MADV_RANDOM);
    data_ = static_cast<const char*>(data);
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        ::munmap(const_cast<char*>(data_), size_bytes_); // NOLINT: munmap takes no const
    }
}

void MappedFile::give_back(std::string_view part) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto address = reinterpret_cast<std::uintptr_t>(part.data()); // NOLINT: to be rounded
    const std::size_t before = (page - address % page) % page;
    if (part.size() > before + page) {
        const std::size_t size = (part.size() - before) / page * page;
        ::madvise(const_cast<char*>(part.data()) + before, size, MADV_DONTNEED); // NOLINT
    }
}

void MappedFile::will_be_read_through(std::string_view part) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto address = reinterpret_cast<std::uintptr_t>(part.data()); // NOLINT: to be rounded
    const std::size_t before = address % page;
    ::madvise(const_cast<char*>(part.data()) - before, part.size() + before, // NOLINT
              MADV_SEQUENTIAL);
}

} // namespace envpm::gpu
