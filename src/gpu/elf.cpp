#include "gpu/elf.h"

#include "gpu/elf_dynamic.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>

namespace envpm::gpu {

namespace {

constexpr std::size_t most_notes = 4096;

bool is_known(std::uint16_t machine);
std::uint64_t rounded_up(std::uint64_t size_bytes, std::uint64_t alignment);

} // namespace

bool Elf::is_one(std::string_view file) {
    Elf64_Ehdr header;
    if (file.size() < sizeof header || !file.starts_with(ELFMAG)) {
        return false;
    }
    std::memcpy(&header, file.data(), sizeof header);
    return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
           (header.e_type == ET_DYN || header.e_type == ET_EXEC) && is_known(header.e_machine);
}

Elf::Elf(std::string_view file, std::string subject)
    : bytes_(file, std::move(subject)) {
    const auto header = bytes_.read<Elf64_Ehdr>(0, "its header");
    machine_ = header.e_machine;
    if (header.e_phnum > 0 && header.e_phentsize != sizeof(Elf64_Phdr)) {
        bytes_.throw_damaged("its segments have headers of an unknown size");
    }
    read_segments(header.e_phoff, header.e_phnum);
    if (header.e_shoff == 0) {
        return;
    }
    if (header.e_shentsize != sizeof(Elf64_Shdr)) {
        bytes_.throw_damaged("its sections have headers of an unknown size");
    }
    // More than fits into the header stands in the first section (gABI chapter 4, "Sections").
    const auto first = bytes_.read<Elf64_Shdr>(header.e_shoff, "its table of sections");
    read_sections(header.e_shoff, header.e_shnum != 0 ? header.e_shnum : first.sh_size,
                  header.e_shstrndx != SHN_XINDEX ? header.e_shstrndx : first.sh_link);
}

void Elf::read_segments(std::uint64_t offset, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto header =
            bytes_.read<Elf64_Phdr>(offset + i * sizeof(Elf64_Phdr), "its table of segments");
        segments_.push_back({header.p_type, header.p_offset, header.p_filesz, header.p_vaddr});
        if (header.p_type == PT_LOAD) {
            bytes_.check(header.p_offset, header.p_filesz, "what is mapped");
        }
        has_interpreter_ = has_interpreter_ || header.p_type == PT_INTERP;
    }
}

void Elf::read_sections(std::uint64_t offset, std::size_t count, std::size_t names) {
    if (count > bytes_.size() / sizeof(Elf64_Shdr)) {
        bytes_.throw_damaged("its table of sections reaches beyond the end");
    }
    if (names >= count) { // so there is at least one
        bytes_.throw_damaged("the names of its sections are missing");
    }
    const std::string_view table =
        bytes_.slice(offset, count * sizeof(Elf64_Shdr), "its table of sections");
    std::vector<Elf64_Shdr> headers(count);
    std::memcpy(headers.data(), table.data(), table.size());
    const Bytes texts(
        bytes_.slice(headers[names].sh_offset, headers[names].sh_size, "its sections' names"),
        bytes_.subject());
    for (const Elf64_Shdr& header : headers) {
        if (header.sh_type == SHT_NULL) { // the first, whose fields mean other things
            sections_.emplace_back();
            continue;
        }
        sections_.push_back({texts.text(header.sh_name, "the name of a section"), header.sh_type,
                             header.sh_offset, header.sh_size, header.sh_addralign,
                             header.sh_link});
        if (header.sh_type != SHT_NOBITS) {
            bytes_.check(header.sh_offset, header.sh_size,
                         fmt::format("its section {}", sections_.back().name));
        }
    }
}

const ElfSection* Elf::find(std::string_view section) const {
    const auto found =
        std::find_if(sections_.begin(), sections_.end(), [&](const ElfSection& candidate) {
            return candidate.name == section && candidate.type != SHT_NOBITS;
        });
    return found == sections_.end() ? nullptr : &*found;
}

std::string_view Elf::content(const ElfSection& section) const {
    return section.type == SHT_NOBITS
               ? std::string_view()
               : bytes_.slice(section.offset, section.size_bytes, "a section");
}

std::optional<ElfDynamic> Elf::dynamic() const {
    return read_dynamic(bytes_, segments_);
}

/// `take` gets the symbol and what reads its name.
template <class Take> void Elf::for_each_symbol(Take take) const {
    for (const ElfSection& section : sections_) {
        if (section.type != SHT_DYNSYM) {
            continue;
        }
        if (section.link >= sections_.size()) {
            bytes_.throw_damaged("the names of its symbols are missing");
        }
        const Bytes table(content(section), bytes_.subject());
        const Bytes texts(content(sections_[section.link]), bytes_.subject());
        // The first one stands for no symbol.
        for (std::uint64_t at = sizeof(Elf64_Sym); at < table.size(); at += sizeof(Elf64_Sym)) {
            const auto symbol = table.read<Elf64_Sym>(at, "a symbol");
            take(symbol, [&] { return texts.text(symbol.st_name, "the name of a symbol"); });
        }
    }
}

std::vector<std::string_view> Elf::symbols(SymbolSide side) const {
    std::vector<std::string_view> names;
    for_each_symbol([&](const Elf64_Sym& symbol, const auto& name) {
        const bool is_weak = ELF64_ST_BIND(symbol.st_info) == STB_WEAK;
        const bool is_undefined = symbol.st_shndx == SHN_UNDEF;
        if (side == SymbolSide::exported ? !is_undefined : is_undefined && !is_weak) {
            names.push_back(name());
        }
    });
    return names;
}

std::string_view Elf::object(std::string_view wanted) const {
    std::string_view bytes;
    for_each_symbol([&](const Elf64_Sym& symbol, const auto& name) {
        if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT ||
            !bytes.empty() || name() != wanted) {
            return;
        }
        const auto segment =
            std::find_if(segments_.begin(), segments_.end(), [&](const ElfSegment& candidate) {
                return candidate.type == PT_LOAD && symbol.st_value >= candidate.address &&
                       symbol.st_value - candidate.address < candidate.size_bytes;
            });
        if (segment != segments_.end()) {
            const std::uint64_t within = symbol.st_value - segment->address;
            bytes =
                bytes_.slice(segment->offset + within,
                             std::min(symbol.st_size, segment->size_bytes - within), "an object");
        }
    });
    return bytes;
}

std::vector<ElfNote> Elf::notes() const {
    std::vector<ElfNote> notes;
    for (const ElfSection& section : sections_) {
        if (section.type != SHT_NOTE) {
            continue;
        }
        const Bytes bytes(content(section), bytes_.subject());
        const std::uint64_t alignment = section.alignment == 8 ? 8 : 4;
        for (std::uint64_t at = 0; at < bytes.size() && notes.size() < most_notes;) {
            const auto header = bytes.read<Elf64_Nhdr>(at, "a note");
            at += sizeof header;
            const std::string_view owner = bytes.slice(at, header.n_namesz, "a note's owner");
            at = rounded_up(at + header.n_namesz, alignment);
            const std::string_view content = bytes.slice(at, header.n_descsz, "a note's content");
            at = rounded_up(at + header.n_descsz, alignment);
            notes.push_back(
                {section.name, owner.substr(0, owner.find('\0')), header.n_type, content});
        }
    }
    return notes;
}

namespace {

bool is_known(std::uint16_t machine) {
    return machine == EM_X86_64 || machine == EM_AARCH64;
}

std::uint64_t rounded_up(std::uint64_t size_bytes, std::uint64_t alignment) {
    return (size_bytes + alignment - 1) / alignment * alignment;
}

} // namespace

} // namespace envpm::gpu
