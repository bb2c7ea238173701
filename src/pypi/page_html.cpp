#include "base/ascii.h"
#include "base/error.h"
#include "base/url.h"
#include "pypi/page_entry.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t longest_entity = 9; // "#1114111;" has eight characters and the semicolon

struct Attribute {
    std::string name; ///< lower case
    std::string value;
};

struct Tag {
    std::string name; ///< lower case; "/a" for the end of an anchor
    std::vector<Attribute> attributes;

    [[nodiscard]] const std::string* find(std::string_view wanted) const;
};

/// Finds the tags of a page, as browsers do and no more: attributes in any of their three forms,
/// entities decoded; comments, scripts and styles passed over.
class TagScanner {
  public:
    explicit TagScanner(std::string_view text)
        : text_(text) {}

    /// The next tag; nothing at the end.
    std::optional<Tag> next();

    /// The text ended within a tag.
    [[nodiscard]] bool is_cut() const { return is_cut_; }

  private:
    bool skip_declaration();
    std::string read_name(std::string_view stops);
    void read_attributes(Tag& tag);
    std::string read_value();
    void skip_space();
    void skip_raw_text(std::string_view element);
    void skip_past(std::string_view end);
    [[nodiscard]] bool at(std::string_view text) const;

    std::string_view text_;
    std::size_t position_ = 0;
    bool is_cut_ = false;
};

/// Entities are decoded, so there are texts of its own.
class HtmlText final : public PageText {
  public:
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  private:
    std::deque<std::string> texts_;
};

std::optional<bool> begins_page(const Tag& tag);
PageEntry entry_of(const Tag& anchor, const std::string& href, HtmlText& text);
void read_metadata_attribute(const Tag& anchor, PageEntry& entry, HtmlText& text);
std::string sha256_in(std::string_view text);
bool is_distribution(const std::string& href);
std::string decoded(std::string_view text);
std::string decoded_entity(std::string_view name);
std::string utf8(std::uint32_t point);
[[noreturn]] void refuse(std::string what, const std::string& url, std::string hint);

} // namespace

HtmlPage read_html_page(std::string_view bytes, const std::string& url) {
    auto text = std::make_unique<HtmlText>();
    HtmlText& texts = *text;
    HtmlPage page{url, std::move(text), {}};
    TagScanner scanner(bytes);
    // An empty project is an index page too: it says so in PEP 629's way or in its title.
    bool is_index = bytes.find("Links for ") != std::string_view::npos;
    bool is_open = false; // between <html> and </html>, or <body> and </body>
    while (const std::optional<Tag> tag = scanner.next()) {
        const std::string* written = tag->find("href");
        const std::string href(trimmed(written != nullptr ? *written : std::string()));
        if (tag->name == "base" && !href.empty()) {
            page.base = resolve_url(url, href).value_or(url);
        } else if (tag->name == "a" && is_distribution(href)) {
            page.entries.push_back(entry_of(*tag, href, texts));
        } else if (tag->name == "meta") {
            const std::string* name = tag->find("name");
            is_index = is_index || (name != nullptr && *name == "pypi:repository-version");
        }
        is_open = begins_page(*tag).value_or(is_open);
    }
    if (scanner.is_cut()) {
        refuse("the page is cut short: it ends within a tag", url, {});
    }
    if (page.entries.empty() && !is_index) {
        refuse("the answer is HTML, but no page of a Python index: a proxy or a login page may "
               "have answered",
               url, {});
    }
    // HTML lets both ends be left out, but who writes the one tag writes the other; and of a page
    // that came without a length, nothing else tells that some of its links are missing.
    if (is_open) {
        refuse("the page is cut short: it has a beginning and no end", url, {});
    }
    return page;
}

