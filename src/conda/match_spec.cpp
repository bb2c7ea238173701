#include "conda/match_spec.h"

#include "conda/match_spec_reader.h"
#include "model/channel_subdir.h"

#include <algorithm>

namespace envpm::conda {

namespace {

using Field = FieldMatch::Field;

bool holds(const FieldMatch& asked, const RecordFields& record);
std::string_view value_of(Field field, const RecordFields& record);
std::string quoted(std::string_view value);

/// The text of a spec as it grows: what stands in front, and what stands in brackets.
struct Writer {
    std::string front;
    std::string brackets;

    void add(std::string_view key, std::string_view value) {
        brackets += brackets.empty() ? "" : ",";
        brackets.append(key).append("=").append(quoted(value));
    }
};

void write_place(const MatchSpec& spec, Writer& writer);
void write_version(const MatchSpec& spec, Writer& writer);

} // namespace

MatchSpec MatchSpec::parse(std::string_view text, Form form) {
    return read_match_spec(text, form);
}

bool MatchSpec::matches(const RecordFields& record) const {
    return name.matches(record.name) &&
           (!version || (record.version != nullptr && version->matches(*record.version))) &&
           (!build || build->matches(record.build)) &&
           (!build_number || build_number->matches(record.build_number)) &&
           std::all_of(fields.begin(), fields.end(),
                       [&record](const FieldMatch& asked) { return holds(asked, record); });
}

const StringMatch* MatchSpec::field(Field field) const {
    const auto found = std::find_if(fields.begin(), fields.end(), [field](const FieldMatch& asked) {
        return asked.field == field;
    });
    return found == fields.end() ? nullptr : &found->match;
}

std::string MatchSpec::text() const {
    Writer writer;
    write_place(*this, writer);
    writer.front += name.text();
    write_version(*this, writer);
    if (build_number) {
        writer.add("build_number", build_number->text());
    }
    for (const FieldMatch& asked : fields) {
        if (asked.field != Field::channel && asked.field != Field::subdir) {
            writer.add(key_of(asked.field), asked.match.text());
        }
    }
    return writer.brackets.empty() ? writer.front : writer.front + "[" + writer.brackets + "]";
}

namespace {

/// What a set of features must be is the whole set.
bool holds(const FieldMatch& asked, const RecordFields& record) {
    const std::string_view value = value_of(asked.field, record);
    switch (asked.field) {
    case Field::channel:
        return asked.match.matches(value) ||
               (!record.channel_url.empty() && asked.match.matches(record.channel_url));
    case Field::track_features:
    case Field::features:
        return asked.match.matches(sorted_words(value));
    default:
        return asked.match.matches(value);
    }
}

std::string_view value_of(Field field, const RecordFields& record) {
    switch (field) {
    case Field::channel:
        return record.channel;
    case Field::subdir:
        return record.subdir;
    case Field::file_name:
        return record.file_name;
    case Field::url:
        return record.url;
    case Field::md5:
        return record.md5;
    case Field::sha256:
        return record.sha256;
    case Field::license:
        return record.license;
    case Field::license_family:
        return record.license_family;
    case Field::track_features:
        return record.track_features;
    case Field::features:
        return record.features;
    }
    return {};
}

/// Channel and subdir stand before the name if there is no doubt what they are.
void write_place(const MatchSpec& spec, Writer& writer) {
    const StringMatch* const channel = spec.field(Field::channel);
    const StringMatch* const subdir = spec.field(Field::subdir);
    // Before the name `^` would begin a regular expression.
    const bool is_front = channel != nullptr && channel->exact() != nullptr &&
                          channel->text().find('^') == std::string::npos;
    if (is_front) {
        writer.front = channel->text();
    } else if (channel != nullptr) {
        writer.add("channel", channel->text());
    }
    const bool is_known =
        subdir != nullptr && is_front && end_of_channel("/" + subdir->text()) == 0;
    if (is_known) {
        writer.front += "/" + subdir->text();
    } else if (subdir != nullptr) {
        writer.add("subdir", subdir->text());
    }
    writer.front += is_front ? "::" : "";
}

void write_version(const MatchSpec& spec, Writer& writer) {
    const std::string* const exact = spec.version ? spec.version->exact() : nullptr;
    const std::string* const beginning = spec.version ? spec.version->beginning() : nullptr;
    if (exact != nullptr) {
        writer.front += "==" + *exact;
    } else if (beginning != nullptr) {
        writer.front += "=" + *beginning;
    } else if (spec.version) {
        writer.add("version", spec.version->text());
    }
    if (spec.build && exact != nullptr && spec.build->exact() != nullptr) {
        writer.front += "=" + spec.build->text();
    } else if (spec.build) {
        writer.add("build", spec.build->text());
    }
}

/// A backslash is doubled only where it would be taken for one that escapes.
std::string quoted(std::string_view value) {
    std::string text = "'";
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char after = i + 1 < value.size() ? value[i + 1] : '\'';
        const bool escapes = value[i] == '\\' && (after == '\'' || after == '"' || after == '\\');
        text += escapes || value[i] == '\'' ? "\\" : "";
        text += value[i];
    }
    return text + "'";
}

} // namespace

} // namespace envpm::conda
