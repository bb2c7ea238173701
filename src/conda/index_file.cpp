#include "conda/index_file.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/inflate.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

namespace envpm::conda {

namespace {

/// The kind of file and its version, which is also that of the blocks. The file begins with it.
constexpr std::string_view magic = "envpmci1";
constexpr std::size_t piece_bytes = std::size_t{256} << 10U;

/// The file ends with this.
struct FileEnd {
    std::uint64_t directory_offset = 0;
    std::uint32_t blocks = 0;
    std::uint32_t crc32 = 0; ///< of all from the directory on, but for itself
};

/// The directory has one of these for each block, in the order of their names' bytes; then come the
/// names, each where the one before ends.
struct DirectoryEntry {
    std::uint64_t offset = 0;
    std::uint32_t size_bytes = 0;
    std::uint32_t crc32 = 0;
    std::uint32_t name_end = 0;
    std::uint32_t unused = 0;
};

static_assert(sizeof(FileEnd) == 16 && sizeof(DirectoryEntry) == 24);

std::uint32_t crc_of(std::string_view bytes, std::uint32_t before = 0);
std::uint32_t crc_of_directory(const FileEnd& end, std::string_view directory);
std::string digest_of(std::string_view directory);
DirectoryEntry entry_at(std::string_view directory, std::size_t index);

} // namespace

IndexWriter::IndexWriter(Sink sink)
    : sink_(std::move(sink)) {
    write(magic);
}

void IndexWriter::add(std::string_view name, std::string_view block) {
    ENVPM_ASSERT(block.size() <= std::numeric_limits<std::uint32_t>::max());
    entries_.push_back(
        {std::string(name), offset_, static_cast<std::uint32_t>(block.size()), crc_of(block)});
    write(block);
}

std::string IndexWriter::finish() {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& one, const Entry& other) { return one.name < other.name; });
    FileEnd end;
    end.directory_offset = offset_;
    end.blocks = static_cast<std::uint32_t>(entries_.size());
    std::string names;
    std::string directory;
    directory.reserve(entries_.size() * sizeof(DirectoryEntry));
    for (const Entry& entry : entries_) {
        names += entry.name;
        const DirectoryEntry packed{entry.offset, entry.size_bytes, entry.crc32,
                                    static_cast<std::uint32_t>(names.size()), 0};
        directory.append(reinterpret_cast<const char*>(&packed), sizeof(packed));
    }
    directory += names;
    end.crc32 = crc_of_directory(end, directory);
    write(directory);
    write({reinterpret_cast<const char*>(&end), sizeof(end)});
    sink_(pending_);
    return digest_of(directory);
}

/// Hands on in whole pieces: the kernel copies them fastest.
void IndexWriter::write(std::string_view bytes) {
    offset_ += bytes.size();
    pending_ += bytes;
    std::size_t done = 0;
    for (; pending_.size() - done >= piece_bytes; done += piece_bytes) {
        sink_(std::string_view(pending_).substr(done, piece_bytes));
    }
    pending_.erase(0, done);
}

std::optional<IndexView> IndexView::open(std::string_view bytes) {
    FileEnd end;
    if (bytes.size() < magic.size() + sizeof(end) || !bytes.starts_with(magic)) {
        return std::nullopt;
    }
    std::memcpy(&end, bytes.data() + bytes.size() - sizeof(end), sizeof(end));
    bytes.remove_suffix(sizeof(end));
    if (end.directory_offset < magic.size() || end.directory_offset > bytes.size()) {
        return std::nullopt;
    }
    const std::string_view directory = bytes.substr(end.directory_offset);
    const std::uint64_t entry_bytes = std::uint64_t{end.blocks} * sizeof(DirectoryEntry);
    if (entry_bytes > directory.size() || end.crc32 != crc_of_directory(end, directory)) {
        return std::nullopt;
    }
    IndexView view;
    view.bytes_ = bytes.substr(0, end.directory_offset);
    view.directory_ = directory;
    view.names_ = directory.substr(entry_bytes);
    view.count_ = end.blocks;
    return view.is_sound() ? std::optional(view) : std::nullopt;
}

