#include "base/tar.h"

#include "base/error.h"
#include "base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>

// Why so strict: readers that disagree about where an entry ends (CVE-2025-62518), or about what it
// is called, see different files in one archive. Where the format says a thing twice, both must say
// the same.

namespace envpm {

namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::uint64_t most_entries = 500'000;
constexpr std::uint64_t longest_extended_bytes = 1U << 20U;
/// From here on the twelve bytes of a header cannot hold a size.
constexpr std::uint64_t first_wide_size = std::uint64_t{1} << 33U;

struct Field {
    std::size_t at = 0;
    std::size_t size = 0;
};

constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field size_field{124, 12};
constexpr Field checksum_field{148, 8};
constexpr std::size_t type_at = 156;
constexpr Field link_field{157, 100};
constexpr Field magic_field{257, 8};
constexpr Field prefix_field{345, 155};

std::string_view bytes_of(std::string_view block, Field field) {
    return block.substr(field.at, field.size);
}

std::string_view text_of(std::string_view block, Field field) {
    const std::string_view bytes = bytes_of(block, field);
    return bytes.substr(0, bytes.find('\0'));
}

std::optional<std::uint64_t> parse_octal(std::string_view field);
std::optional<std::uint64_t> parse_size(std::string_view field);
std::optional<std::uint64_t> parse_decimal(std::string_view text);
std::uint64_t checksum_of(std::string_view block);
std::string_view as_text(std::span<const std::byte> bytes);
bool is_zero(std::string_view block);

} // namespace

/// What extended headers say of the entry after them.
struct TarReader::Extended {
    std::optional<std::string> path;
    std::optional<std::string> target;
    std::optional<std::uint64_t> size_bytes;
};

struct TarReader::Header {
    std::string name;
    std::string target;
    std::uint64_t mode = 0;
    std::uint64_t size_bytes = 0;
    char type = '0';

    /// Or what is wrong with it.
    static std::variant<Header, std::string_view> parse(std::string_view block);
};

TarReader::TarReader(ByteSource& source, std::string subject)
    : source_(source),
      subject_(std::move(subject)),
      block_(block_bytes) {}

std::optional<TarEntry> TarReader::next() {
    if (is_at_end_) {
        return std::nullopt;
    }
    skip_rest();
    Extended extended;
    bool is_announced = false;
    while (true) {
        if (!read_block()) {
            if (is_announced) {
                refuse("an extended header belongs to no entry");
            }
            require_end();
            return std::nullopt;
        }
        const std::variant<Header, std::string_view> parsed = Header::parse(as_text(block_));
        if (const auto* const fault = std::get_if<std::string_view>(&parsed)) {
            refuse(std::string(*fault));
        }
        const auto& header = std::get<Header>(parsed);
        if (++entries_ > most_entries) {
            refuse("it has more than 500,000 entries");
        }
        constexpr std::string_view extended_types = "xgLK";
        if (extended_types.find(header.type) == std::string_view::npos) {
            return entry_of(header, extended);
        }
        is_announced = is_announced || header.type != 'g';
        take(extended, read_extended(header.type, header.size_bytes));
    }
}

std::size_t TarReader::read(std::span<std::byte> to) {
    const std::size_t wanted = std::min<std::uint64_t>(to.size(), left_bytes_);
    if (source_.read(to.first(wanted)) != wanted) {
        refuse("it is cut off within a file");
    }
    left_bytes_ -= wanted;
    return wanted;
}

void TarReader::skip_rest() {
    std::vector<std::byte> unwanted(std::min<std::uint64_t>(left_bytes_, 1U << 16U));
    while (left_bytes_ > 0) {
        read(unwanted);
    }
    if (source_.read(std::span(block_).first(padding_bytes_)) != padding_bytes_) {
        refuse("it is cut off after a file");
    }
    padding_bytes_ = 0;
}

/// False for the first block of the end.
bool TarReader::read_block() {
    if (source_.read(block_) != block_bytes) {
        refuse("it is cut off: its end is missing");
    }
    return !is_zero(as_text(block_));
}

