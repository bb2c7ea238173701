#include "gpu/fatbin.h"

#include "base/error.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace envpm::gpu {

namespace {

constexpr std::uint32_t magic = 0xBA55ED50;
constexpr std::size_t alignment = 8;

struct ContainerHeader {
    std::uint32_t magic;
    std::uint16_t version;
    std::uint16_t header_bytes;
    std::uint64_t size_bytes; ///< of what follows
};

struct EntryHeader {
    std::uint16_t kind;
    std::uint16_t version;
    std::uint32_t header_bytes; ///< later versions append to it
    std::uint64_t size_bytes;   ///< of what follows, as it is stored
    std::uint32_t compressed_bytes;
    std::uint32_t options_offset;
    std::uint16_t minor; ///< of PTX: its version
    std::uint16_t major;
    std::uint32_t capability; ///< 89, 120
    std::uint32_t name_offset;
    std::uint32_t name_bytes;
    std::uint64_t flags;
    std::uint64_t zero;
    std::uint64_t uncompressed_bytes;
};

static_assert(sizeof(ContainerHeader) == 16 && sizeof(EntryHeader) == 64);

constexpr std::uint16_t ptx_kind = 1;
constexpr std::uint16_t cubin_kind = 2;
constexpr std::uint64_t exact_flag = 0x100000;
constexpr std::uint64_t family_flag = 0x200000;

/// A container's images as they stand, and its length.
struct Container {
    std::vector<Image> images;
    bool has_kernels = false; ///< as far as is known without decompressing
    std::uint64_t size_bytes = 0;
};

Container read_container(const Bytes& bytes, std::uint64_t at);
Image image_of(const EntryHeader& entry, const Bytes& bytes);
bool may_have_kernels(const EntryHeader& entry, std::string_view code);
bool has_text(std::string_view cubin);
std::uint64_t skip_zeros(const Bytes& bytes, std::uint64_t at);
void add(Container container, std::uint64_t BinaryCode::Count::*place, BinaryCode& code);

} // namespace

void read_registered_containers(const Bytes& section, BinaryCode& code, const Passed& passed) {
    ForwardSearch search(section.slice(0, section.size(), "device code"), passed);
    std::uint64_t at = skip_zeros(section, 0);
    while (at < section.size()) {
        search.pass(at);
        Container container = read_container(section, at);
        at = skip_zeros(section, at + container.size_bytes);
        add(std::move(container), &BinaryCode::Count::registered, code);
    }
}

void find_loose_containers(std::string_view data, BinaryCode& code, const Passed& passed) {
    std::array<char, sizeof magic> wanted{};
    std::memcpy(wanted.data(), &magic, sizeof magic);
    const Bytes bytes(data, "");
    ForwardSearch search(data, passed);
    std::uint64_t at = 0;
    while (const auto found = search.find(at, {wanted.data(), wanted.size()})) {
        at = *found;
        try {
            Container container = read_container(bytes, at);
            at += container.size_bytes;
            add(std::move(container), &BinaryCode::Count::loose, code);
        } catch (const Error&) { // The number may occur for another reason.
            at += wanted.size();
        }
    }
}

namespace {

Container read_container(const Bytes& bytes, std::uint64_t at) {
    const auto header = bytes.read<ContainerHeader>(at, "a container of device code");
    if (header.magic != magic || header.version != 1 ||
        header.header_bytes < sizeof(ContainerHeader)) {
        bytes.throw_damaged("its device code is no container of a known version");
    }
    Container container;
    bytes.check(at, header.header_bytes, "a container of device code");
    const Bytes entries(
        bytes.slice(at + header.header_bytes, header.size_bytes, "a container of device code"),
        bytes.subject());
    container.size_bytes = header.header_bytes + header.size_bytes;
    bool has_cubin = false;
    for (std::uint64_t place = 0; place < entries.size();) {
        const auto entry = entries.read<EntryHeader>(place, "device code");
        if (entry.header_bytes < sizeof(EntryHeader)) {
            bytes.throw_damaged("the header of its device code is too short");
        }
        entries.check(place, entry.header_bytes, "device code");
        const std::string_view code =
            entries.slice(place + entry.header_bytes, entry.size_bytes, "device code");
        place += entry.header_bytes + entry.size_bytes;
        if (entry.kind == ptx_kind || entry.kind == cubin_kind) {
            container.images.push_back(image_of(entry, bytes));
            has_cubin = has_cubin || entry.kind == cubin_kind;
            container.has_kernels = container.has_kernels || may_have_kernels(entry, code);
        }
    }
    container.has_kernels = container.has_kernels || !has_cubin;
    return container;
}

/// nvcc writes a container for each source, kernels or not. A cubin without any is so small that it
/// is not compressed as a rule; larger ones are not looked into.
bool may_have_kernels(const EntryHeader& entry, std::string_view code) {
    constexpr std::uint64_t smallest_with_doubt = 4096;
    if (entry.kind != cubin_kind) {
        return false; // says what its cubins say; alone it counts
    }
    return entry.compressed_bytes != 0 || entry.size_bytes > smallest_with_doubt || has_text(code);
}

/// Whether a cubin, which is an ELF file, has a section with a kernel's code. True if it is none.
bool has_text(std::string_view cubin) {
    try {
        const Bytes bytes(cubin, "");
        const auto header = bytes.read<Elf64_Ehdr>(0, "a cubin");
        const auto section_at = [&](std::uint64_t i) {
            return bytes.read<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr), "a cubin");
        };
        const Elf64_Shdr names = section_at(header.e_shstrndx);
        for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
            const std::uint64_t name = names.sh_offset + section_at(i).sh_name;
            if (bytes.text(name, "a cubin").starts_with(".text.")) {
                return true;
            }
        }
        return header.e_shnum == 0;
    } catch (const Error&) {
        return true;
    }
}

Image image_of(const EntryHeader& entry, const Bytes& bytes) {
    if (entry.capability < 20 || entry.capability > 9999) {
        bytes.throw_damaged("its device code is for no GPU that there can be");
    }
    Image image;
    image.kind = entry.kind == ptx_kind ? CodeKind::ptx : CodeKind::sass;
    const char suffix = (entry.flags & exact_flag) != 0    ? 'a'
                        : (entry.flags & family_flag) != 0 ? 'f'
                                                           : '\0';
    image.capability = {static_cast<int>(entry.capability / 10),
                        static_cast<int>(entry.capability % 10), suffix};
    if (image.kind == CodeKind::ptx) {
        image.ptx = {entry.major, entry.minor};
    }
    return image;
}

std::uint64_t skip_zeros(const Bytes& bytes, std::uint64_t at) {
    while (at < bytes.size()) {
        const std::uint64_t size =
            std::min<std::uint64_t>(alignment - at % alignment, bytes.size() - at);
        const std::string_view part = bytes.slice(at, size, "device code");
        if (part.find_first_not_of('\0') != std::string_view::npos) {
            return at;
        }
        at += size;
    }
    return at;
}

/// Code of other kinds runs on no GPU as it is; a container with nothing else is not counted.
void add(Container container, std::uint64_t BinaryCode::Count::*place, BinaryCode& code) {
    std::vector<Image>& images = container.images;
    if (images.empty()) {
        return;
    }
    for (const Image& image : images) {
        code.images[image].*place += 1;
    }
    std::sort(images.begin(), images.end());
    images.erase(std::unique(images.begin(), images.end()), images.end());
    if (container.has_kernels) {
        code.containers[std::move(images)].*place += 1;
    }
}

} // namespace

} // namespace envpm::gpu
