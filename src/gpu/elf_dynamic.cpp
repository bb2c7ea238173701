#include "gpu/elf_dynamic.h"

#include <elf.h>

#include <algorithm>
#include <map>

namespace envpm::gpu {

namespace {

/// Far above what linkers write; a damaged file may claim that each of its bytes begins one.
constexpr std::size_t most_versions = 65536;
constexpr std::size_t longest_version = 256;

/// One dynamic section being read: all places in it are addresses.
class Reader {
  public:
    Reader(const Bytes& file, const std::vector<ElfSegment>& segments)
        : file_(file),
          segments_(segments) {}

    ElfDynamic read(const ElfSegment& dynamic);

  private:
    [[nodiscard]] std::uint64_t offset_of(std::uint64_t address) const;
    [[nodiscard]] std::string_view string_table() const;
    [[nodiscard]] std::string text(std::uint64_t offset) const;
    [[nodiscard]] std::optional<std::string> text_of(std::int64_t tag) const;
    [[nodiscard]] std::vector<NeededVersion> needed_versions() const;
    [[nodiscard]] std::vector<std::string> defined_versions() const;
    [[nodiscard]] std::uint64_t next(std::uint64_t at, std::uint64_t step,
                                     std::uint64_t smallest) const;
    [[nodiscard]] std::string version_text(std::uint64_t offset) const;
    void check_count(std::size_t count) const;

    const Bytes& file_;
    const std::vector<ElfSegment>& segments_;
    std::map<std::int64_t, std::uint64_t> values_; ///< of the last entry of each tag
    std::optional<Bytes> strings_;
};

} // namespace

std::optional<ElfDynamic> read_dynamic(const Bytes& file, const std::vector<ElfSegment>& segments) {
    const auto dynamic = std::find_if(segments.begin(), segments.end(), [](const auto& segment) {
        return segment.type == PT_DYNAMIC && segment.size_bytes > 0;
    });
    if (dynamic == segments.end()) {
        return std::nullopt;
    }
    return Reader(file, segments).read(*dynamic);
}

namespace {

ElfDynamic Reader::read(const ElfSegment& dynamic) {
    const Bytes entries(file_.slice(dynamic.offset, dynamic.size_bytes, "its dynamic section"),
                        file_.subject());
    std::vector<std::uint64_t> needed;
    for (std::uint64_t at = 0; at < entries.size(); at += sizeof(Elf64_Dyn)) {
        const auto entry = entries.read<Elf64_Dyn>(at, "an entry of its dynamic section");
        if (entry.d_tag == DT_NULL) {
            break;
        }
        if (entry.d_tag == DT_NEEDED) {
            needed.push_back(entry.d_un.d_val);
        }
        values_[entry.d_tag] = entry.d_un.d_val;
    }
    strings_.emplace(string_table(), file_.subject());
    ElfDynamic found;
    found.soname = text_of(DT_SONAME).value_or("");
    for (const std::uint64_t offset : needed) {
        found.needed.push_back(text(offset));
    }
    found.rpath = text_of(DT_RPATH);
    found.runpath = text_of(DT_RUNPATH);
    found.needed_versions = needed_versions();
    found.defined_versions = defined_versions();
    return found;
}

std::uint64_t Reader::offset_of(std::uint64_t address) const {
    for (const ElfSegment& segment : segments_) {
        if (segment.type == PT_LOAD && address >= segment.address &&
            address - segment.address < segment.size_bytes) {
            return segment.offset + (address - segment.address);
        }
    }
    file_.throw_damaged("its dynamic section names a place that is not mapped");
}

std::string_view Reader::string_table() const {
    const auto table = values_.find(DT_STRTAB);
    const auto size = values_.find(DT_STRSZ);
    if (table == values_.end() || size == values_.end()) {
        return {};
    }
    return file_.slice(offset_of(table->second), size->second, "its table of strings");
}

std::string Reader::text(std::uint64_t offset) const {
    return std::string(strings_->text(offset, "a string of its dynamic section"));
}

std::optional<std::string> Reader::text_of(std::int64_t tag) const {
    const auto value = values_.find(tag);
    return value == values_.end() ? std::nullopt : std::optional(text(value->second));
}

std::vector<NeededVersion> Reader::needed_versions() const {
    std::vector<NeededVersion> versions;
    const auto table = values_.find(DT_VERNEED);
    const auto count = values_.find(DT_VERNEEDNUM);
    if (table == values_.end() || count == values_.end()) {
        return versions;
    }
    std::uint64_t at = offset_of(table->second);
    for (std::uint64_t i = 0; i < count->second; ++i) {
        const auto library = file_.read<Elf64_Verneed>(at, "the versions that it needs");
        const std::string name = version_text(library.vn_file);
        std::uint64_t part = at + library.vn_aux;
        for (std::uint32_t j = 0; j < library.vn_cnt; ++j) {
            const auto version = file_.read<Elf64_Vernaux>(part, "a version that it needs");
            versions.push_back(
                {name, version_text(version.vna_name), (version.vna_flags & VER_FLG_WEAK) != 0});
            check_count(versions.size());
            if (version.vna_next == 0) {
                break;
            }
            part = next(part, version.vna_next, sizeof version);
        }
        if (library.vn_next == 0) {
            break;
        }
        at = next(at, library.vn_next, sizeof library);
    }
    std::sort(versions.begin(), versions.end());
    return versions;
}

std::vector<std::string> Reader::defined_versions() const {
    std::vector<std::string> versions;
    const auto table = values_.find(DT_VERDEF);
    const auto count = values_.find(DT_VERDEFNUM);
    if (table == values_.end() || count == values_.end()) {
        return versions;
    }
    std::uint64_t at = offset_of(table->second);
    for (std::uint64_t i = 0; i < count->second; ++i) {
        const auto version = file_.read<Elf64_Verdef>(at, "the versions that it defines");
        if ((version.vd_flags & VER_FLG_BASE) == 0) {
            const auto name = file_.read<Elf64_Verdaux>(at + version.vd_aux,
                                                        "the name of a version that it defines");
            versions.push_back(version_text(name.vda_name));
            check_count(versions.size());
        }
        if (version.vd_next == 0) {
            break;
        }
        at = next(at, version.vd_next, sizeof version);
    }
    std::sort(versions.begin(), versions.end());
    return versions;
}

/// Forward, and by a whole entry at least, so that every walk ends.
std::uint64_t Reader::next(std::uint64_t at, std::uint64_t step, std::uint64_t smallest) const {
    if (step < smallest) {
        file_.throw_damaged("its symbol versions overlap");
    }
    return at + step;
}

std::string Reader::version_text(std::uint64_t offset) const {
    std::string name = text(offset);
    if (name.size() > longest_version) {
        file_.throw_damaged("the name of a symbol version is longer than any is");
    }
    return name;
}

void Reader::check_count(std::size_t count) const {
    if (count > most_versions) {
        file_.throw_damaged("it has more symbol versions than any library has");
    }
}

} // namespace

} // namespace envpm::gpu
