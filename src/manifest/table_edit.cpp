#include "manifest/table_edit.h"

#include "manifest/list_edit.h"
#include "model/package_name.h"

#include <algorithm>

namespace envpm::manifest {

namespace {

/// Lines of a table: its entries that stand in lines of their own, and the header if there is one.
struct Lines {
    std::optional<std::size_t> header;
    std::vector<Entry> entries;
};

std::optional<std::size_t> find_header(const Document& document, const KeyPath& path);
const Entry* find_inline_table(const Document& document, const KeyPath& table);
Lines lines_of(const Document& document, const KeyPath& table);
std::string with_line(const Document& document, const Lines& lines, const KeyPath& member,
                      const std::string& value, Order order);
std::size_t place_of(const std::vector<std::string>& names, const std::string& name, Order order);
std::string order_key(const std::string& name);
std::string with_section(const Document& document, const KeyPath& member, const std::string& value,
                         const std::vector<KeyPath>& neighbours);
std::optional<std::size_t> end_of_section(const Document& document, const KeyPath& path);
std::size_t content_end(const Document& document, std::size_t header);
std::string line_after(const Document& document, std::size_t offset, const std::string& line);
std::string line_before(const Document& document, std::size_t offset, const std::string& line);
std::string without_lines(const Document& document, std::size_t first, std::size_t last);
std::string without_section(const Document& document, std::size_t header);
std::string without_entry(const Document& document, const Entry& entry);
std::string indentation_of(const Document& document, std::size_t offset);
std::string key_before(const Document& document, const Entry& entry, std::size_t depth);
std::string header_text(const KeyPath& path);

} // namespace

bool has_table(const Document& document, const KeyPath& table) {
    const auto has = [&](const auto& part) { return is_below(part.path, table); };
    return std::any_of(document.headers.begin(), document.headers.end(), has) ||
           std::any_of(document.entries.begin(), document.entries.end(), has);
}

std::string with_member(const Document& document, const KeyPath& member, const std::string& value,
                        Order order, const std::vector<KeyPath>& neighbours) {
    const KeyPath table(member.begin(), member.end() - 1);
    if (const Entry* const owner = find_inline_table(document, table)) {
        const List& list = *document.list_at(owner->value.begin);
        const std::vector<std::string> names = members_of(document, table);
        // Dotted keys make several items of one member: then the end will do.
        const std::size_t place = names.size() == list.items.size()
                                      ? place_of(names, member.back(), order)
                                      : list.items.size();
        return with_item(document, list, place, member.back() + " = " + value);
    }
    const Lines lines = lines_of(document, table);
    if (lines.header || !lines.entries.empty()) {
        return with_line(document, lines, member, value, order);
    }
    return with_section(document, member, value, neighbours);
}

std::string without_member(const Document& document, const KeyPath& member) {
    Document rest = document;
    while (has_table(rest, member)) {
        const std::optional<std::size_t> header = find_header(rest, member);
        rest = scan(header ? without_section(rest, *header)
                           : without_entry(rest, entries_of(rest, member).back()));
    }
    return rest.text;
}

std::vector<Entry> entries_of(const Document& document, const KeyPath& member) {
    std::vector<Entry> out;
    for (const Entry& entry : document.entries) {
        const bool is_within = !out.empty() && entry.key_parts[0].begin < out.back().value.end;
        if (!is_within && is_below(entry.path, member)) {
            out.push_back(entry);
        }
    }
    return out;
}

std::vector<std::string> members_of(const Document& document, const KeyPath& table) {
    std::vector<std::string> names;
    const auto add = [&](const KeyPath& path) {
        if (path.size() > table.size() && is_below(path, table) &&
            std::find(names.begin(), names.end(), path[table.size()]) == names.end()) {
            names.push_back(path[table.size()]);
        }
    };
    for (const Entry& entry : document.entries) {
        add(entry.path);
    }
    for (const Header& header : document.headers) {
        add(header.path);
    }
    return names;
}

std::string with_field(const Document& document, const KeyPath& member, const std::string& field,
                       const std::optional<std::string>& value) {
    KeyPath path = member;
    path.push_back(field);
    const std::vector<Entry> present = entries_of(document, path);
    if (!present.empty()) {
        return value ? replaced(document, present.front().value, *value)
                     : without_entry(document, present.front());
    }
    if (!value) {
        return document.text;
    }
    const std::vector<Entry> others = entries_of(document, member);
    if (others.empty()) {
        const Header& header = document.headers[find_header(document, member).value()];
        return line_after(document, header.span.end, field + " = " + *value);
    }
    const Entry& last = others.back();
    const std::string text = key_before(document, last, member.size()) + field + " = " + *value;
    if (last.is_in_list) {
        return with_item(document, document.lists[last.list], last.list_item + 1, text);
    }
    return line_after(document, last.value.end,
                      indentation_of(document, last.key_parts[0].begin) + text);
}

std::string replaced(const Document& document, Span span, const std::string& what) {
    return document.text.substr(0, span.begin) + what + document.text.substr(span.end);
}

namespace {

std::optional<std::size_t> find_header(const Document& document, const KeyPath& path) {
    for (std::size_t i = 1; i < document.headers.size(); ++i) {
        if (document.headers[i].path == path) {
            return i;
        }
    }
    return std::nullopt;
}

const Entry* find_inline_table(const Document& document, const KeyPath& table) {
    for (const Entry& entry : document.entries) {
        if (entry.path == table && document.text[entry.value.begin] == '{') {
            return &entry;
        }
    }
    return nullptr;
}

/// Those under the table's own header, or else dotted keys that reach into it from outside.
Lines lines_of(const Document& document, const KeyPath& table) {
    Lines lines{find_header(document, table), {}};
    for (const Entry& entry : document.entries) {
        const std::size_t outer = document.headers[entry.header].path.size();
        const bool is_here = lines.header ? entry.header == *lines.header : outer < table.size();
        if (is_here && !entry.is_in_list && entry.path.size() > table.size() &&
            is_below(entry.path, table)) {
            lines.entries.push_back(entry);
        }
    }
    return lines;
}

std::string with_line(const Document& document, const Lines& lines, const KeyPath& member,
                      const std::string& value, Order order) {
    const std::size_t depth = member.size() - 1;
    const std::string text = member.back() + " = " + value;
    if (lines.entries.empty()) {
        return line_after(document, document.headers[*lines.header].span.end, text);
    }
    std::vector<std::string> names;
    for (const Entry& entry : lines.entries) {
        names.push_back(entry.path[depth]);
    }
    const std::size_t place = place_of(names, member.back(), order);
    const Entry& neighbour = lines.entries[place == 0 ? 0 : place - 1];
    const std::string line = indentation_of(document, neighbour.key_parts[0].begin) +
                             key_before(document, neighbour, depth) + text;
    if (place > 0) {
        return line_after(document, neighbour.value.end, line);
    }
    // Right below the header, so that a comment above the first entry stays with that.
    return lines.header ? line_after(document, document.headers[*lines.header].span.end, line)
                        : line_before(document, neighbour.key_parts[0].begin, line);
}

/// How many of `names` stand before the new one.
std::size_t place_of(const std::vector<std::string>& names, const std::string& name, Order order) {
    std::vector<std::string> keys;
    std::transform(names.begin(), names.end(), std::back_inserter(keys), order_key);
    if (order == Order::ignored || !std::is_sorted(keys.begin(), keys.end())) {
        return names.size();
    }
    const auto place = std::upper_bound(keys.begin(), keys.end(), order_key(name));
    return static_cast<std::size_t>(place - keys.begin());
}

std::string order_key(const std::string& name) {
    const std::optional<PackageName> package = PackageName::parse(name);
    return package ? package->string() : name;
}

std::string with_section(const Document& document, const KeyPath& member, const std::string& value,
                         const std::vector<KeyPath>& neighbours) {
    const KeyPath table(member.begin(), member.end() - 1);
    const std::string line_break = document.line_break();
    const std::string section =
        header_text(table) + line_break + member.back() + " = " + value + line_break;
    // A sub-table such as [table.name] may stand alone; its own table reads best before it.
    for (const Header& header : document.headers) {
        if (header.path.size() > table.size() && is_below(header.path, table)) {
            return line_before(document, header.span.begin, section);
        }
    }
    for (const KeyPath& neighbour : neighbours) {
        if (const auto end = end_of_section(document, neighbour)) {
            const std::string line = line_break + section;
            const std::size_t line_end = document.line_end(*end);
            const bool is_crowded =
                document.text.find_first_not_of("\r\n", line_end) == line_end + line_break.size();
            return line_after(document, *end,
                              is_crowded ? line : line.substr(0, line.size() - line_break.size()));
        }
    }
    std::string text = document.text;
    text += text.empty() || text.ends_with('\n') ? "" : line_break;
    text += text.empty() || text.ends_with(line_break + line_break) ? "" : line_break;
    return text + section;
}

/// Where the last section at or below `path` ends, with the comments that belong to it.
std::optional<std::size_t> end_of_section(const Document& document, const KeyPath& path) {
    std::optional<std::size_t> last;
    for (std::size_t i = 1; i < document.headers.size(); ++i) {
        if (is_below(document.headers[i].path, path)) {
            last = i;
        }
    }
    if (!last) {
        return std::nullopt;
    }
    const std::size_t end = content_end(document, *last);
    std::size_t comments = document.line_end(end);
    std::size_t next = document.text.find_first_not_of("\r\n \t", comments);
    while (next != std::string::npos && document.text[next] == '#' &&
           std::count(document.text.begin() + std::ptrdiff_t(comments),
                      document.text.begin() + std::ptrdiff_t(next), '\n') == 1) {
        comments = document.line_end(next);
        next = document.text.find_first_not_of("\r\n \t", comments);
    }
    // Comments that run into the next header are that one's.
    const bool is_of_next = next != std::string::npos && document.text[next] == '[' &&
                            std::count(document.text.begin() + std::ptrdiff_t(comments),
                                       document.text.begin() + std::ptrdiff_t(next), '\n') == 1;
    return is_of_next ? end : comments;
}

std::size_t content_end(const Document& document, std::size_t header) {
    std::size_t end = document.headers[header].span.end;
    for (const Entry& entry : document.entries) {
        if (entry.header == header) {
            end = std::max(end, entry.value.end);
        }
    }
    return end;
}

/// A line of its own after the one of `offset`. At the end of a text without a last line break the
/// new line has none either.
std::string line_after(const Document& document, std::size_t offset, const std::string& line) {
    const std::size_t end = document.line_end(offset);
    return document.text.substr(0, end) + document.line_break() + line + document.text.substr(end);
}

std::string line_before(const Document& document, std::size_t offset, const std::string& line) {
    const std::size_t begin = document.line_begin(offset);
    return document.text.substr(0, begin) + line + document.line_break() +
           document.text.substr(begin);
}

/// Without the lines of these two offsets and those between; undoes `line_after`.
std::string without_lines(const Document& document, std::size_t first, std::size_t last) {
    const std::string& text = document.text;
    std::size_t begin = document.line_begin(first);
    const std::size_t line_break = text.find('\n', last);
    if (line_break == std::string::npos && begin > 0) {
        begin -= begin > 1 && text[begin - 2] == '\r' ? 2U : 1U;
    }
    return text.substr(0, begin) +
           (line_break == std::string::npos ? std::string() : text.substr(line_break + 1));
}

std::string without_section(const Document& document, std::size_t header) {
    const std::size_t begin = document.headers[header].span.begin;
    std::string text = without_lines(document, begin, content_end(document, header));
    // One empty line between what stood around it is enough.
    const std::string line_break = document.line_break();
    const std::size_t at = document.line_begin(begin);
    const bool is_after_gap = at == 0 || text.substr(0, at).ends_with(line_break + line_break);
    if (is_after_gap &&
        text.compare(std::min(at, text.size()), line_break.size(), line_break) == 0) {
        text.erase(at, line_break.size());
    }
    return text;
}

std::string without_entry(const Document& document, const Entry& entry) {
    if (entry.is_in_list) {
        return without_item(document, document.lists[entry.list], entry.list_item);
    }
    return without_lines(document, entry.key_parts[0].begin, entry.value.end);
}

std::string indentation_of(const Document& document, std::size_t offset) {
    const std::size_t begin = document.line_begin(offset);
    return document.text.substr(begin, offset - begin);
}

/// What is written of an entry's key before the part of that depth: "pypi-dependencies." or "".
std::string key_before(const Document& document, const Entry& entry, std::size_t depth) {
    const std::size_t hidden = entry.path.size() - entry.key_parts.size();
    const std::size_t begin = entry.key_parts[0].begin;
    return document.text.substr(begin, entry.key_parts[depth - hidden].begin - begin);
}

std::string header_text(const KeyPath& path) {
    std::string out;
    for (const std::string& part : path) {
        out += (out.empty() ? "[" : ".") + part;
    }
    return out + "]";
}

} // namespace

} // namespace envpm::manifest
