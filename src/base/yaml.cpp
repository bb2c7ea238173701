#include "base/yaml.h"

#include "base/error.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace envpm {

namespace {

constexpr std::size_t longest_text = std::size_t{32} << 20U;
constexpr std::size_t deepest = 64;
constexpr std::size_t most_values = 1'000'000;
constexpr std::size_t most_copied_bytes = std::size_t{4} << 20U; ///< by anchors and aliases
constexpr std::size_t least_copied_bytes = 64;                   ///< of a value, whatever it is

/// What libyaml needs to be freed.
class Parser {
  public:
    Parser(std::string_view text, const std::string& file);

    ~Parser();

    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    /// The next event is `event` until the one after it.
    const yaml_event_t& next();

  private:
    [[noreturn]] void refuse() const;

    const std::string& file_;
    yaml_parser_t parser_{};
    yaml_event_t event_{};
    bool has_event_ = false;
};

/// Builds the value from the parser's events, so that a limit ends the parsing where it is crossed.
class Builder {
  public:
    explicit Builder(const std::string& file)
        : file_(file) {}

    void take(const yaml_event_t& event);

    YamlValue result() { return std::move(root_); }

  private:
    /// A map or list that is not at its end yet.
    struct Open {
        YamlValue value;
        std::optional<YamlValue::Member> key; ///< of a map: read, its value is not
        std::string anchor;                   ///< empty: none
    };

    void begin_document(const YamlValue& place);
    void open(const yaml_char_t* tag, const yaml_char_t* anchor, YamlValue value);
    void close();
    void merge(YamlValue& map) const;
    void keep(const std::string& anchor, const YamlValue& value);
    void add_alias(const std::string& anchor, const YamlValue& place);
    void count_copy(const YamlValue& value, const YamlValue& place);
    void add_scalar(const yaml_event_t& event, YamlValue value);
    void add(YamlValue value);
    void add_key(Open& map, const YamlValue& value);
    void check_tag(const yaml_char_t* tag, const YamlValue& place) const;
    [[noreturn]] void refuse(const YamlValue& place, std::string what, std::string hint = {}) const;

    const std::string& file_;
    std::vector<Open> open_;
    YamlValue root_;
    std::map<std::string, YamlValue> anchors_; ///< of whole values only, so none holds itself
    std::size_t values_ = 0;
    std::size_t copied_bytes_ = 0;
    bool has_document_ = false;
};

std::string_view text_of(const yaml_char_t* text, std::size_t length);
std::string name_of(const yaml_char_t* anchor);
std::size_t depth_of(const YamlValue& value);
std::size_t bytes_of(const YamlValue& value);
YamlValue placed(const yaml_mark_t& mark);

} // namespace

const YamlValue* YamlValue::find(std::string_view name) const {
    if (const auto* map = get_if<Map>()) {
        for (const Member& member : *map) {
            if (member.name == name) {
                return &member.value;
            }
        }
    }
    return nullptr;
}

std::string_view YamlValue::kind() const {
    constexpr std::array<std::string_view, 4> kinds = {"nothing", "a text", "a list", "a map"};
    return kinds.at(value.index());
}

YamlValue parse_yaml(std::string_view text, const std::string& file) {
    if (text.size() > longest_text) {
        throw Error({"the file is longer than 32 MiB", file, "check that it is the right one"});
    }
    Parser parser(text, file);
    Builder builder(file);
    for (const yaml_event_t* event = &parser.next(); event->type != YAML_STREAM_END_EVENT;
         event = &parser.next()) {
        builder.take(*event);
    }
    return builder.result();
}

namespace {

Parser::Parser(std::string_view text, const std::string& file)
    : file_(file) {
    if (yaml_parser_initialize(&parser_) == 0) {
        throw std::bad_alloc();
    }
    if (text.empty()) {
        text = ""; // a pointer to nothing is not taken
    }
    // Bytes of a `char` may be looked at as those of an `unsigned char`.
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(text.data()), // NOLINT(*-reinterpret-cast)
        text.size());
}

Parser::~Parser() {
    if (has_event_) {
        yaml_event_delete(&event_);
    }
    yaml_parser_delete(&parser_);
}

const yaml_event_t& Parser::next() {
    if (has_event_) {
        yaml_event_delete(&event_);
    }
    has_event_ = yaml_parser_parse(&parser_, &event_) != 0;
    if (!has_event_) {
        refuse();
    }
    return event_;
}

