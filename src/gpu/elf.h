#pragma once

#include "gpu/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

/// A part of the file with a name. `size_bytes` of one without bytes in the file (`SHT_NOBITS`) is
/// what it takes in memory.
struct ElfSection {
    std::string_view name;
    std::uint32_t type = 0; ///< `SHT_…` of <elf.h>
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t alignment = 0;
    std::uint32_t link = 0; ///< a section that belongs to this one, such as its names
};

/// A part of the file that is mapped, or says where such a part is.
struct ElfSegment {
    std::uint32_t type = 0; ///< `PT_…` of <elf.h>
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0; ///< in the file
    std::uint64_t address = 0;
};

/// What a library needs of another by symbol version: "GLIBC_2.34" of `libc.so.6`.
struct NeededVersion {
    std::string library;
    std::string version;
    bool is_weak = false; ///< a loader goes on without it

    auto operator<=>(const NeededVersion&) const = default;
};

/// What the dynamic loader is told (gABI chapter 5, "Dynamic Section").
struct ElfDynamic {
    std::string soname; ///< empty: none
    std::vector<std::string> needed;
    std::optional<std::string> rpath;   ///< as it stands there: folders between colons
    std::optional<std::string> runpath; ///< likewise
    std::vector<NeededVersion> needed_versions;
    std::vector<std::string> defined_versions; ///< without the first, which is the file's own name
};

struct ElfNote {
    std::string_view section;
    std::string_view owner;
    std::uint32_t type = 0;
    std::string_view content;
};

enum class SymbolSide {
    undefined, ///< another file must have it; weak ones are left out
    exported,
};

/// An executable or shared library of a Linux that envpm knows: ELF, 64 bits, little-endian, for
/// x86-64 or aarch64 (gABI; symbol versions as the LSB has them). A strict reader: whatever does
/// not lie where the file says throws an Error of code 6 that names file and part. It looks into
/// the file that it was made from, which must outlive it; names and contents are parts of that.
class Elf {
  public:
    /// Whether the bytes begin as such a file does: others, object files and other machines'
    /// included, are no business of an audit.
    static bool is_one(std::string_view file);

    /// Of bytes that are one.
    Elf(std::string_view file, std::string subject);

    [[nodiscard]] bool is_executable() const { return has_interpreter_; }

    [[nodiscard]] std::uint16_t machine() const { return machine_; } ///< `EM_…` of <elf.h>

    [[nodiscard]] const std::vector<ElfSection>& sections() const { return sections_; }

    /// The first of that name; null if there is none or it has no bytes.
    [[nodiscard]] const ElfSection* find(std::string_view section) const;

    [[nodiscard]] std::string_view content(const ElfSection& section) const;

    /// Read from the segments, as the loader does: a file needs no sections. Nothing for a file
    /// that needs no loader.
    [[nodiscard]] std::optional<ElfDynamic> dynamic() const;

    /// Names of dynamic symbols, in the file's order; none if it has no section for them.
    [[nodiscard]] std::vector<std::string_view> symbols(SymbolSide side) const;

    /// The bytes of an exported object, such as a constant; empty if there is none of that name, or
    /// none of it in the file.
    [[nodiscard]] std::string_view object(std::string_view name) const;

    [[nodiscard]] std::vector<ElfNote> notes() const;

  private:
    template <class Take> void for_each_symbol(Take take) const;
    void read_segments(std::uint64_t offset, std::size_t count);
    void read_sections(std::uint64_t offset, std::size_t count, std::size_t names);

    Bytes bytes_;
    std::uint16_t machine_ = 0;
    bool has_interpreter_ = false;
    std::vector<ElfSection> sections_;
    std::vector<ElfSegment> segments_;
};

} // namespace envpm::gpu
