#include "pipeline/layout_cache.h"

#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <iterator>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace envpm::pipeline {

namespace {

constexpr std::string_view format = "envpm-layout 1\n";
constexpr std::size_t hex_digits = 64;

/// Enough that a task costs nothing beside them.
constexpr std::size_t entries_of_a_task = 512;

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

std::size_t most_bytes(const Layout& layout);
bool are_there(std::span<const LayoutEntry> entries, const store::Store& store);
std::optional<LayoutEntry> read_entry(Reader& reader, std::vector<std::string>& owners);
bool read_content(Reader& reader, char kind, std::uint64_t size_bytes, LayoutEntry& entry);
std::optional<ObjectFile> read_object(Reader& reader, std::string_view flags);
bool read_owner(Reader& reader, std::vector<std::string>& owners, LayoutEntry& entry);

} // namespace

std::optional<Layout> LayoutCache::find(const Sha256& env, const std::vector<Sha256>& archives,
                                        const store::Store& store) const {
    const std::optional<std::string> text = read_file_if_present(path_of(env));
    if (!text || !std::all_of(archives.begin(), archives.end(), [&store](const Sha256& archive) {
            return store.has_tree(archive);
        })) {
        return std::nullopt;
    }
    return parse_layout(*text, env);
}

void LayoutCache::put(const Sha256& env, const Layout& layout) const {
    const std::optional<std::string> text = to_text(layout, env);
    if (!text) {
        return;
    }
    try {
        write_file(path_of(env), *text, Durability::cached);
        forget_oldest();
    } catch (const Error&) {
        return; // a read-only or full cache folder
    }
}

std::filesystem::path LayoutCache::path_of(const Sha256& env) const {
    return folder_ / env.hex();
}

void LayoutCache::forget_oldest() const {
    std::error_code failed;
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
    for (const auto& file : std::filesystem::directory_iterator(folder_, failed)) {
        files.emplace_back(file.last_write_time(failed), file.path());
    }
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + most_kept < files.size(); ++i) {
        std::filesystem::remove(files[i].second, failed);
    }
}

/// In one room from the beginning: it is as large as the layout itself.
std::optional<std::string> to_text(const Layout& layout, const Sha256& env) {
    std::string text;
    text.reserve(most_bytes(layout));
    text.append(format).append(hex_digits, '0');
    const std::size_t sealed = text.size() + 1;
    fmt::format_to(std::back_inserter(text), "\n{}\n{}\n", env.hex(), layout.entries.size());
    Writer writer(text);
    for (const LayoutEntry& entry : layout.entries) {
        if (!writer.add(entry)) {
            return std::nullopt;
        }
    }
    const std::string digest = sha256_of(std::string_view(text).substr(sealed)).hex();
    std::copy(digest.begin(), digest.end(), text.begin() + format.size());
    return text;
}

std::optional<Layout> parse_layout(std::string_view text, const Sha256& env) {
    Reader reader(text);
    const bool is_known = reader.skip(format);
    const std::optional<Sha256> digest = is_known ? reader.digest() : std::nullopt;
    if (!digest || !reader.skip("\n") || sha256_of(reader.rest()) != *digest ||
        !reader.skip(env.hex() + "\n")) {
        return std::nullopt;
    }
    const std::optional<std::uint64_t> count = reader.number('\n');
    if (!count || *count > text.size() / shortest_entry) {
        return std::nullopt;
    }
    Layout layout;
    layout.entries.reserve(*count);
    std::vector<std::string> owners;
    while (layout.entries.size() < *count) {
        std::optional<LayoutEntry> entry = read_entry(reader, owners);
        if (!entry) {
            return std::nullopt;
        }
        layout.entries.push_back(std::move(*entry));
    }
    return reader.is_at_end() ? std::optional(std::move(layout)) : std::nullopt;
}

bool has_all(const store::Store& store, const Layout& layout, ThreadPool& pool) {
    const std::size_t tasks = (layout.entries.size() + entries_of_a_task - 1) / entries_of_a_task;
    std::atomic<bool> is_whole = true;
    parallel_for(pool, tasks, [&](std::size_t i) {
        const std::span<const LayoutEntry> rest =
            std::span(layout.entries).subspan(i * entries_of_a_task);
        if (is_whole && !are_there(rest.first(std::min(rest.size(), entries_of_a_task)), store)) {
            is_whole = false;
        }
    });
    return is_whole;
}