/// Bytes that are no text have an offset and no line.
void Parser::refuse() const {
    if (parser_.error == YAML_MEMORY_ERROR) {
        throw std::bad_alloc();
    }
    const std::string problem = parser_.problem == nullptr ? "it cannot be read" : parser_.problem;
    const bool is_text = parser_.error != YAML_READER_ERROR;
    const SourceLocation place =
        is_text ? placed(parser_.problem_mark).location(file_) : SourceLocation{file_, 0, 0};
    std::string hint = is_text ? "look at the indentation, quotes and brackets before that place"
                               : "a text file is in UTF-8";
    if (is_text && parser_.context != nullptr) {
        hint = fmt::format("look at line {}: it stopped {}", parser_.context_mark.line + 1,
                           parser_.context);
    }
    throw Error({fmt::format("this is not valid YAML: {}", problem), place.text(), hint});
}

void Builder::take(const yaml_event_t& event) {
    YamlValue value = placed(event.start_mark);
    switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
        begin_document(value);
        break;
    case YAML_ALIAS_EVENT:
        add_alias(name_of(event.data.alias.anchor), value);
        break;
    case YAML_SCALAR_EVENT:
        add_scalar(event, std::move(value));
        break;
    case YAML_SEQUENCE_START_EVENT:
        value.value = YamlValue::List();
        open(event.data.sequence_start.tag, event.data.sequence_start.anchor, std::move(value));
        break;
    case YAML_MAPPING_START_EVENT:
        value.value = YamlValue::Map();
        open(event.data.mapping_start.tag, event.data.mapping_start.anchor, std::move(value));
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close();
        break;
    default: // begin of the stream, end of the document
        break;
    }
}

void Builder::begin_document(const YamlValue& place) {
    if (has_document_) {
        refuse(place, "a second document begins here", "keep one of the documents");
    }
    has_document_ = true;
}

/// Only a plain scalar can mean nothing.
void Builder::add_scalar(const yaml_event_t& event, YamlValue value) {
    const auto& scalar = event.data.scalar;
    check_tag(scalar.tag, value);
    const std::string_view text = text_of(scalar.value, scalar.length);
    if (text.find('\0') != std::string_view::npos) {
        refuse(value, "a text holds a NUL character", "leave it out");
    }
    const bool is_null =
        scalar.plain_implicit != 0 && scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
    if (!is_null) {
        value.value = std::string(text);
    }
    keep(name_of(scalar.anchor), value);
    add(std::move(value));
}

void Builder::open(const yaml_char_t* tag, const yaml_char_t* anchor, YamlValue value) {
    check_tag(tag, value);
    if (open_.size() == deepest) {
        refuse(value, fmt::format("values are nested deeper than {}", deepest));
    }
    open_.push_back({std::move(value), {}, name_of(anchor)});
}

void Builder::close() {
    YamlValue value = std::move(open_.back().value);
    const std::string anchor = std::move(open_.back().anchor);
    open_.pop_back();
    merge(value);
    keep(anchor, value);
    add(std::move(value));
}

/// `<<` of YAML 1.1, which conda reads: the members of other maps, but for those that the map has.
void Builder::merge(YamlValue& map) const {
    auto* const members = std::get_if<YamlValue::Map>(&map.value);
    if (members == nullptr || map.find("<<") == nullptr) {
        return;
    }
    const auto found =
        std::find_if(members->begin(), members->end(),
                     [](const YamlValue::Member& each) { return each.name == "<<"; });
    const YamlValue value = std::move(found->value);
    members->erase(found);
    const auto* const list = value.get_if<YamlValue::List>();
    for (const YamlValue& other : list != nullptr ? *list : YamlValue::List{value}) {
        const auto* const more = other.get_if<YamlValue::Map>();
        if (more == nullptr) {
            refuse(other, fmt::format("`<<` must be a map, not {}", other.kind()));
        }
        std::copy_if(more->begin(), more->end(), std::back_inserter(*members),
                     [&](const YamlValue::Member& each) { return map.find(each.name) == nullptr; });
    }
}

/// The last value of an anchor counts from there on, as YAML has it.
void Builder::keep(const std::string& anchor, const YamlValue& value) {
    if (!anchor.empty()) {
        count_copy(value, value);
        anchors_.insert_or_assign(anchor, value);
    }
}