/// A second block of zeros, and then zeros only.
void TarReader::require_end() {
    if (read_block()) {
        refuse("an entry follows its end");
    }
    std::vector<std::byte> rest(1U << 14U);
    while (const std::size_t got = source_.read(rest)) {
        if (!is_zero(as_text(std::span(rest).first(got)))) {
            refuse("something follows its end");
        }
    }
    is_at_end_ = true;
}

TarReader::Extended TarReader::read_extended(char type, std::uint64_t size_bytes) {
    std::string text = read_text(size_bytes);
    Extended extended;
    if (type == 'L' || type == 'K') {
        if (text.ends_with('\0')) {
            text.pop_back();
        }
        (type == 'L' ? extended.path : extended.target) = std::move(text);
        return extended;
    }
    for (std::string_view left = text; !left.empty();) {
        Extended one = extended_of(take_record(left));
        if (type == 'g' && (one.path || one.target || one.size_bytes)) {
            refuse("an extended header names all entries at once");
        }
        take(extended, std::move(one));
    }
    return extended;
}

/// "LENGTH key=value\n" from the beginning of `left`; the length counts all of it.
TarReader::ExtendedRecord TarReader::take_record(std::string_view& left) const {
    const std::size_t space = left.find(' ');
    const std::optional<std::uint64_t> length =
        parse_decimal(left.substr(0, std::min(space, left.size())));
    const bool is_whole = space != std::string_view::npos && length && *length <= left.size() &&
                          *length >= space + 2 && left[*length - 1] == '\n';
    if (!is_whole) {
        refuse("an extended header is malformed");
    }
    const std::string_view record = left.substr(space + 1, *length - space - 2);
    left.remove_prefix(*length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        refuse("an extended header is malformed");
    }
    return {record.substr(0, equals), record.substr(equals + 1)};
}

TarReader::Extended TarReader::extended_of(const ExtendedRecord& record) const {
    const auto& [key, value] = record;
    Extended one;
    if (key == "path") {
        one.path = value;
    } else if (key == "linkpath") {
        one.target = value;
    } else if (key == "size") {
        one.size_bytes = parse_decimal(value);
        if (!one.size_bytes) {
            refuse("an extended header has a size that is no number");
        }
    } else if (key.starts_with("GNU.") || key == "SCHILY.realsize" ||
               (key == "hdrcharset" && value != "ISO-IR 10646 2000 UTF-8")) {
        refuse(fmt::format("an extended header has `{}`, which changes what it means",
                           key.starts_with("GNU.") ? "GNU." : key));
    }
    return one;
}

std::string TarReader::read_text(std::uint64_t size_bytes) {
    if (size_bytes > longest_extended_bytes) {
        refuse("an extended header is longer than any real one");
    }
    std::string text(size_bytes, '\0');
    left_bytes_ = size_bytes;
    padding_bytes_ = (block_bytes - size_bytes % block_bytes) % block_bytes;
    read(std::as_writable_bytes(std::span(text)));
    skip_rest();
    return text;
}

void TarReader::take(Extended& gathered, Extended more) const {
    const auto one = [this](auto& old, auto& add) {
        if (old && add) {
            refuse("extended headers say the same thing twice");
        }
        if (add) {
            old = std::move(add);
        }
    };
    one(gathered.path, more.path);
    one(gathered.target, more.target);
    one(gathered.size_bytes, more.size_bytes);
}

TarEntry TarReader::entry_of(const Header& header, const Extended& extended) {
    check_pax_size(header, extended);
    std::string path = extended.path.value_or(header.name);
    const bool is_folder = header.type == '5';
    if (is_folder && path.ends_with('/')) {
        path.pop_back();
    }
    TarEntry entry{RelativePath::parse(path), TarKind::file, 0, false, {}};
    const std::uint64_t size = extended.size_bytes.value_or(header.size_bytes);
    constexpr std::uint64_t executable_bits = 0111;
    switch (header.type) {
    case '0':
    case '\0':
        entry.size_bytes = size;
        entry.is_executable = (header.mode & executable_bits) != 0;
        break;
    case '1':
        entry.kind = TarKind::hard_link;
        break;
    case '2':
        entry.kind = TarKind::link;
        break;
    case '5':
        entry.kind = TarKind::folder;
        break;
    default:
        refuse(fmt::format("`{}` is neither a file nor a link nor a folder", path));
    }
    if (entry.kind == TarKind::link || entry.kind == TarKind::hard_link) {
        entry.target = extended.target.value_or(header.target);
    }
    if (entry.kind != TarKind::file && size != 0) {
        refuse(fmt::format("`{}` is no file and has a content", path));
    }
    left_bytes_ = entry.size_bytes;
    padding_bytes_ = (block_bytes - entry.size_bytes % block_bytes) % block_bytes;
    return entry;
}

