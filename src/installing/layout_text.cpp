#include "installing/layout_text.h"

#include "base/error.h"
#include "base/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::installing {

namespace {

constexpr std::string_view format = "envpm-layout 2\n";
constexpr std::size_t hex_digits = 64;
constexpr std::size_t size_digits = 12;

/// Enough that a task costs nothing beside them, and their text stays in a core's own cache.
constexpr std::size_t least_entries_of_a_part = 512;
constexpr std::size_t most_parts = 64;
constexpr std::size_t most_head_bytes = 8192;

constexpr std::size_t shortest_entry = 9; ///< bytes: "l- 0 0\na\n\n"

/// Writes entries, owners by number.
class Writer {
  public:
    explicit Writer(std::string& text)
        : text_(text) {}

    bool add(const LayoutEntry& entry);

  private:
    void add_object(const LayoutEntry& entry, const ObjectFile& object);
    std::string owner_words(const std::string& owner);

    std::string& text_;
    std::map<std::string, std::size_t> owners_;
};

/// Walks over a text; what is not as expected ends it.
class Reader {
  public:
    explicit Reader(std::string_view text)
        : text_(text) {}

    [[nodiscard]] bool is_at_end() const { return text_.empty(); }

    bool skip(std::string_view expected);
    std::string_view until(char end); ///< `end` is skipped; empty if it does not come
    std::optional<std::string_view> bytes(std::uint64_t count);
    std::optional<std::uint64_t> number(char end);
    std::optional<Sha256> digest();

    [[nodiscard]] std::string_view rest() const { return text_; }

  private:
    std::string_view text_;
};

/// Some entries' text.
struct Part {
    std::uint64_t begin = 0;
    std::size_t size_bytes = 0;
    Sha256 sha256;
    std::size_t first_entry = 0;
    std::size_t entries = 0;
};

struct Head {
    std::size_t entries = 0;
    std::vector<Part> parts;
};

std::size_t entries_of_a_part(std::size_t entries);
std::size_t part_count(std::size_t entries);
std::size_t most_bytes(const Layout& layout);
std::optional<Head> read_head(const LayoutSource& source, const Sha256& env);
std::optional<Head> parse_head(std::string_view list, std::uint64_t begin, const Sha256& env);
bool read_part(const LayoutSource& source, const Part& part, std::span<LayoutEntry> entries);
bool read_entry(Reader& reader, std::vector<SharedText>& owners, LayoutEntry& entry);
bool read_content(Reader& reader, char kind, std::uint64_t size_bytes, LayoutEntry& entry);
std::optional<ObjectFile> read_object(Reader& reader, std::string_view flags);
bool read_owner(Reader& reader, std::vector<SharedText>& owners, LayoutEntry& entry);

} // namespace

/// In one room from the beginning: it is as large as the layout itself. The head, whose length is
/// known, is filled in when the parts are.
std::optional<std::string> to_text(const Layout& layout, const Sha256& env) {
    const std::size_t count = layout.entries.size();
    std::string head = fmt::format("{}\n{} {}\n", env.hex(), count, entries_of_a_part(count));
    const std::size_t list_bytes =
        head.size() + (part_count(count) * (size_digits + hex_digits + 2)) + 1;
    std::string text;
    text.reserve(most_bytes(layout) + list_bytes);
    text.append(format.size() + hex_digits + 1 + list_bytes, '\n');
    for (std::size_t i = 0; i < count;) {
        const std::size_t begin = text.size();
        Writer writer(text);
        for (std::size_t last = i + entries_of_a_part(count); i < std::min(last, count); ++i) {
            if (!writer.add(layout.entries[i])) {
                return std::nullopt;
            }
        }
        const Sha256 digest = sha256_of(std::string_view(text).substr(begin));
        head += fmt::format("{:0{}} {}\n", text.size() - begin, size_digits, digest.hex());
    }
    head += "\n";
    head.insert(0, fmt::format("{}{}\n", format, sha256_of(head).hex()));
    std::copy(head.begin(), head.end(), text.begin());
    return text;
}

std::optional<Layout> read_layout(const LayoutSource& source, const Sha256& env, ThreadPool& pool) {
    const std::optional<Head> head = read_head(source, env);
    if (!head) {
        return std::nullopt;
    }
    Layout layout;
    layout.entries.assign(head->entries, {RelativePath::parse("x"), EmptyFolder(), false, {}});
    std::atomic<bool> is_whole = true;
    parallel_for(pool, head->parts.size(), [&](std::size_t i) {
        const Part& part = head->parts[i];
        const auto entries = std::span(layout.entries).subspan(part.first_entry, part.entries);
        if (is_whole && !read_part(source, part, entries)) {
            is_whole = false;
        }
    });
    return is_whole ? std::optional(std::move(layout)) : std::nullopt;
}