/// A checksum can be right by intent: no place may lie outside, and the names must be in order.
bool IndexView::is_sound() const {
    std::uint32_t name_begin = 0;
    std::string_view before;
    for (std::size_t i = 0; i < count_; ++i) {
        const DirectoryEntry entry = entry_at(directory_, i);
        if (entry.name_end < name_begin || entry.name_end > names_.size() ||
            entry.offset < magic.size() || entry.offset > bytes_.size() ||
            entry.size_bytes > bytes_.size() - entry.offset) {
            return false;
        }
        const std::string_view here = names_.substr(name_begin, entry.name_end - name_begin);
        if (i > 0 && before > here) {
            return false;
        }
        before = here;
        name_begin = entry.name_end;
    }
    return name_begin == names_.size();
}

std::string_view IndexView::name(std::size_t index) const {
    ENVPM_ASSERT(index < count_);
    const std::uint32_t begin = index == 0 ? 0 : entry_at(directory_, index - 1).name_end;
    return names_.substr(begin, entry_at(directory_, index).name_end - begin);
}

IndexView::Range IndexView::find(std::string_view wanted) const {
    const auto first_not = [this](std::size_t begin, const auto& is_before) {
        std::size_t end = count_;
        while (begin < end) {
            const std::size_t middle = begin + (end - begin) / 2;
            if (is_before(name(middle))) {
                begin = middle + 1;
            } else {
                end = middle;
            }
        }
        return begin;
    };
    Range range;
    range.begin = first_not(0, [&](std::string_view name) { return name < wanted; });
    range.end = first_not(range.begin, [&](std::string_view name) { return name <= wanted; });
    return range;
}

std::optional<std::string_view> IndexView::block(std::size_t index) const {
    ENVPM_ASSERT(index < count_);
    const DirectoryEntry entry = entry_at(directory_, index);
    const std::string_view bytes = bytes_.substr(entry.offset, entry.size_bytes);
    return crc_of(bytes) == entry.crc32 ? std::optional(bytes) : std::nullopt;
}

std::string IndexView::digest() const {
    return digest_of(directory_);
}

std::optional<IndexFile> IndexFile::open(const std::filesystem::path& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

    struct stat status {};

    if (!file || ::fstat(file.get(), &status) != 0 || status.st_size <= 0) {
        return std::nullopt;
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    if (mapped == MAP_FAILED) {
        throw_system_error("cannot map a file", path.string(), errno);
    }
    Mapping mapping(static_cast<const char*>(mapped), Unmap{size});
    const std::optional<IndexView> view = IndexView::open({mapping.get(), size});
    return view ? std::optional(IndexFile(std::move(mapping), *view)) : std::nullopt;
}

void IndexFile::Unmap::operator()(const char* bytes) const noexcept {
    ::munmap(const_cast<char*>(bytes), size_bytes);
}

namespace {

std::uint32_t crc_of(std::string_view bytes, std::uint32_t before) {
    return crc32_of(std::as_bytes(std::span(bytes.data(), bytes.size())), before);
}

std::uint32_t crc_of_directory(const FileEnd& end, std::string_view directory) {
    const std::string_view fields(reinterpret_cast<const char*>(&end),
                                  sizeof(end) - sizeof(end.crc32));
    return crc_of(fields, crc_of(directory));
}

std::string digest_of(std::string_view directory) {
    Sha256Hasher hasher;
    hasher.update(magic);
    hasher.update(directory);
    return hasher.finish().hex();
}

DirectoryEntry entry_at(std::string_view directory, std::size_t index) {
    DirectoryEntry entry;
    std::memcpy(&entry, directory.data() + index * sizeof(entry), sizeof(entry));
    return entry;
}

} // namespace

} // namespace envpm::conda
