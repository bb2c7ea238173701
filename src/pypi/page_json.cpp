#include "base/error.h"
#include "base/gunzip.h"
#include "model/lock.h"
#include "pypi/page_entry.h"

#include <simdjson.h>

#include <utility>

namespace envpm::pypi {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

/// Reads a page with simdjson's on-demand parser, which looks at each byte once. Its codes fall in
/// two kinds: a value of another kind than expected spoils its entry only; anything else means that
/// the text is no JSON to its end, and spoils the page.
class JsonPageReader {
  public:
    JsonPageReader(const std::string& url, EntryTaker& taker)
        : url_(url),
          taker_(taker) {}

    void read(ondemand::object top);

    void check(error_code code) const {
        if (code != simdjson::SUCCESS) {
            refuse(code);
        }
    }

  private:
    void read_meta(ondemand::value meta) const;
    void read_files(ondemand::value files);
    void read_entry(ondemand::object file);
    bool read_field(std::string_view key, ondemand::value value, PageEntry& entry) const;
    void read_metadata_field(ondemand::value value, PageEntry& entry) const;
    static bool read_size(ondemand::value value, PageEntry& entry);
    [[nodiscard]] bool is_null(ondemand::value value) const;
    [[nodiscard]] bool is_yanked(ondemand::value value) const;
    bool read_hash(ondemand::value value, std::string_view& sha256) const;
    bool read_text(ondemand::value value, std::string_view& text) const;
    [[nodiscard]] std::string_view read_key(ondemand::field& field) const;

    [[noreturn]] void refuse(error_code code) const;

    /// Whether the value was of the kind asked for; a damaged text is a failure.
    bool is_kind(error_code code) const {
        if (code == simdjson::INCORRECT_TYPE || code == simdjson::NO_SUCH_FIELD) {
            return false;
        }
        check(code);
        return true;
    }

    const std::string& url_;
    EntryTaker& taker_;
};

static_assert(gunzip_room >= simdjson::SIMDJSON_PADDING);

/// The parser holds those strings of the document that are not written as they are.
class JsonText final : public PageText {
  public:
    JsonText(std::string_view bytes, std::size_t room)
        : copy_(room < bytes.size() + simdjson::SIMDJSON_PADDING ? simdjson::padded_string(bytes)
                                                                 : simdjson::padded_string()),
          text_(copy_.size() == 0 ? simdjson::padded_string_view(bytes, room)
                                  : simdjson::padded_string_view(copy_)) {}

    ondemand::document open(const JsonPageReader& reader) {
        ondemand::document document;
        reader.check(parser_.iterate(text_).get(document));
        return document;
    }

  private:
    const simdjson::padded_string copy_;
    const simdjson::padded_string_view text_;
    ondemand::parser parser_;
};

[[noreturn]] void refuse_page(std::string what, const std::string& url);

} // namespace

std::unique_ptr<PageText> read_json_page(std::string_view bytes, std::size_t room,
                                         const std::string& url, EntryTaker& taker) {
    auto text = std::make_unique<JsonText>(bytes, room);
    JsonPageReader reader(url, taker);
    ondemand::document document = text->open(reader);
    ondemand::object top;
    reader.check(document.get_object().get(top));
    reader.read(top);
    return text;
}

