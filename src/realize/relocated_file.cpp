#include "realize/relocated_file.h"

#include "base/error.h"
#include "base/files.h"
#include "base/read_at.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <vector>

namespace envpm::realize {

namespace {

/// A file's bytes, which may be changed here without changing the file. They are mapped, so that
/// only changed pages take memory, after all of them were read once: a page that the disk cannot
/// give is an Error then, and not a signal that ends the process.
class PrivateBytes {
  public:
    PrivateBytes(const Fd& file, const std::string& subject);
    PrivateBytes(const PrivateBytes&) = delete;
    PrivateBytes& operator=(const PrivateBytes&) = delete;
    PrivateBytes(PrivateBytes&&) = delete;
    PrivateBytes& operator=(PrivateBytes&&) = delete;
    ~PrivateBytes();

    [[nodiscard]] std::span<char> bytes() const { return {static_cast<char*>(start_), size_}; }

    [[nodiscard]] std::string_view view() const { return {static_cast<char*>(start_), size_}; }

  private:
    void* start_ = nullptr;
    std::size_t size_ = 0;
};

void read_through(const Fd& file, const std::string& subject);
void place_unchanged(const Placer& placer, const LayoutEntry& entry, int folder,
                     const std::string& name);

} // namespace

PlacedFile place_relocated(const Placer& placer, const LayoutEntry& entry, int folder,
                           const std::string& prefix) {
    const RelocatedFile& file = *std::get<Boxed<RelocatedFile>>(entry.content);
    const std::string name(entry.path.filename());
    try {
        const PrivateBytes object(placer.open_object(entry, file.object), entry.path.string());
        PlaceholderUse use;
        std::string text;
        std::string_view content = object.view();
        if (file.mode == PlaceholderMode::text) {
            ReplacedText replaced = replace_in_text(content, file.placeholder, prefix);
            use = std::move(replaced.use);
            text = std::move(replaced.text);
            content = text;
        } else {
            use = replace_in_binary(object.bytes(), file.placeholder, prefix);
        }
        if (use.is_none()) {
            place_unchanged(placer, entry, folder, name);
            return {file.object.object, file.object.size_bytes, std::move(use)};
        }
        Placer::place_text(content, entry, folder, name);
        return {sha256_of(content), content.size(), std::move(use)};
    } catch (Error& failure) {
        failure.add_context(
            fmt::format("while placing `{}` of {}", entry.path.string(), entry.owner.string()));
        throw;
    }
}

Sha256 digest_before_replacement(const std::filesystem::path& file, const PlaceholderUse& use,
                                 const std::string& prefix) {
    const PrivateBytes content(open_file(file, O_RDONLY | O_NOFOLLOW), file.string());
    if (use.mode == PlaceholderMode::text) {
        return sha256_of(undo_in_text(content.view(), use, prefix));
    }
    undo_in_binary(content.bytes(), use, prefix);
    return sha256_of(content.view());
}

namespace {

PrivateBytes::PrivateBytes(const Fd& file, const std::string& subject) {
    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        throw_system_error("cannot read a file", subject, errno);
    }
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ == 0) {
        return; // nothing can be mapped
    }
    read_through(file, subject);
    void* start = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
    if (start == MAP_FAILED) {
        throw_system_error("cannot read a file", subject, errno);
    }
    start_ = start;
}

PrivateBytes::~PrivateBytes() {
    if (start_ != nullptr) {
        ::munmap(start_, size_);
    }
}

void read_through(const Fd& file, const std::string& subject) {
    std::vector<std::byte> piece(256U << 10U);
    BytesRead read{piece.size()};
    for (std::uint64_t at = 0; read.count == piece.size(); at += read.count) {
        read = read_at(file.get(), at, piece);
        if (read.error_number != 0) {
            throw_system_error("cannot read a file", subject, read.error_number);
        }
    }
}

void place_unchanged(const Placer& placer, const LayoutEntry& entry, int folder,
                     const std::string& name) {
    LayoutEntry object = entry;
    object.content = std::get<Boxed<RelocatedFile>>(entry.content)->object;
    placer.place_object(object, folder, name);
}

} // namespace

} // namespace envpm::realize