/// Where a header's field is too small for the size, writers leave 0 or the largest number in it.
void TarReader::check_pax_size(const Header& header, const Extended& extended) const {
    if (!extended.size_bytes || *extended.size_bytes == header.size_bytes) {
        return;
    }
    const bool is_left_open = header.size_bytes == 0 || header.size_bytes == first_wide_size - 1;
    if (*extended.size_bytes < first_wide_size || !is_left_open) {
        refuse("an extended header has another size than the header after it");
    }
}

void TarReader::refuse(std::string what) const {
    throw Error({"this is no tar archive that can be trusted: " + std::move(what), subject_, {}},
                ExitCode::integrity);
}

std::variant<TarReader::Header, std::string_view> TarReader::Header::parse(std::string_view block) {
    constexpr std::string_view posix_magic("ustar\00000", 8);
    constexpr std::string_view gnu_magic("ustar  \0", 8);
    const std::string_view magic = bytes_of(block, magic_field);
    const std::optional<std::uint64_t> checksum = parse_octal(bytes_of(block, checksum_field));
    const std::optional<std::uint64_t> mode = parse_octal(bytes_of(block, mode_field));
    const std::optional<std::uint64_t> size = parse_size(bytes_of(block, size_field));
    const std::string_view prefix = text_of(block, prefix_field);
    if (magic != posix_magic && magic != gnu_magic) {
        return "a header is neither POSIX nor GNU";
    }
    if (!checksum || *checksum != checksum_of(block)) {
        return "a header's checksum is wrong";
    }
    if (!mode || !size) {
        return "a header holds a number that is none";
    }
    if (magic == gnu_magic && !is_zero(bytes_of(block, prefix_field))) {
        return "a GNU header has something where others have a part of the name";
    }
    Header header{std::string(text_of(block, name_field)), std::string(text_of(block, link_field)),
                  *mode, *size, block[type_at]};
    if (!prefix.empty()) {
        header.name = fmt::format("{}/{}", prefix, header.name);
    }
    return header;
}

namespace {

/// Digits, with spaces before and spaces or zeros after them; nothing at all is 0.
std::optional<std::uint64_t> parse_octal(std::string_view field) {
    field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
    constexpr std::string_view digits = "01234567";
    std::uint64_t value = 0;
    while (!field.empty() && digits.find(field.front()) != std::string_view::npos) {
        value = value * 8 + static_cast<std::uint64_t>(field.front() - '0');
        field.remove_prefix(1); // at most twelve digits: it cannot overflow
    }
    const bool is_ended =
        std::all_of(field.begin(), field.end(), [](char c) { return c == ' ' || c == '\0'; });
    return is_ended ? std::optional(value) : std::nullopt;
}

/// As GNU writes it where octal digits do not suffice: a byte 0x80, then a binary number.
std::optional<std::uint64_t> parse_size(std::string_view field) {
    if (!field.starts_with('\x80')) {
        return parse_octal(field);
    }
    std::uint64_t value = 0;
    for (const char c : field.substr(1)) {
        if (value >> 54U != 0) {
            return std::nullopt;
        }
        value = value << 8U | static_cast<unsigned char>(c);
    }
    return value;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
    const auto value = parse_number<std::uint64_t>(text);
    const bool is_canonical = text == "0" || !text.starts_with('0');
    return value && is_canonical && *value >> 62U == 0 ? value : std::nullopt;
}

/// The sum of all bytes, with spaces for the field itself.
std::uint64_t checksum_of(std::string_view block) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const bool is_checksum =
            i >= checksum_field.at && i < checksum_field.at + checksum_field.size;
        sum += is_checksum ? 0x20U : static_cast<unsigned char>(block[i]);
    }
    return sum;
}

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_zero(std::string_view block) {
    return block.find_first_not_of('\0') == std::string_view::npos;
}

} // namespace

} // namespace envpm
