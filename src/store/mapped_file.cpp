#include "store/mapped_file.h"

#include "base/error.h"
#include "base/files.h"
#include "base/handle.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

namespace envpm::store {

MappedFile::MappedFile(const std::filesystem::path& path) {
    const Fd file = open_file(path, O_RDONLY);

    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        throw_system_error("cannot read a file", path.string(), errno);
    }
    if (status.st_size == 0) {
        return;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (start == MAP_FAILED) {
        throw_system_error("cannot read a file", path.string(), errno);
    }
    start_ = start;
    size_ = size;
}

void MappedFile::forget(std::string_view part) const noexcept {
    constexpr std::size_t page = 4096;
    const auto first = static_cast<std::size_t>(part.data() - bytes().data());
    const std::size_t begin = first / page * page;
    const std::size_t end = (first + part.size()) / page * page;
    if (end > begin) {
        ::madvise(static_cast<char*>(start_) + begin, end - begin, MADV_DONTNEED);
    }
}

void MappedFile::release() noexcept {
    if (start_ != nullptr) {
        ::munmap(start_, size_);
    }
    start_ = nullptr;
    size_ = 0;
}

} // namespace envpm::store
