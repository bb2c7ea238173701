#include "conda/entry_reader.h"

#include "base/error.h"
#include "conda/raw_record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>
#include <utility>
#include <vector>

namespace envpm::conda {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

static_assert(PageWalk::padding >= simdjson::SIMDJSON_PADDING);

/// simdjson's codes fall in two kinds: a value of another kind than expected spoils its entry only;
/// anything else means that the text is no JSON to its end, and spoils the page.
class EntryReader::State {
  public:
    explicit State(std::string url)
        : url_(std::move(url)) {}

    std::optional<std::string_view> read_part(std::string_view part, std::size_t& done,
                                              SubdirBuilder& builder);
    std::string read_info(std::string_view text, const std::string& subdir);
    void read_removed(std::string_view text, SubdirBuilder& builder);

  private:
    void read_record(ondemand::value value);
    void read_field(const char* key, ondemand::value value);
    void read_digest_or_text(const char* key, ondemand::value value);
    void read_number_or_flag(const char* key, ondemand::value value);
    void read_list(ondemand::value value, std::vector<std::string_view>& list,
                   std::string_view fault);
    void read_features(ondemand::value value);
    void read_noarch(ondemand::value value);
    void read_timestamp(ondemand::value value);
    std::string_view text_of(ondemand::value value, std::string_view fault);
    [[nodiscard]] std::optional<std::uint64_t> number_of(ondemand::value value) const;

    void check(error_code code) const;
    [[nodiscard]] bool is_kind(error_code code) const;
    [[noreturn]] void refuse(std::string what) const;

