#include "realize/relocated_file.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>

namespace envpm::realize {

namespace {

/// A file's bytes. Not mapped: a disk that cannot give them would end the process.
class Bytes {
  public:
    Bytes(const Fd& file, const std::string& subject);

    [[nodiscard]] std::span<char> bytes() { return {start_.get(), size_}; }

    [[nodiscard]] std::string_view view() const { return {start_.get(), size_}; }

  private:
    std::size_t size_ = 0;
    std::unique_ptr<char[]> start_; // NOLINT: a string would be filled with zeros first
};

std::size_t size_of(const Fd& file, const std::string& subject);
void place_unchanged(const Placer& placer, const LayoutEntry& entry, int folder,
                     const std::string& name);

} // namespace

PlacedFile place_relocated(const Placer& placer, const LayoutEntry& entry, int folder,
                           const std::string& prefix) {
    const auto& file = std::get<RelocatedFile>(entry.content);
    const std::string name(entry.path.filename());
    try {
        Bytes object(placer.open_object(entry, file.object), entry.path.string());
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
            fmt::format("while placing `{}` of {}", entry.path.string(), entry.owner));
        throw;
    }
}

Sha256 digest_before_replacement(const std::filesystem::path& file, const PlaceholderUse& use,
                                 const std::string& prefix) {
    Bytes content(open_file(file, O_RDONLY | O_NOFOLLOW), file.string());
    if (use.mode == PlaceholderMode::text) {
        return sha256_of(undo_in_text(content.view(), use, prefix));
    }
    undo_in_binary(content.bytes(), use, prefix);
    return sha256_of(content.view());
}

namespace {

Bytes::Bytes(const Fd& file, const std::string& subject)
    : size_(size_of(file, subject)),
      start_(std::make_unique_for_overwrite<char[]>(size_)) { // NOLINT: as above
    std::size_t filled = 0;
    while (filled < size_) {
        const ssize_t got =
            ::pread(file.get(), start_.get() + filled, size_ - filled, static_cast<off_t>(filled));
        if (got == 0) {
            throw Error({"a file became shorter while it was read", subject, {}});
        }
        if (got < 0 && errno != EINTR) {
            throw_system_error("cannot read a file", subject, errno);
        }
        filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
}

std::size_t size_of(const Fd& file, const std::string& subject) {
    struct stat status {};

    if (::fstat(file.get(), &status) != 0) {
        throw_system_error("cannot read a file", subject, errno);
    }
    return static_cast<std::size_t>(status.st_size);
}

void place_unchanged(const Placer& placer, const LayoutEntry& entry, int folder,
                     const std::string& name) {
    LayoutEntry object = entry;
    object.content = std::get<RelocatedFile>(entry.content).object;
    placer.place_object(object, folder, name);
}

} // namespace

} // namespace envpm::realize
