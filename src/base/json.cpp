#include "base/json.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/source_location.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace envpm {

namespace {

constexpr std::size_t deepest = 64;

/// Builds a Json from nlohmann's events: its own tree accepts duplicate members in silence.
class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    bool null() override { return add(Json()); }

    bool boolean(bool value) override { return add(Json(value)); }

    bool number_integer(number_integer_t value) override { return add(Json(value)); }

    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(INT64_MAX)) {
            return fail("a number is out of range");
        }
        return add(Json(static_cast<std::int64_t>(value)));
    }

    /// Whole numbers that need more than 64 bits arrive here too, rounded.
    bool number_float(number_float_t value, const string_t& text) override {
        if (text.find_first_of(".eE") == string_t::npos) {
            return fail("a number is out of range");
        }
        return add(Json(value));
    }

    bool string(string_t& value) override { return add(Json(std::move(value))); }

    bool binary(binary_t& /*value*/) override { return fail("binary data is no JSON"); }

    bool start_object(std::size_t /*count*/) override { return open(Json(Json::Object())); }

    bool key(string_t& name) override {
        if (open_.back().find(name) != nullptr) {
            return fail("member `" + name + "` stands twice");
        }
        names_.back() = std::move(name);
        return true;
    }

    bool end_object() override { return close(); }

    bool start_array(std::size_t /*count*/) override { return open(Json(Json::Array())); }

    bool end_array() override { return close(); }

    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::json::exception& fault) override {
        constexpr int out_of_range = 406;
        if (fault.id == out_of_range) {
            return fail("a number is out of range");
        }
        // "[name] parse error at line 1, column 2: <what>; last read: '<bytes>'; …", of which the
        // bytes may be anything.
        const std::string text = fault.what();
        const std::size_t begin = text.find(": ");
        const std::size_t end = text.find("; last read");
        return fail(begin < end ? text.substr(begin + 2, end - begin - 2) : "it is malformed");
    }

    Json root;
    std::string failure;

  private:
    bool fail(std::string text) {
        failure = std::move(text);
        return false;
    }

    bool open(Json container) {
        if (open_.size() == deepest) {
            return fail("it is nested more than 64 deep");
        }
        open_.push_back(std::move(container));
        names_.emplace_back();
        return true;
    }

    bool close() {
        Json done = std::move(open_.back());
        open_.pop_back();
        names_.pop_back();
        return add(std::move(done));
    }

    bool add(Json value) {
        if (open_.empty()) {
            root = std::move(value);
        } else if (auto* object = open_.back().get_if<Json::Object>()) {
            object->emplace(names_.back(), std::move(value));
        } else {
            open_.back().get_if<Json::Array>()->push_back(std::move(value));
        }
        return true;
    }

    std::vector<Json> open_;
    std::vector<std::string> names_;
};

/// Reads a text for nlohmann and keeps count: its events do not say where they are.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* place, const char*& furthest)
        : place_(place),
          furthest_(&furthest) {}

    reference operator*() const { return *place_; }

    CountingIterator& operator++() {
        *furthest_ = ++place_;
        return *this;
    }

    bool operator==(const CountingIterator& other) const { return place_ == other.place_; }

  private:
    const char* place_;
    const char** furthest_;
};

SourceLocation location_of_last(std::string_view read, const std::string& file);
nlohmann::json to_nlohmann(const Json& value);
const Json& member(const Json& object, std::string_view name);
[[noreturn]] void throw_wrong_kind(std::string_view name, std::string_view kind);

} // namespace

Json parse_json(std::string_view text, const std::string& subject) {
    if (text.empty()) { // of which each version of the library says something else
        throw Error({"this is not the JSON that it should be: it is empty",
                     location_of_last(text, subject).text(),
                     {}});
    }
    Builder builder;
    const char* const begin = text.data();
    const char* read = begin;
    if (!nlohmann::json::sax_parse(CountingIterator(begin, read),
                                   CountingIterator(begin + text.size(), read), &builder)) {
        const auto read_bytes = static_cast<std::size_t>(read - begin);
        throw Error({fmt::format("this is not the JSON that it should be: {}", builder.failure),
                     location_of_last(text.substr(0, read_bytes), subject).text(),
                     {}});
    }
    return std::move(builder.root);
}

std::string to_text(const Json& value, int indent) {
    return to_nlohmann(value).dump(indent == 0 ? -1 : indent, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

const Json* Json::find(std::string_view name) const {
    const auto* object = get_if<Object>();
    if (object == nullptr) {
        return nullptr;
    }
    const auto found = object->find(name);
    return found == object->end() ? nullptr : &found->second;
}

const std::string& Json::text(std::string_view name) const {
    if (const auto* value = member(*this, name).get_if<std::string>()) {
        return *value;
    }
    throw_wrong_kind(name, "string");
}

std::int64_t Json::number(std::string_view name) const {
    if (const auto* value = member(*this, name).get_if<std::int64_t>()) {
        return *value;
    }
    throw_wrong_kind(name, "whole number");
}

const Json::Array& Json::array(std::string_view name) const {
    if (const auto* value = member(*this, name).get_if<Array>()) {
        return *value;
    }
    throw_wrong_kind(name, "array");
}

namespace {

/// The place of the last byte that was read, which is where the fault was seen.
SourceLocation location_of_last(std::string_view read, const std::string& file) {
    const std::string_view before = read.substr(0, read.empty() ? 0 : read.size() - 1);
    const std::size_t line_begin = before.rfind('\n') + 1; // 0 if there is none
    return {file, static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
            static_cast<int>(before.size() - line_begin) + 1};
}

nlohmann::json to_nlohmann(const Json& value) {
    if (const auto* flag = value.get_if<bool>()) {
        return *flag;
    }
    if (const auto* whole = value.get_if<std::int64_t>()) {
        return *whole;
    }
    if (const auto* real = value.get_if<double>()) {
        ENVPM_ASSERT(std::isfinite(*real));
        return *real;
    }
    if (const auto* text = value.get_if<std::string>()) {
        return *text;
    }
    if (const auto* items = value.get_if<Json::Array>()) {
        nlohmann::json out = nlohmann::json::array();
        for (const Json& item : *items) {
            out.push_back(to_nlohmann(item));
        }
        return out;
    }
    if (const auto* members = value.get_if<Json::Object>()) {
        nlohmann::json out = nlohmann::json::object();
        for (const auto& [name, item] : *members) {
            out[name] = to_nlohmann(item);
        }
        return out;
    }
    return nullptr;
}

const Json& member(const Json& object, std::string_view name) {
    if (const Json* value = object.find(name)) {
        return *value;
    }
    throw Error({fmt::format("member `{}` is missing", name), {}, {}});
}

void throw_wrong_kind(std::string_view name, std::string_view kind) {
    throw Error({fmt::format("member `{}` is not a {}", name, kind), {}, {}});
}

} // namespace

} // namespace envpm