namespace {

std::size_t entries_of_a_part(std::size_t entries) {
    return std::max(least_entries_of_a_part, (entries + most_parts - 1) / most_parts);
}

std::size_t part_count(std::size_t entries) {
    const std::size_t each = entries_of_a_part(entries);
    return (entries + each - 1) / each;
}

/// More than its text has, which costs nothing: what is not written to takes no memory.
std::size_t most_bytes(const Layout& layout) {
    constexpr std::size_t most_beside_texts = 128; // flags, digest, numbers, ends of lines
    std::size_t bytes = 2 * most_beside_texts;
    for (const LayoutEntry& entry : layout.entries) {
        bytes += most_beside_texts + entry.path.string().size() + entry.owner.string().size();
        if (const auto* const generated = std::get_if<GeneratedFile>(&entry.content)) {
            bytes += generated->content.size();
        } else if (const auto* const link = std::get_if<SymbolicLink>(&entry.content)) {
            bytes += link->target.size();
        }
    }
    return bytes;
}

/// An entry has a line with its kind and flags, what the kind needs and the owner's number, then
/// one with its path, and then the content if there is any. An owner's name is given with the
/// first use of its number in a part.
bool Writer::add(const LayoutEntry& entry) {
    if (const auto* const object = std::get_if<ObjectFile>(&entry.content)) {
        add_object(entry, *object);
        return true;
    }
    const auto* const generated = std::get_if<GeneratedFile>(&entry.content);
    const auto* const link = std::get_if<SymbolicLink>(&entry.content);
    if (generated == nullptr && link == nullptr) {
        return false;
    }
    const std::string& content = generated != nullptr ? generated->content : link->target;
    fmt::format_to(std::back_inserter(text_), "{}{} {} {}\n{}\n{}\n",
                   generated != nullptr ? 'g' : 'l', entry.is_executable ? 'x' : '-',
                   content.size(), owner_words(entry.owner.string()), entry.path.string(), content);
    return true;
}

void Writer::add_object(const LayoutEntry& entry, const ObjectFile& object) {
    fmt::format_to(std::back_inserter(text_), "o{}{}{} {} {} {}\n{}\n",
                   entry.is_executable ? 'x' : '-', object.becomes_executable ? 'b' : '-',
                   object.is_always_copied ? 'c' : '-', object.object.hex(), object.size_bytes,
                   owner_words(entry.owner.string()), entry.path.string());
}

/// Its number, and its name the first time.
std::string Writer::owner_words(const std::string& owner) {
    const auto [known, is_new] = owners_.try_emplace(owner, owners_.size());
    return fmt::format("{}{}", known->second, is_new ? ":" + owner : "");
}

bool Reader::skip(std::string_view expected) {
    const bool is_there = text_.starts_with(expected);
    text_.remove_prefix(is_there ? expected.size() : 0);
    return is_there;
}

std::string_view Reader::until(char end) {
    return take_until(text_, end).value_or(std::string_view());
}

std::optional<std::string_view> Reader::bytes(std::uint64_t count) {
    if (count > text_.size()) {
        return std::nullopt;
    }
    const std::string_view found = text_.substr(0, count);
    text_.remove_prefix(count);
    return found;
}

std::optional<std::uint64_t> Reader::number(char end) {
    std::uint64_t value = 0;
    const char* const last = text_.data() + text_.size();
    const auto [stop, fault] = std::from_chars(text_.data(), last, value);
    if (fault != std::errc() || stop == last || *stop != end) {
        return std::nullopt;
    }
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()) + 1);
    return value;
}

std::optional<Sha256> Reader::digest() {
    const std::optional<Sha256> found = Sha256::parse(text_.substr(0, hex_digits));
    text_.remove_prefix(found ? hex_digits : 0);
    return found;
}

/// Nothing unless the parts are all that follows it.
std::optional<Head> read_head(const LayoutSource& source, const Sha256& env) {
    std::string room(std::min<std::uint64_t>(source.size_bytes, most_head_bytes), '\0');
    if (!source.read(0, room)) {
        return std::nullopt;
    }
    Reader reader(room);
    const bool is_known = reader.skip(format);
    const std::optional<Sha256> digest = is_known ? reader.digest() : std::nullopt;
    if (!digest || !reader.skip("\n")) {
        return std::nullopt;
    }
    const std::size_t end = reader.rest().find("\n\n");
    const std::string_view list =
        reader.rest().substr(0, end == std::string_view::npos ? 0 : end + 2);
    if (sha256_of(list) != *digest) {
        return std::nullopt;
    }
    const std::uint64_t begin = format.size() + hex_digits + 1 + list.size();
    std::optional<Head> head = parse_head(list, begin, env);
    if (!head) {
        return std::nullopt;
    }
    std::uint64_t left = source.size_bytes - begin;
    for (const Part& part : head->parts) {
        if (part.size_bytes > left || part.entries > part.size_bytes / shortest_entry) {
            return std::nullopt;
        }
        left -= part.size_bytes;
    }
    return left == 0 ? head : std::nullopt;
}