    std::string url_;
    ondemand::parser parser_;
    RawRecord record_;
};

namespace {

/// Whether a raw key, which a quotation mark ends, is `word`. A key with escapes is none of ours.
template <std::size_t size> bool is(const char* key, const char (&word)[size]) {
    return std::memcmp(key, word, size - 1) == 0 && key[size - 1] == '"';
}

} // namespace

EntryReader::EntryReader(std::string url)
    : state_(std::make_unique<State>(std::move(url))) {}

EntryReader::~EntryReader() = default;

std::optional<std::string_view> EntryReader::read_part(std::string_view part, std::size_t& done,
                                                       SubdirBuilder& builder) {
    return state_->read_part(part, done, builder);
}

std::string EntryReader::read_info(std::string_view text, const std::string& subdir) {
    return state_->read_info(text, subdir);
}

void EntryReader::read_removed(std::string_view text, SubdirBuilder& builder) {
    state_->read_removed(text, builder);
}

std::optional<std::string_view>
EntryReader::State::read_part(std::string_view part, std::size_t& done, SubdirBuilder& builder) {
    ondemand::document document;
    check(parser_.iterate(part.data(), part.size(), part.size() + PageWalk::padding).get(document));
    ondemand::object packages;
    check(document.get_object().get(packages));
    std::size_t at = 0;
    for (auto member : packages) {
        ondemand::field field;
        check(std::move(member).get(field));
        if (at++ < done) {
            continue;
        }
        std::string_view file_name;
        check(field.unescaped_key().get(file_name));
        record_.clear();
        read_record(field.value());
        builder.add(file_name, record_);
        done = at;
    }
    const char* rest = nullptr;
    const error_code code = document.current_location().get(rest);
    if (code == simdjson::OUT_OF_BOUNDS) {
        return std::nullopt;
    }
    check(code);
    return part.substr(static_cast<std::size_t>(rest - part.data()));
}

std::string EntryReader::State::read_info(std::string_view text, const std::string& subdir) {
    const simdjson::padded_string padded(text);
    ondemand::document document;
    check(parser_.iterate(padded).get(document));
    std::string base_url;
    ondemand::object info;
    if (!is_kind(document.get_object().get(info))) {
        return base_url;
    }
    for (auto member : info) {
        ondemand::field field;
        check(std::move(member).get(field));
        std::string_view key;
        check(field.unescaped_key().get(key));
        std::string_view value;
        if ((key != "subdir" && key != "base_url") ||
            !is_kind(field.value().get_string().get(value))) {
            continue;
        }
        if (key == "base_url") {
            base_url = value;
        } else if (value != subdir) {
            refuse("the page says that it is of another subdir");
        }
    }
    return base_url;
}

void EntryReader::State::read_removed(std::string_view text, SubdirBuilder& builder) {
    const simdjson::padded_string padded(text);
    ondemand::document document;
    check(parser_.iterate(padded).get(document));
    ondemand::array names;
    if (!is_kind(document.get_array().get(names))) {
        return;
    }
    for (auto item : names) {
        ondemand::value name;
        // `get` is for rvalues only, however trivial the type is to copy.
        // NOLINTNEXTLINE(performance-move-const-arg)
        check(std::move(item).get(name));
        std::string_view file_name;
        if (is_kind(name.get_string().get(file_name))) {
            builder.remove(file_name);
        }
    }
}

void EntryReader::State::read_record(ondemand::value value) {
    ondemand::object fields;
    if (!is_kind(value.get_object().get(fields))) {
        record_.fault = "its entry is no JSON object";
        return;
    }
    for (auto member : fields) {
        ondemand::field field;
        check(std::move(member).get(field));
        read_field(field.key().raw(), field.value());
    }
}

/// Most keys are of a handful, which their first letter tells apart.
void EntryReader::State::read_field(const char* key, ondemand::value value) {
    if (is(key, "depends")) {
        read_list(value, record_.depends, "its `depends` is no list of texts");
    } else if (is(key, "constrains")) {
        read_list(value, record_.constrains, "its `constrains` is no list of texts");
    } else if (*key == 'n' || *key == 'v' || *key == 's' || *key == 'm' || *key == 'l') {
        read_digest_or_text(key, value);
    } else {
        read_number_or_flag(key, value);
    }
}

void EntryReader::State::read_digest_or_text(const char* key, ondemand::value value) {
    if (is(key, "name")) {
        record_.name = text_of(value, "its name is no text");
    } else if (is(key, "version")) {
        record_.version = text_of(value, "its version is no text");
    } else if (is(key, "subdir")) {
        record_.subdir = text_of(value, "its subdir is no text");
    } else if (is(key, "sha256")) {
        record_.set_sha256(text_of(value, "its sha256 is malformed"));
    } else if (is(key, "md5")) {
        record_.set_md5(text_of(value, {}));
    } else if (is(key, "license")) {
        record_.license = text_of(value, {});
    } else if (is(key, "size")) {
        record_.size_bytes = number_of(value);
    } else if (is(key, "noarch")) {
        read_noarch(value);
    }
}

void EntryReader::State::read_number_or_flag(const char* key, ondemand::value value) {
    if (is(key, "build")) {
        record_.build = text_of(value, "its build is no text");
    } else if (is(key, "build_number")) {
        record_.build_number = number_of(value);
        if (!record_.build_number) {
            record_.fault = "its build number is no number";
        }
    } else if (is(key, "timestamp")) {
        read_timestamp(value);
    } else if (is(key, "track_features")) {
        read_features(value);
    } else if (is(key, "purls")) {
        read_list(value, record_.purls, {});
    } else if (is(key, "python_site_packages_path")) {
        record_.python_site_packages_path = text_of(value, {});
    } else if (is(key, "revoked")) {
        bool flag = false;
        record_.is_revoked = is_kind(value.get_bool().get(flag)) && flag;
    }
}

/// An empty `fault`: what is no list counts as none.
void EntryReader::State::read_list(ondemand::value value, std::vector<std::string_view>& list,
                                   std::string_view fault) {
    list.clear();
    ondemand::array items;
    if (!is_kind(value.get_array().get(items))) {
        if (!fault.empty()) {
            record_.fault = fault;
        }
        return;
    }
    for (auto item : items) {
        ondemand::value one;
        // NOLINTNEXTLINE(performance-move-const-arg): as above
        check(std::move(item).get(one));
        std::string_view text;
        if (is_kind(one.get_string().get(text))) {
            list.push_back(text);
        } else if (!fault.empty()) {
            record_.fault = fault;
        }
    }
}

/// One text of several words, or a list of them.
void EntryReader::State::read_features(ondemand::value value) {
    std::string_view text;
    if (is_kind(value.get_string().get(text))) {
        record_.track_features = count_features(text);
        return;
    }
    std::vector<std::string_view> features;
    read_list(value, features, {});
    for (const std::string_view feature : features) {
        record_.track_features += count_features(feature);
    }
}

/// Before there were two kinds, `true` meant `generic`.
void EntryReader::State::read_noarch(ondemand::value value) {
    bool flag = false;
    if (is_kind(value.get_bool().get(flag))) {
        record_.noarch = flag ? Noarch::generic : Noarch::none;
        return;
    }
    const std::string_view text = text_of(value, {});
    if (const std::optional<Noarch> noarch = parse_noarch(text)) {
        record_.noarch = *noarch;
    } else if (!text.empty()) {
        record_.fault = "its `noarch` is neither `python` nor `generic`";
    }
}

void EntryReader::State::read_timestamp(ondemand::value value) {
    std::int64_t timestamp = 0;
    double real = 0;
    if (value.get_int64().get(timestamp) == simdjson::SUCCESS) {
        record_.timestamp = timestamp;
    } else if (value.get_double().get(real) == simdjson::SUCCESS && real >= 0 && real < 1e15) {
        record_.timestamp = static_cast<std::int64_t>(real);
    }
}

/// An empty text and `fault`, if that is not empty, for a value that is none.
std::string_view EntryReader::State::text_of(ondemand::value value, std::string_view fault) {
    std::string_view text;
    if (!is_kind(value.get_string().get(text)) && !fault.empty()) {
        record_.fault = fault;
    }
    return text;
}

std::optional<std::uint64_t> EntryReader::State::number_of(ondemand::value value) const {
    std::uint64_t number = 0;
    return value.get_uint64().get(number) == simdjson::SUCCESS ? std::optional(number)
                                                               : std::nullopt;
}

void EntryReader::State::check(error_code code) const {
    if (code == simdjson::INCORRECT_TYPE) {
        refuse("the answer is JSON, but no repodata of a channel");
    }
    if (code != simdjson::SUCCESS) {
        refuse(fmt::format("the page is damaged or cut short: {}", simdjson::error_message(code)));
    }
}

/// Whether the value was of the kind asked for; a damaged text is a failure.
bool EntryReader::State::is_kind(error_code code) const {
    if (code == simdjson::INCORRECT_TYPE || code == simdjson::NO_SUCH_FIELD) {
        return false;
    }
    check(code);
    return true;
}

void EntryReader::State::refuse(std::string what) const {
    throw Error({std::move(what), url_, {}}, ExitCode::network);
}

} // namespace envpm::conda
