#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// Writes the blocks of a subdir as one file that is read by name without reading the rest
/// (docs/conda-index.md).
class IndexWriter {
  public:
    /// Takes the file's bytes in order, in large pieces.
    using Sink = std::function<void(std::string_view)>;

    explicit IndexWriter(Sink sink);

    /// In any order; a name may have several blocks.
    void add(std::string_view name, std::string_view block);

    /// Writes the directory; gives what IndexView::digest gives. Call it once, at the end.
    std::string finish();

  private:
    struct Entry {
        std::string name;
        std::uint64_t offset = 0;
        std::uint32_t size_bytes = 0;
        std::uint32_t crc32 = 0;
    };

    void write(std::string_view bytes);

    Sink sink_;
    std::string pending_;
    std::uint64_t offset_ = 0;
    std::vector<Entry> entries_;
};

/// Reads an index file that IndexWriter wrote. Does not copy: `bytes` must outlive it. Opening
/// checks the directory; a block is checked when it is asked for, so that what is not needed is not
/// read.
class IndexView {
  public:
    /// Nothing if it is damaged, cut short, or of another version.
    static std::optional<IndexView> open(std::string_view bytes);

    /// How many blocks there are; they are in the order of their names.
    [[nodiscard]] std::size_t size() const { return count_; }

    [[nodiscard]] std::string_view name(std::size_t index) const;

    /// The first block of the name and the one behind its last.
    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
    };

    [[nodiscard]] Range find(std::string_view name) const;

    /// Nothing if it is damaged.
    [[nodiscard]] std::optional<std::string_view> block(std::size_t index) const;

    /// A digest of the directory and so, as that has all checksums, of the content.
    [[nodiscard]] std::string digest() const;

  private:
    IndexView() = default;

    [[nodiscard]] bool is_sound() const;

    std::string_view bytes_;
    std::string_view directory_;
    std::string_view names_;
    std::size_t count_ = 0;
};

/// An index file of the cache, mapped. Such a file is never changed, only replaced by another name
/// and removed, so what is mapped stays as it is.
class IndexFile {
  public:
    /// Nothing if there is none, or none that is sound.
    static std::optional<IndexFile> open(const std::filesystem::path& path);

    [[nodiscard]] const IndexView& view() const { return view_; }

  private:
    struct Unmap {
        std::size_t size_bytes = 0;

        void operator()(const char* bytes) const noexcept;
    };

    using Mapping = std::unique_ptr<const char, Unmap>;

    IndexFile(Mapping mapping, const IndexView& view)
        : mapping_(std::move(mapping)),
          view_(view) {}

    Mapping mapping_;
    IndexView view_;
};

} // namespace envpm::conda
