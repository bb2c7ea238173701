// Answers questions about the languages of Python packages, one a line, so that a script can put
// them to another implementation too (pypi_packaging.py). Words are separated by tabs:
//
//     version TEXT             the version's normal form
//     order A B                <, = or >
//     specifiers TEXT          the normal form of a set of version specifiers
//     names TEXT               yes if the set asks for pre-releases
//     contains TEXT VERSION    yes if the version is one of the set's
//     stable TEXT VERSION      the same, without pre-releases
//     marker TEXT EXTRAS KEY=VALUE…
//                              yes if the marker holds there (extras with commas between)
//     marker_text TEXT         the marker's normal form
//     requirement TEXT         name, extras, specifiers, URL and marker, with tabs between
//     old TEXT                 the same, read as metadata is
//     wheel NAME               name, version, number and rest of the build, tags, with tabs between
//     name TEXT                the project's name in its normal form
//
// The answer is `! why` if a text is refused.

#include "base/error.h"
#include "pypi/marker.h"
#include "pypi/requirement.h"
#include "pypi/specifier.h"
#include "pypi/version.h"
#include "pypi/wheel_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace envpm::pypi {

namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line, char separator) {
    Words words(1);
    for (const char c : line) {
        if (c == separator) {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    return words;
}

/// What a reader gave, or an Error.
template <class Value>
Value known(std::optional<Value> value, std::string_view kind, const std::string& text) {
    if (!value) {
        throw Error({.what = fmt::format("no {}", kind), .subject = text, .hint = ""});
    }
    return *std::move(value);
}

Version version(const std::string& text) {
    return known(Version::parse(text), "version", text);
}

std::string order(const Version& left, const Version& right) {
    return left < right ? "<" : left == right ? "=" : ">";
}

bool marker_holds(const Words& words) {
    std::vector<PackageName> extras;
    for (const std::string& extra : words_of(words.at(2), ',')) {
        if (!extra.empty()) {
            extras.push_back(known(PackageName::parse(extra), "extra", extra));
        }
    }
    MarkerEnvironment environment;
    for (auto pair = words.begin() + 3; pair != words.end(); ++pair) {
        const std::size_t equals = pair->find('=');
        environment[pair->substr(0, equals)] = pair->substr(equals + 1);
    }
    return Marker::parse(words.at(1)).evaluate(environment, extras);
}

std::string requirement(const std::string& text, Reading reading) {
    const Requirement requirement = Requirement::parse(text, reading);
    std::string extras;
    for (const PackageName& extra : requirement.extras) {
        extras += (extras.empty() ? "" : ",") + extra.string();
    }
    return fmt::format("{}\t{}\t{}\t{}\t{}", requirement.name.string(), extras,
                       requirement.specifiers.text(), requirement.url, requirement.marker.text());
}

std::string wheel(const std::string& file_name) {
    const WheelName wheel = known(WheelName::parse(file_name), "wheel", file_name);
    std::set<std::string> tags;
    std::transform(
        wheel.tags.begin(), wheel.tags.end(), std::inserter(tags, tags.end()),
        [](const Tag& tag) { return fmt::format("{}-{}-{}", tag.python, tag.abi, tag.platform); });
    return fmt::format("{}\t{}\t{}\t{}\t{}", wheel.name.string(), wheel.version.text(),
                       wheel.build_number, wheel.build_rest, fmt::join(tags, " "));
}

bool holds(const Words& words) {
    if (words.front() == "marker") {
        return marker_holds(words);
    }
    const SpecifierSet set = SpecifierSet::parse(words.at(1));
    if (words.front() == "names") {
        return set.names_prerelease();
    }
    const Version asked = version(words.at(2));
    return set.contains(asked) && (words.front() == "contains" || !asked.is_prerelease());
}

std::string answer(const Words& words) {
    const std::string& question = words.front();
    const std::string& text = words.at(1);
    if (question == "version") {
        return version(text).text();
    }
    if (question == "order") {
        return order(version(text), version(words.at(2)));
    }
    if (question == "specifiers") {
        return SpecifierSet::parse(text).text();
    }
    if (question == "marker_text") {
        return Marker::parse(text).text();
    }
    if (question == "requirement" || question == "old") {
        return requirement(text, question == "old" ? Reading::old_metadata : Reading::strict);
    }
    if (question == "wheel") {
        return wheel(text);
    }
    if (question == "name") {
        return known(PackageName::parse(text), "name", text).string();
    }
    return holds(words) ? "yes" : "no";
}

} // namespace

} // namespace envpm::pypi

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        try {
            std::cout << envpm::pypi::answer(envpm::pypi::words_of(line, '\t')) << '\n';
        } catch (const envpm::Error& error) {
            std::cout << "! " << error.what() << '\n';
        }
    }
    return 0;
}