namespace {

void JsonPageReader::read(ondemand::object top) {
    bool has_files = false;
    for (auto member : top) {
        ondemand::field field;
        check(std::move(member).get(field));
        const std::string_view key = read_key(field);
        if (key == "meta") {
            read_meta(field.value());
        } else if (key == "files") {
            read_files(field.value());
            has_files = true;
        }
    }
    if (!has_files) {
        refuse_page("the answer is JSON, but no page of a Python index", url_);
    }
}

/// PEP 629: a new major version may mean anything.
void JsonPageReader::read_meta(ondemand::value meta) const {
    ondemand::object members;
    std::string_view version;
    if (is_kind(meta.get_object().get(members)) &&
        members.find_field_unordered("api-version").get_string().get(version) ==
            simdjson::SUCCESS &&
        version.substr(0, version.find('.')) != "1") {
        refuse_page("the index speaks version `" + std::string(version) +
                        "` of its protocol, which envpm does not know",
                    url_);
    }
}

void JsonPageReader::read_files(ondemand::value files) {
    ondemand::array items;
    if (!is_kind(files.get_array().get(items))) {
        refuse_page("the answer is JSON, but no page of a Python index", url_);
    }
    for (auto item : items) {
        ondemand::value value;
        // `get` is for rvalues only, however trivial the type is to copy.
        // NOLINTNEXTLINE(performance-move-const-arg)
        check(std::move(item).get(value));
        ondemand::object file;
        if (!is_kind(value.get_object().get(file))) {
            continue;
        }
        read_entry(file);
    }
}

/// What is left of an entry that nobody wants is skipped by the parser, which counts brackets and
/// looks at nothing else: damage there goes unnoticed, and so does damage of members that have no
/// name here. A page has no digest of its own; that it came whole is HTTP's to say.
void JsonPageReader::read_entry(ondemand::object file) {
    PageEntry entry;
    bool is_good = true;
    for (auto member : file) {
        ondemand::field field;
        check(std::move(member).get(field));
        const std::string_view key = read_key(field);
        is_good = read_field(key, field.value(), entry) && is_good;
        if (key == "filename" && is_good && !taker_.wants(entry.file_name)) {
            return;
        }
    }
    if (is_good && !entry.file_name.empty() && !entry.url.empty()) {
        taker_.add(entry);
    } else if (!entry.file_name.empty()) {
        taker_.leave_out(entry.file_name,
                         is_good ? "it has no URL" : "its size, or another field, cannot be read");
    }
}

/// False if the value's kind spoils the entry.
bool JsonPageReader::read_field(std::string_view key, ondemand::value value,
                                PageEntry& entry) const {
    if (key == "filename") {
        return read_text(value, entry.file_name);
    }
    if (key == "url") {
        return read_text(value, entry.url);
    }
    if (key == "requires-python") {
        return is_null(value) || read_text(value, entry.requires_python);
    }
    if (key == "upload-time") {
        return is_null(value) || read_text(value, entry.upload_time);
    }
    if (key == "hashes") {
        return read_hash(value, entry.sha256);
    }
    if (key == "size") {
        return is_null(value) || read_size(value, entry);
    }
    if (key == "yanked") {
        entry.is_yanked = is_yanked(value);
    } else if (key == "core-metadata" || key == "dist-info-metadata") {
        read_metadata_field(value, entry);
    }
    return true;
}

bool JsonPageReader::read_size(ondemand::value value, PageEntry& entry) {
    std::uint64_t size = 0;
    if (value.get_uint64().get(size) != simdjson::SUCCESS || size == 0 ||
        size > largest_archive_bytes) {
        return false;
    }
    entry.size_bytes = size;
    return true;
}

bool JsonPageReader::is_null(ondemand::value value) const {
    bool answer = false;
    return is_kind(value.is_null().get(answer)) && answer;
}

/// A flag, or the reason for it (PEP 592).
bool JsonPageReader::is_yanked(ondemand::value value) const {
    bool flag = false;
    if (is_kind(value.get_bool().get(flag))) {
        return flag;
    }
    std::string_view reason;
    return read_text(value, reason) && !reason.empty();
}

/// PEP 714: `core-metadata` and PEP 658's older key say the same where both stand.
void JsonPageReader::read_metadata_field(ondemand::value value, PageEntry& entry) const {
    bool flag = false;
    if (is_kind(value.get_bool().get(flag))) {
        entry.has_metadata_file = entry.has_metadata_file || flag;
        return;
    }
    entry.has_metadata_file = read_hash(value, entry.metadata_sha256) || entry.has_metadata_file;
}

/// From an object of digests by algorithm; false if it is no object.
bool JsonPageReader::read_hash(ondemand::value value, std::string_view& sha256) const {
    ondemand::object hashes;
    if (!is_kind(value.get_object().get(hashes))) {
        return false;
    }
    std::string_view digest;
    if (is_kind(hashes.find_field_unordered("sha256").get_string().get(digest))) {
        sha256 = digest;
    }
    return true;
}

/// Where it is written as it is, and nearly all are, it is not copied.
bool JsonPageReader::read_text(ondemand::value value, std::string_view& text) const {
    const std::string_view token = value.raw_json_token();
    const std::size_t end = token.find_last_not_of(" \t\n\r");
    if (token.starts_with('"') && end != 0 && token[end] == '"' &&
        token.find('\\') == std::string_view::npos) {
        text = token.substr(1, end - 1);
        return true;
    }
    return is_kind(value.get_string().get(text));
}

/// The same for the name of a member. The parser has seen that it ends.
std::string_view JsonPageReader::read_key(ondemand::field& field) const {
    const char* const begin = field.key().raw();
    const char* end = begin;
    while (*end != '"' && *end != '\\') {
        ++end;
    }
    std::string_view key(begin, static_cast<std::size_t>(end - begin));
    if (*end == '\\') {
        check(field.unescaped_key().get(key));
    }
    return key;
}

void JsonPageReader::refuse(error_code code) const {
    if (code == simdjson::INCORRECT_TYPE) {
        refuse_page("the answer is JSON, but no page of a Python index", url_);
    }
    refuse_page(std::string("the page is damaged or cut short: ") + simdjson::error_message(code),
                url_);
}

void refuse_page(std::string what, const std::string& url) {
    throw Error({std::move(what), url, {}}, ExitCode::network);
}

} // namespace

} // namespace envpm::pypi