std::optional<Head> parse_head(std::string_view list, std::uint64_t begin, const Sha256& env) {
    Reader reader(list);
    const bool is_of_it = reader.skip(env.hex() + "\n");
    const std::optional<std::uint64_t> count = is_of_it ? reader.number(' ') : std::nullopt;
    const std::optional<std::uint64_t> each = count ? reader.number('\n') : std::nullopt;
    if (!each || *each == 0) {
        return std::nullopt;
    }
    Head head{*count, {}};
    for (std::uint64_t first = 0; first < *count;) {
        const std::optional<std::uint64_t> bytes = reader.number(' ');
        const std::optional<Sha256> digest = bytes ? reader.digest() : std::nullopt;
        if (!digest || !reader.skip("\n")) {
            return std::nullopt;
        }
        const std::uint64_t entries = std::min(*each, *count - first);
        head.parts.push_back({begin, *bytes, *digest, first, entries});
        begin += *bytes;
        first += entries;
    }
    return reader.skip("\n") && reader.is_at_end() ? std::optional(std::move(head)) : std::nullopt;
}

bool read_part(const LayoutSource& source, const Part& part, std::span<LayoutEntry> entries) {
    const auto room = std::make_unique_for_overwrite<char[]>(part.size_bytes);
    const std::span<char> bytes(room.get(), part.size_bytes);
    const std::string_view text(bytes.data(), bytes.size());
    if (!source.read(part.begin, bytes) || sha256_of(text) != part.sha256) {
        return false;
    }
    Reader reader(text);
    std::vector<SharedText> owners;
    return std::all_of(entries.begin(), entries.end(),
                       [&](LayoutEntry& entry) { return read_entry(reader, owners, entry); }) &&
           reader.is_at_end();
}

/// Into an entry that is new.
bool read_entry(Reader& reader, std::vector<SharedText>& owners, LayoutEntry& entry) {
    const std::string_view kind = reader.until(' ');
    const bool is_object = kind.size() == 4 && kind[0] == 'o';
    const bool is_other = kind.size() == 2 && (kind[0] == 'g' || kind[0] == 'l');
    if ((!is_object && !is_other) || (kind[1] != 'x' && kind[1] != '-')) {
        return false;
    }
    entry.is_executable = kind[1] == 'x';
    const std::optional<ObjectFile> object =
        is_object ? read_object(reader, kind.substr(2)) : std::nullopt;
    const std::optional<std::uint64_t> size = is_object ? std::nullopt : reader.number(' ');
    if ((is_object ? !object : !size) || !read_owner(reader, owners, entry)) {
        return false;
    }
    try {
        entry.path = RelativePath::parse(reader.until('\n'));
    } catch (const Error&) {
        return false; // damage is an answer here, not a failure
    }
    if (is_object) {
        entry.content = *object;
        return true;
    }
    return read_content(reader, kind[0], *size, entry);
}

bool read_content(Reader& reader, char kind, std::uint64_t size_bytes, LayoutEntry& entry) {
    const std::optional<std::string_view> content = reader.bytes(size_bytes);
    if (!content || !reader.skip("\n")) {
        return false;
    }
    if (kind == 'g') {
        entry.content = GeneratedFile{std::string(*content)};
    } else {
        entry.content = SymbolicLink{std::string(*content)};
    }
    return true;
}

std::optional<ObjectFile> read_object(Reader& reader, std::string_view flags) {
    const std::optional<Sha256> digest = reader.digest();
    const bool is_apart = digest && reader.skip(" ");
    const std::optional<std::uint64_t> size = is_apart ? reader.number(' ') : std::nullopt;
    if (!size || (flags[0] != 'b' && flags[0] != '-') || (flags[1] != 'c' && flags[1] != '-')) {
        return std::nullopt;
    }
    return ObjectFile{*digest, *size, flags[0] == 'b', flags[1] == 'c'};
}

bool read_owner(Reader& reader, std::vector<SharedText>& owners, LayoutEntry& entry) {
    const std::string_view line = reader.until('\n');
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), number);
    const std::string_view name = line.substr(static_cast<std::size_t>(end - line.data()));
    const bool is_new = name.starts_with(':');
    if (fault != std::errc() || number > owners.size() || (number == owners.size()) != is_new ||
        is_new == name.empty()) {
        return false;
    }
    if (!name.empty()) {
        owners.emplace_back(std::string(name.substr(1)));
    }
    entry.owner = owners[number];
    return true;
}

} // namespace

} // namespace envpm::installing