void Builder::add_alias(const std::string& anchor, const YamlValue& place) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
        refuse(place, fmt::format("nothing before this place has the anchor `{}`", anchor));
    }
    count_copy(found->second, place);
    if (open_.size() + depth_of(found->second) > deepest) {
        refuse(place, fmt::format("values are nested deeper than {}", deepest));
    }
    YamlValue value = found->second;
    value.line = place.line;
    value.column = place.column;
    add(std::move(value));
}

/// A few lines of aliases can mean gigabytes.
void Builder::count_copy(const YamlValue& value, const YamlValue& place) {
    copied_bytes_ += bytes_of(value);
    if (copied_bytes_ > most_copied_bytes) {
        refuse(place, "the aliases stand for more than 4 MiB",
               "write out what is meant, or check that it is the right file");
    }
}

void Builder::add(YamlValue value) {
    if (++values_ > most_values) {
        refuse(value, fmt::format("there are more than {} values", most_values));
    }
    if (open_.empty()) {
        root_ = std::move(value);
        return;
    }
    Open& top = open_.back();
    if (auto* list = std::get_if<YamlValue::List>(&top.value.value)) {
        list->push_back(std::move(value));
    } else if (!top.key) {
        add_key(top, value);
    } else {
        if (value.is_null()) { // the parser's place is that of what follows
            value.line = top.key->line;
            value.column = top.key->column;
        }
        top.key->value = std::move(value);
        std::get<YamlValue::Map>(top.value.value).push_back(*std::exchange(top.key, {}));
    }
}

/// With a space before it; nothing if a password may be in it: the place says enough.
std::string in_backticks(std::string_view text) {
    return text.find('@') == std::string_view::npos ? fmt::format(" `{}`", text) : std::string();
}

void Builder::add_key(Open& map, const YamlValue& value) {
    const auto* const name = value.get_if<std::string>();
    if (name == nullptr) {
        refuse(value, fmt::format("a key must be a text, not {}", value.kind()));
    }
    if (const YamlValue* const first = map.value.find(*name)) {
        refuse(value, fmt::format("the key{} stands here again", in_backticks(*name)),
               fmt::format("the first is in line {}; keep one of them", first->line));
    }
    map.key = YamlValue::Member{*name, value.line, value.column, {}};
}

void Builder::check_tag(const yaml_char_t* tag, const YamlValue& place) const {
    if (tag == nullptr) {
        return;
    }
    const std::string_view text =
        text_of(tag, std::char_traits<char>::length(reinterpret_cast<const char*>(tag))); // NOLINT
    if (text != "tag:yaml.org,2002:str") {
        refuse(place, fmt::format("the tag{} is not read", in_backticks(text)), "leave it out");
    }
}

void Builder::refuse(const YamlValue& place, std::string what, std::string hint) const {
    throw Error({std::move(what), place.location(file_).text(), std::move(hint)});
}

std::string_view text_of(const yaml_char_t* text, std::size_t length) {
    return {reinterpret_cast<const char*>(text), length}; // NOLINT(*-reinterpret-cast)
}

/// Anchors are of letters and digits.
std::string name_of(const yaml_char_t* anchor) {
    return anchor == nullptr ? std::string()
                             : std::string(reinterpret_cast<const char*>(anchor)); // NOLINT
}

std::size_t depth_of(const YamlValue& value) {
    std::size_t deepest_member = 0;
    if (const auto* const list = value.get_if<YamlValue::List>()) {
        for (const YamlValue& item : *list) {
            deepest_member = std::max(deepest_member, depth_of(item));
        }
    } else if (const auto* const map = value.get_if<YamlValue::Map>()) {
        for (const YamlValue::Member& member : *map) {
            deepest_member = std::max(deepest_member, depth_of(member.value));
        }
    } else {
        return 0;
    }
    return deepest_member + 1;
}

std::size_t bytes_of(const YamlValue& value) {
    std::size_t bytes = least_copied_bytes;
    if (const auto* const text = value.get_if<std::string>()) {
        bytes += text->size();
    } else if (const auto* const list = value.get_if<YamlValue::List>()) {
        for (const YamlValue& item : *list) {
            bytes += bytes_of(item);
        }
    } else if (const auto* const map = value.get_if<YamlValue::Map>()) {
        for (const YamlValue::Member& member : *map) {
            bytes += member.name.size() + bytes_of(member.value);
        }
    }
    return bytes;
}

YamlValue placed(const yaml_mark_t& mark) {
    return {{}, static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

} // namespace

} // namespace envpm
