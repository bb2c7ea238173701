#include "base/assert.h"
#include "base/tar.h"
#include "fuzz.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace envpm::fuzz {

namespace {

constexpr std::size_t block = 512;

class TextSource : public ByteSource {
  public:
    explicit TextSource(std::string_view left)
        : left_(left) {}

    std::size_t read(std::span<std::byte> to) override {
        const std::size_t size = std::min(to.size(), left_.size());
        std::copy_n(std::as_bytes(std::span(left_)).begin(), size, to.begin());
        left_.remove_prefix(size);
        return size;
    }

  private:
    std::string_view left_;
};

/// Headers get the checksum that is right, else nothing behind it is ever reached.
std::string with_checksums(std::string_view input) {
    std::string text(input);
    for (std::size_t at = 0; at + block <= text.size(); at += block) {
        const std::size_t magic = at + 257;
        if (text.compare(magic, 5, "ustar") == 0) {
            text.replace(at + 148, 8, "        ");
            unsigned sum = 0;
            for (const char c : std::string_view(text).substr(at, block)) {
                sum += static_cast<unsigned char>(c);
            }
            text.replace(at + 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
        }
    }
    return text;
}

void read_all(std::string_view archive) {
    TextSource source(archive);
    TarReader reader(source, "a");
    std::uint64_t total = 0;
    while (const auto entry = reader.next()) {
        ENVPM_ASSERT(RelativePath::parse(entry->path.string()) == entry->path);
        ENVPM_ASSERT(entry->kind == TarKind::file || entry->size_bytes == 0);
        std::byte piece[100];
        std::uint64_t size = 0;
        while (const std::size_t got = reader.read(piece)) {
            size += got;
        }
        ENVPM_ASSERT(size == entry->size_bytes);
        total += size;
    }
    ENVPM_ASSERT(total <= archive.size());
}

} // namespace

/// A tar as it is, and with right checksums.
void read(std::string_view input) {
    for (const std::string& archive : {std::string(input), with_checksums(input)}) {
        static_cast<void>(if_accepted([&archive] {
            read_all(archive);
            return true;
        }));
    }
}

} // namespace envpm::fuzz
