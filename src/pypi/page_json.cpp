#include "base/error.h"
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
    explicit JsonPageReader(const std::string& url)
        : url_(url) {}

    RawPage read(std::string_view bytes);

  private:
    void read_meta(ondemand::value meta) const;
    void read_files(ondemand::value files, RawPage& page) const;
    [[nodiscard]] std::optional<PageEntry> read_entry(ondemand::object file) const;
    bool read_field(std::string_view key, ondemand::value value, PageEntry& entry) const;
    void read_metadata_field(ondemand::value value, PageEntry& entry) const;
    static bool read_size(ondemand::value value, PageEntry& entry);
    [[nodiscard]] bool is_yanked(ondemand::value value) const;
    bool read_hash(ondemand::value value, std::string_view& sha256) const;
    bool read_text(ondemand::value value, std::string_view& text) const;

    void check(error_code code) const;
    bool is_kind(error_code code) const;

    const std::string& url_;
};

/// The parser holds the strings of the document.
class JsonText final : public PageText {
  public:
    explicit JsonText(std::string_view bytes)
        : text(bytes) {}

    const simdjson::padded_string text;
    ondemand::parser parser;
};

[[noreturn]] void refuse(std::string what, const std::string& url);

} // namespace

RawPage read_json_page(std::string_view bytes, const std::string& url) {
    return JsonPageReader(url).read(bytes);
}

namespace {

RawPage JsonPageReader::read(std::string_view bytes) {
    auto text = std::make_unique<JsonText>(bytes);
    ondemand::document document;
    check(text->parser.iterate(text->text).get(document));
    ondemand::object top;
    check(document.get_object().get(top));
    RawPage page{url_, std::move(text), {}};
    bool has_files = false;
    for (auto member : top) {
        ondemand::field field;
        check(std::move(member).get(field));
        std::string_view key;
        check(field.unescaped_key().get(key));
        if (key == "meta") {
            read_meta(field.value());
        } else if (key == "files") {
            read_files(field.value(), page);
            has_files = true;
        }
    }
    if (!has_files) {
        refuse("the answer is JSON, but no page of a Python index", url_);
    }
    return page;
}

/// PEP 629: a new major version may mean anything.
void JsonPageReader::read_meta(ondemand::value meta) const {
    ondemand::object members;
    std::string_view version;
    if (is_kind(meta.get_object().get(members)) &&
        members.find_field_unordered("api-version").get_string().get(version) ==
            simdjson::SUCCESS &&
        version.substr(0, version.find('.')) != "1") {
        refuse("the index speaks version `" + std::string(version) +
                   "` of its protocol, which envpm does not know",
               url_);
    }
}

void JsonPageReader::read_files(ondemand::value files, RawPage& page) const {
    ondemand::array items;
    if (!is_kind(files.get_array().get(items))) {
        refuse("the answer is JSON, but no page of a Python index", url_);
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
        if (std::optional<PageEntry> entry = read_entry(file)) {
            page.entries.push_back(*entry);
        }
    }
}

std::optional<PageEntry> JsonPageReader::read_entry(ondemand::object file) const {
    PageEntry entry;
    bool is_good = true;
    for (auto member : file) {
        ondemand::field field;
        check(std::move(member).get(field));
        std::string_view key;
        check(field.unescaped_key().get(key));
        is_good = read_field(key, field.value(), entry) && is_good;
    }
    if (!is_good || entry.file_name.empty() || entry.url.empty()) {
        return std::nullopt;
    }
    return entry;
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
        return value.is_null() || read_text(value, entry.requires_python);
    }
    if (key == "upload-time") {
        return value.is_null() || read_text(value, entry.upload_time);
    }
    if (key == "hashes") {
        return read_hash(value, entry.sha256);
    }
    if (key == "size") {
        return value.is_null() || read_size(value, entry);
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

bool JsonPageReader::read_text(ondemand::value value, std::string_view& text) const {
    return is_kind(value.get_string().get(text));
}

void JsonPageReader::check(error_code code) const {
    if (code == simdjson::INCORRECT_TYPE) {
        refuse("the answer is JSON, but no page of a Python index", url_);
    }
    if (code != simdjson::SUCCESS) {
        refuse(std::string("the page is damaged or cut short: ") + simdjson::error_message(code),
               url_);
    }
}

/// Whether the value was of the kind asked for; a damaged text is a failure.
bool JsonPageReader::is_kind(error_code code) const {
    if (code == simdjson::INCORRECT_TYPE || code == simdjson::NO_SUCH_FIELD) {
        return false;
    }
    check(code);
    return true;
}

void refuse(std::string what, const std::string& url) {
    throw Error({std::move(what), url, {}}, ExitCode::network);
}

} // namespace

} // namespace envpm::pypi
