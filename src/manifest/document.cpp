#include "manifest/document.h"

#include "base/toml.h"

#include <algorithm>

namespace envpm::manifest {

namespace {

/// Walks over the text once. That the text is valid makes it short: it only has to find where
/// things end. Every loop ends at the end of the text all the same.
class Scanner {
  public:
    explicit Scanner(Document& document)
        : document_(document),
          text_(document.text) {}

    void run();

  private:
    [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    [[nodiscard]] bool is_at_end() const { return at_ >= text_.size(); }

    void skip(std::string_view characters);
    void skip_between_items();
    void skip_line();
    void skip_string();
    void scan_header();
    void scan_entry(const KeyPath& outer, const Entry& origin);
    std::vector<Span> scan_key();
    [[nodiscard]] std::string name_of(Span part) const;
    Span scan_value(const KeyPath& path);
    void scan_list(const KeyPath& path);

    Document& document_;
    const std::string& text_;
    std::size_t at_ = 0;
};

} // namespace

const List* Document::list_at(std::size_t offset) const {
    const auto found = std::find_if(lists.begin(), lists.end(),
                                    [&](const List& list) { return list.span.begin == offset; });
    return found == lists.end() ? nullptr : &*found;
}

std::size_t Document::line_begin(std::size_t offset) const {
    const std::size_t before = offset == 0 ? std::string::npos : text.rfind('\n', offset - 1);
    return before == std::string::npos ? 0 : before + 1;
}

std::size_t Document::line_end(std::size_t offset) const {
    const std::size_t end = std::min(text.size(), text.find('\n', offset));
    const bool has_return = end < text.size() && end > offset && text[end - 1] == '\r';
    return has_return ? end - 1 : end;
}

std::string Document::line_break() const {
    const std::size_t end = text.find('\n');
    return end != std::string::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

Document scan(std::string text) {
    Document document;
    document.text = std::move(text);
    Scanner(document).run();
    return document;
}

bool is_below(const KeyPath& path, const KeyPath& prefix) {
    return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

namespace {

void Scanner::run() {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    document_.headers.push_back({});
    at_ = text_.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    while (true) {
        skip(" \t\r\n");
        if (is_at_end()) {
            return;
        }
        if (here() == '#') {
            skip_line();
        } else if (here() == '[') {
            scan_header();
        } else {
            Entry origin;
            origin.header = document_.headers.size() - 1;
            scan_entry(KeyPath(document_.headers.back().path), origin);
            skip_line();
        }
    }
}

void Scanner::skip(std::string_view characters) {
    at_ = std::min(text_.size(), text_.find_first_not_of(characters, at_));
}

void Scanner::skip_between_items() {
    skip(" \t\r\n");
    while (here() == '#') {
        skip_line();
        skip(" \t\r\n");
    }
}

void Scanner::skip_line() {
    at_ = std::min(text_.size(), text_.find('\n', at_));
}

/// All four kinds: basic and literal, of one line and of several.
void Scanner::skip_string() {
    const char quote = here();
    const std::string three(3, quote);
    const bool is_long = text_.compare(at_, 3, three) == 0;
    at_ += is_long ? 3 : 1;
    while (!is_at_end()) {
        if (here() == '\\' && quote == '"') {
            at_ += 2;
        } else if (is_long ? text_.compare(at_, 3, three) == 0 : here() == quote) {
            at_ += is_long ? 3 : 1;
            break;
        } else {
            ++at_;
        }
    }
    // A long string may end with one or two quotes of its own.
    while (is_long && here() == quote) {
        ++at_;
    }
    at_ = std::min(at_, text_.size());
}

void Scanner::scan_header() {
    Header header;
    header.span.begin = at_;
    skip("[");
    for (const Span& part : scan_key()) {
        header.path.push_back(name_of(part));
    }
    skip(" \t]");
    header.span.end = text_.find_last_of(']', at_ - 1) + 1;
    document_.headers.push_back(header);
    skip_line();
}

void Scanner::scan_entry(const KeyPath& outer, const Entry& origin) {
    Entry entry = origin;
    entry.path = outer;
    entry.key_parts = scan_key();
    for (const Span& part : entry.key_parts) {
        entry.path.push_back(name_of(part));
    }
    skip(" \t=");
    const std::size_t index = document_.entries.size();
    document_.entries.push_back(entry);
    document_.entries[index].value = scan_value(entry.path);
}

std::vector<Span> Scanner::scan_key() {
    constexpr std::string_view ends = " \t\r\n.=]";
    std::vector<Span> parts;
    do {
        skip(" \t.");
        Span part{at_, at_};
        if (here() == '"' || here() == '\'') {
            skip_string();
        } else {
            at_ = std::min(text_.size(), text_.find_first_of(ends, at_));
        }
        part.end = at_;
        parts.push_back(part);
        skip(" \t");
    } while (here() == '.');
    return parts;
}

std::string Scanner::name_of(Span part) const {
    const std::string_view written = document_.at(part);
    if (!written.starts_with('"') && !written.starts_with('\'')) {
        return std::string(written);
    }
    const TomlValue value = parse_toml("x = " + std::string(written), "key");
    return *value.find("x")->get_if<std::string>();
}

Span Scanner::scan_value(const KeyPath& path) {
    Span value{at_, at_};
    if (here() == '"' || here() == '\'') {
        skip_string();
    } else if (here() == '[' || here() == '{') {
        scan_list(path);
    } else {
        at_ = std::min(text_.size(), text_.find_first_of(",]}#\r\n", at_));
        const std::size_t last = text_.find_last_not_of(" \t", at_ - 1);
        value.end = std::max(value.begin, last + 1);
        return value;
    }
    value.end = at_;
    return value;
}

void Scanner::scan_list(const KeyPath& path) {
    const std::size_t index = document_.lists.size();
    const bool is_table = here() == '{';
    document_.lists.push_back({{at_, at_}, {}, {}});
    ++at_;
    skip_between_items();
    while (!is_at_end() && here() != ']' && here() != '}') {
        Span item{at_, at_};
        if (is_table) {
            Entry origin;
            origin.header = document_.headers.size() - 1;
            origin.is_in_list = true;
            origin.list = index;
            origin.list_item = document_.lists[index].items.size();
            const std::size_t entry = document_.entries.size();
            scan_entry(path, origin);
            item.end = document_.entries[entry].value.end;
        } else {
            item.end = scan_value({}).end;
        }
        document_.lists[index].items.push_back(item);
        skip_between_items();
        if (here() == ',') {
            document_.lists[index].commas.push_back(at_);
            ++at_;
            skip_between_items();
        } else if (here() != ']' && here() != '}') {
            ++at_; // not valid TOML: go on rather than hang
        }
    }
    at_ = std::min(at_ + 1, text_.size());
    document_.lists[index].span.end = at_;
}

} // namespace

} // namespace envpm::manifest