namespace {

/// More than its text has, which costs nothing: what is not written to takes no memory.
std::size_t most_bytes(const Layout& layout) {
    constexpr std::size_t most_beside_texts = 128; // flags, digest, numbers, ends of lines
    std::size_t bytes = 2 * most_beside_texts;
    for (const LayoutEntry& entry : layout.entries) {
        bytes += most_beside_texts + entry.path.string().size() + entry.owner.size();
        if (const auto* const generated = std::get_if<GeneratedFile>(&entry.content)) {
            bytes += generated->content.size();
        } else if (const auto* const link = std::get_if<SymbolicLink>(&entry.content)) {
            bytes += link->target.size();
        }
    }
    return bytes;
}

bool are_there(std::span<const LayoutEntry> entries, const store::Store& store) {
    return std::all_of(entries.begin(), entries.end(), [&store](const LayoutEntry& entry) {
        const auto* const object = std::get_if<ObjectFile>(&entry.content);
        const auto name = [&] {
            return store::ObjectName{object->object,
                                     entry.is_executable && !object->becomes_executable};
        };
        return object == nullptr || store.has_object(name(), object->size_bytes);
    });
}

/// An entry has a line with its kind and flags, what the kind needs and the owner's number, then
/// one with its path, and then the content if there is any. An owner's name is given with the
/// first use of its number.
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
                   content.size(), owner_words(entry.owner), entry.path.string(), content);
    return true;
}

void Writer::add_object(const LayoutEntry& entry, const ObjectFile& object) {
    fmt::format_to(std::back_inserter(text_), "o{}{}{} {} {} {}\n{}\n",
                   entry.is_executable ? 'x' : '-', object.becomes_executable ? 'b' : '-',
                   object.is_always_copied ? 'c' : '-', object.object.hex(), object.size_bytes,
                   owner_words(entry.owner), entry.path.string());
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
    const std::size_t at = text_.find(end);
    if (at == std::string_view::npos) {
        text_ = {};
        return {};
    }
    const std::string_view found = text_.substr(0, at);
    text_.remove_prefix(at + 1);
    return found;
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

std::optional<LayoutEntry> read_entry(Reader& reader, std::vector<std::string>& owners) {
    const std::string_view kind = reader.until(' ');
    const bool is_object = kind.size() == 4 && kind[0] == 'o';
    const bool is_other = kind.size() == 2 && (kind[0] == 'g' || kind[0] == 'l');
    if ((!is_object && !is_other) || (kind[1] != 'x' && kind[1] != '-')) {
        return std::nullopt;
    }
    const std::optional<ObjectFile> object =
        is_object ? read_object(reader, kind.substr(2)) : std::nullopt;
    const std::optional<std::uint64_t> size = is_object ? std::nullopt : reader.number(' ');
    LayoutEntry entry{RelativePath::parse("x"), EmptyFolder(), kind[1] == 'x', {}};
    if ((is_object ? !object : !size) || !read_owner(reader, owners, entry)) {
        return std::nullopt;
    }
    try {
        entry.path = RelativePath::parse(reader.until('\n'));
    } catch (const Error&) {
        return std::nullopt; // damage is an answer here, not a failure
    }
    if (is_object) {
        entry.content = *object;
        return entry;
    }
    return read_content(reader, kind[0], *size, entry) ? std::optional(std::move(entry))
                                                       : std::nullopt;
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

bool read_owner(Reader& reader, std::vector<std::string>& owners, LayoutEntry& entry) {
    const std::string_view line = reader.until('\n');
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), number);
    const std::string_view name = line.substr(static_cast<std::size_t>(end - line.data()));
    if (fault != std::errc() || number > owners.size() ||
        (number == owners.size()) != name.starts_with(':')) {
        return false;
    }
    if (!name.empty()) {
        owners.emplace_back(name.substr(1));
    }
    entry.owner = owners[number];
    return true;
}

} // namespace

} // namespace envpm::pipeline
