#pragma once

#include "base/decompress.h"
#include "base/relative_path.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm {

enum class TarKind { file, folder, link, hard_link };

/// An entry of a tar archive. Owner, time, and of the mode all but "may be executed" are dropped.
struct TarEntry {
    RelativePath path;
    TarKind kind = TarKind::file;
    std::uint64_t size_bytes = 0; ///< of files
    bool is_executable = false;   ///< any of 0111
    std::string target;           ///< of links, as the archive has it
};

/// The tar format (POSIX.1-2017 pax interchange format, ustar, and GNU's long names) as packages
/// use it, read strictly from a stream. An Error of code 6 names the archive and, where it is
/// known, the entry for: a wrong checksum, a number that is none, an extended header that is
/// malformed or says twice the same, sizes that disagree between the headers, sparse files, devices
/// and pipes, names that are no RelativePath, links and folders with content, an archive that is
/// cut off or lacks its end, anything but zeros after that.
class TarReader {
  public:
    /// `source` outlives it. `subject` names the archive.
    TarReader(ByteSource& source, std::string subject);

    /// The next entry; nothing at the end. What of the last one was not read is skipped.
    std::optional<TarEntry> next();

    /// The content of the last entry, piece by piece; 0 at its end.
    std::size_t read(std::span<std::byte> to);

  private:
    struct Extended;
    struct Header;

    void skip_rest();
    bool read_block();
    void require_end();
    using ExtendedRecord = std::pair<std::string_view, std::string_view>; ///< key and value

    Extended read_extended(char type, std::uint64_t size_bytes);
    ExtendedRecord take_record(std::string_view& left) const;
    [[nodiscard]] Extended extended_of(const ExtendedRecord& record) const;
    std::string read_text(std::uint64_t size_bytes);
    void take(Extended& gathered, Extended more) const;
    TarEntry entry_of(const Header& header, const Extended& extended);
    void check_pax_size(const Header& header, const Extended& extended) const;
    [[noreturn]] void refuse(std::string what) const;

    ByteSource& source_;
    std::string subject_;
    std::vector<std::byte> block_;
    std::uint64_t left_bytes_ = 0;    ///< of the entry's content
    std::uint64_t padding_bytes_ = 0; ///< after it
    std::uint64_t entries_ = 0;
    bool is_at_end_ = false;
};

} // namespace envpm