namespace {

const std::string* Tag::find(std::string_view wanted) const {
    for (const Attribute& attribute : attributes) {
        if (attribute.name == wanted) {
            return &attribute.value;
        }
    }
    return nullptr;
}

std::optional<Tag> TagScanner::next() {
    while (true) {
        position_ = std::min(text_.find('<', position_), text_.size());
        if (position_ == text_.size()) {
            return std::nullopt;
        }
        if (skip_declaration()) {
            continue;
        }
        ++position_;
        Tag tag{ascii_lower(read_name(" \t\r\n\f>")), {}};
        read_attributes(tag);
        if (tag.name == "script" || tag.name == "style") {
            skip_raw_text(tag.name);
        }
        return tag;
    }
}

/// Comments and `<!doctype …>`.
bool TagScanner::skip_declaration() {
    if (at("<!--")) {
        skip_past("-->");
        return true;
    }
    if (at("<!") || at("<?")) {
        skip_past(">");
        return true;
    }
    return false;
}

std::string TagScanner::read_name(std::string_view stops) {
    const std::size_t end = std::min(text_.find_first_of(stops, position_), text_.size());
    std::string name(text_.substr(position_, end - position_));
    position_ = end;
    return name;
}

void TagScanner::read_attributes(Tag& tag) {
    while (true) {
        skip_space();
        if (position_ == text_.size()) {
            is_cut_ = true;
            return;
        }
        if (text_[position_] == '>') {
            ++position_;
            return;
        }
        if (text_[position_] == '/' || text_[position_] == '=') {
            ++position_;
            continue;
        }
        Attribute attribute{ascii_lower(read_name(" \t\r\n\f=/>")), {}};
        skip_space();
        if (at("=")) {
            ++position_;
            skip_space();
            attribute.value = read_value();
        }
        tag.attributes.push_back(std::move(attribute));
    }
}

std::string TagScanner::read_value() {
    if (!at("\"") && !at("'")) {
        return decoded(read_name(" \t\r\n\f>"));
    }
    const char quote = text_[position_];
    const std::size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) {
        position_ = text_.size();
        return {};
    }
    std::string value = decoded(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return value;
}

void TagScanner::skip_space() {
    position_ = std::min(text_.find_first_not_of(" \t\r\n\f", position_), text_.size());
}

void TagScanner::skip_raw_text(std::string_view element) {
    while (position_ < text_.size()) {
        position_ = std::min(text_.find("</", position_), text_.size());
        if (ascii_lower(text_.substr(position_).substr(0, element.size() + 2)) ==
            "</" + std::string(element)) {
            return;
        }
        position_ = std::min(position_ + 2, text_.size());
    }
}

void TagScanner::skip_past(std::string_view end) {
    const std::size_t found = text_.find(end, position_);
    is_cut_ = is_cut_ || found == std::string_view::npos;
    position_ = found == std::string_view::npos ? text_.size() : found + end.size();
}

bool TagScanner::at(std::string_view text) const {
    return text_.substr(position_).starts_with(text);
}

/// False: it ends the page; nothing for the tags in between.
std::optional<bool> begins_page(const Tag& tag) {
    if (tag.name == "html" || tag.name == "body") {
        return true;
    }
    return tag.name == "/html" || tag.name == "/body" ? std::optional(false) : std::nullopt;
}

PageEntry entry_of(const Tag& anchor, const std::string& href, HtmlText& text) {
    PageEntry entry;
    const std::size_t hash = std::min(href.find('#'), href.size());
    entry.url = text.keep(href.substr(0, hash));
    entry.file_name = text.keep(file_name_of_url(entry.url));
    entry.sha256 = text.keep(sha256_in(std::string_view(href).substr(hash)));
    entry.is_yanked = anchor.find("data-yanked") != nullptr;
    if (const std::string* requires_python = anchor.find("data-requires-python")) {
        entry.requires_python = text.keep(*requires_python);
    }
    read_metadata_attribute(anchor, entry, text);
    return entry;
}

/// PEP 714's name of the attribute, else PEP 658's.
void read_metadata_attribute(const Tag& anchor, PageEntry& entry, HtmlText& text) {
    const std::string* value = anchor.find("data-core-metadata");
    if (value == nullptr) {
        value = anchor.find("data-dist-info-metadata");
    }
    if (value != nullptr && *value != "false") {
        entry.has_metadata_file = true;
        entry.metadata_sha256 = text.keep(sha256_in(*value));
    }
}

/// The digest of `…sha256=<hex>…`: a fragment may hold other things too.
std::string sha256_in(std::string_view text) {
    static constexpr std::string_view key = "sha256=";
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = text.substr(at + key.size());
    return std::string(rest.substr(0, rest.find_first_of("&;")));
}

/// What an index page links to: wheels, sdists, and the older kinds, which show that it is one.
bool is_distribution(const std::string& href) {
    static constexpr std::array<std::string_view, 10> endings = {
        ".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".egg", ".exe", ".msi", ".rpm"};
    const std::string file_name = file_name_of_url(href);
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return file_name.ends_with(ending); });
}

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t ampersand = std::min(text.find('&', begin), text.size());
        out += text.substr(begin, ampersand - begin);
        if (ampersand == text.size()) {
            break;
        }
        const std::string_view ahead = text.substr(ampersand + 1, longest_entity);
        const std::size_t end = std::min(ahead.find(';'), ahead.size());
        const std::string entity = decoded_entity(ahead.substr(0, end));
        // What is no entity stands for itself, as in `?a=1&b=2`.
        out += entity.empty() ? std::string("&") : entity;
        begin = ampersand + 1 + (entity.empty() ? 0 : end + 1);
    }
    return out;
}

std::string decoded_entity(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> named = {
        {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}}};
    for (const auto& [known, text] : named) {
        if (known == name) {
            return std::string(text);
        }
    }
    if (name.size() < 2 || name.size() > 8 || name.front() != '#') {
        return {};
    }
    const bool is_hexadecimal = name[1] == 'x' || name[1] == 'X';
    const std::string digits(name.substr(is_hexadecimal ? 2 : 1));
    const std::string_view alphabet = is_hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
    if (digits.empty() || digits.find_first_not_of(alphabet) != std::string::npos) {
        return {};
    }
    return utf8(static_cast<std::uint32_t>(
        std::stoul(digits, nullptr, is_hexadecimal ? 16 : 10))); // at most seven digits
}

std::string utf8(std::uint32_t point) {
    const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
    if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return "\xef\xbf\xbd";
    }
    if (point < 0x80) {
        return {byte(point)};
    }
    const char last = byte(0x80U | (point & 0x3fU));
    if (point < 0x800) {
        return {byte(0xc0U | (point >> 6U)), last};
    }
    const char middle = byte(0x80U | ((point >> 6U) & 0x3fU));
    if (point < 0x10000) {
        return {byte(0xe0U | (point >> 12U)), middle, last};
    }
    return {byte(0xf0U | (point >> 18U)), byte(0x80U | ((point >> 12U) & 0x3fU)), middle, last};
}

void refuse(std::string what, const std::string& url, std::string hint) {
    throw Error({std::move(what), url, std::move(hint)}, ExitCode::network);
}

} // namespace

} // namespace envpm::pypi
