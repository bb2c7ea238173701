#include "pypi/metadata.h"

#include "base/ascii.h"
#include "base/error.h"
#include "pypi/header_fields.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t largest_headers = 4U << 20U;
constexpr std::size_t most_requirements = 20000;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// The headers of a text in the form of RFC 822, one after the other: the name in lower case, the
/// value unfolded. The first empty line ends them, and so does one that is no header, as in
/// Python's own reader.
class Headers {
  public:
    explicit Headers(std::string_view text)
        : rest_(text) {}

    struct Header {
        std::string name;
        std::string value;
    };

    std::optional<Header> next();

    [[nodiscard]] std::size_t size_left_bytes() const { return rest_.size(); }

  private:
    std::string_view rest_;
};

/// What is collected on the way; name and version may still be missing.
struct Found {
    std::optional<std::string> name;
    std::optional<std::string> version;
    std::optional<std::string> requires_python;
    std::vector<Requirement> requires_dist;
    std::vector<PackageName> provides_extra;
};

void take(Found& found, Headers::Header header, const std::string& subject);
Requirement read_requirement(const std::string& text, const std::string& subject);
[[noreturn]] void refuse(const std::string& what, const std::string& subject);

} // namespace

Metadata Metadata::parse(std::string_view text, const std::string& subject) {
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    Headers headers(text);
    Found found;
    while (std::optional<Headers::Header> header = headers.next()) {
        if (text.size() - headers.size_left_bytes() > largest_headers) {
            refuse("its headers are larger than 4 MiB", subject);
        }
        take(found, std::move(*header), subject);
    }
    for (const auto& [field, value] :
         {std::pair("Name", &found.name), {"Version", &found.version}}) {
        if (value->value_or("").empty()) {
            refuse(fmt::format("it has no `{}`", field), subject);
        }
    }
    const std::optional<PackageName> name = PackageName::parse(*found.name);
    if (!name) {
        refuse(fmt::format("its `Name`, `{}`, is no name", *found.name), subject);
    }
    return {*name, *found.version, found.requires_python.value_or(""),
            std::move(found.requires_dist), std::move(found.provides_extra)};
}

namespace {

bool is_continuation(std::string_view text) {
    return text.starts_with(' ') || text.starts_with('\t');
}

std::optional<Headers::Header> Headers::next() {
    while (is_continuation(rest_)) {
        take_line(rest_); // of no header: only before the first
    }
    const std::string_view line = take_line(rest_);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_header_name(line.substr(0, colon))) {
        return std::nullopt;
    }
    Header header{ascii_lower(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))};
    while (is_continuation(rest_)) {
        const std::string_view continuation = trimmed(take_line(rest_));
        header.value += continuation.empty() || header.value.empty() ? "" : " ";
        header.value += continuation;
    }
    return header;
}

void take(Found& found, Headers::Header header, const std::string& subject) {
    const auto take_first = [&header](std::optional<std::string>& field) {
        if (!field) {
            field = std::move(header.value);
        }
    };
    if (header.name == "name") {
        take_first(found.name);
    } else if (header.name == "version") {
        take_first(found.version);
    } else if (header.name == "requires-python") {
        take_first(found.requires_python);
    } else if (header.name == "requires-dist") {
        if (found.requires_dist.size() == most_requirements) {
            refuse("it has more than 20,000 requirements", subject);
        }
        found.requires_dist.push_back(read_requirement(header.value, subject));
    } else if (header.name == "provides-extra") {
        const std::optional<PackageName> extra = PackageName::parse(header.value);
        if (extra && found.provides_extra.size() < most_requirements) {
            found.provides_extra.push_back(*extra);
        }
    }
}

Requirement read_requirement(const std::string& text, const std::string& subject) {
    try {
        return Requirement::parse(text, Reading::old_metadata);
    } catch (const Error& error) {
        refuse(error.text().what, subject);
    }
}

/// Nothing that a user could mend, so there is no hint.
void refuse(const std::string& what, const std::string& subject) {
    throw Error({.what = fmt::format("the metadata cannot be used: {}", what),
                 .subject = subject,
                 .hint = ""});
}

} // namespace

} // namespace envpm::pypi
