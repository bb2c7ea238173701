// Answers questions about conda's languages, one a line, so that scripts can put them to other
// implementations too (conda_languages.py). Words are separated by tabs:
//
//     order A B             <, = or >
//     begins A B            yes if A begins with B
//     version SPEC A        yes if the version spec matches A
//     match SPEC NAME VERSION BUILD NUMBER CHANNEL SUBDIR MD5
//                           yes if the match spec matches the record
//     text SPEC             the match spec as envpm writes it
//     find REGEX TEXT       yes if the regular expression is found in the text
//
// The answer is `! why` if a text is refused.

#include "base/error.h"
#include "conda/match_spec.h"
#include "conda/regex.h"
#include "conda/version.h"
#include "conda/version_spec.h"

#include <iostream>
#include <string>
#include <vector>

namespace envpm::conda {

namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
    Words words(1);
    for (const char c : line) {
        if (c == '\t') {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    return words;
}

Version version(const std::string& text) {
    const std::optional<Version> version = Version::parse(text);
    if (!version) {
        throw Error({.what = "no version", .subject = text, .hint = ""});
    }
    return *version;
}

std::string order(const Version& left, const Version& right) {
    return left < right ? "<" : left == right ? "=" : ">";
}

bool matches(const Words& words) {
    const Version record_version = version(words.at(3));
    return MatchSpec::parse(words.at(1), Form::lenient)
        .matches({.name = words.at(2),
                  .version = &record_version,
                  .build = words.at(4),
                  .build_number = std::stoul(words.at(5)),
                  .channel = words.at(6),
                  .subdir = words.at(7),
                  .md5 = words.at(8)});
}

std::string answer(const Words& words) {
    const std::string& question = words.front();
    if (question == "order") {
        return order(version(words.at(1)), version(words.at(2)));
    }
    if (question == "text") {
        return MatchSpec::parse(words.at(1), Form::lenient).text();
    }
    bool is_yes = false;
    if (question == "begins") {
        is_yes = version(words.at(1)).starts_with(version(words.at(2)));
    } else if (question == "version") {
        is_yes = VersionSpec::parse(words.at(1), Form::lenient).matches(version(words.at(2)));
    } else if (question == "match") {
        is_yes = matches(words);
    } else {
        is_yes = Regex::parse(words.at(1)).finds(words.at(2));
    }
    return is_yes ? "yes" : "no";
}

} // namespace

} // namespace envpm::conda

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        try {
            std::cout << envpm::conda::answer(envpm::conda::words_of(line)) << '\n';
        } catch (const envpm::Error& error) {
            std::cout << "! " << error.what() << '\n';
        }
    }
    return 0;
}
