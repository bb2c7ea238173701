#include "conda/string_match.h"

#include "base/ascii.h"

#include <algorithm>

namespace envpm::conda {

namespace {

bool is_equal(char lower, char c);
bool begins_with(std::string_view text, std::string_view lower);
bool glob_matches(std::string_view glob, std::string_view text);

} // namespace

StringMatch StringMatch::parse(std::string_view text) {
    StringMatch match;
    if (text.size() > 1 && text.starts_with('^') && text.ends_with('$')) {
        match.text_ = text;
        match.regex_ = Regex::parse(text);
    } else {
        match.text_ = ascii_lower(text);
        match.is_glob_ = text.find('*') != std::string_view::npos;
    }
    return match;
}

bool StringMatch::matches(std::string_view text) const {
    if (regex_) {
        return regex_->finds(text);
    }
    if (is_glob_) {
        return glob_matches(text_, text);
    }
    return text.size() == text_.size() && begins_with(text, text_);
}

const std::string* StringMatch::exact() const {
    return regex_ || is_glob_ ? nullptr : &text_;
}

namespace {

bool is_equal(char lower, char c) {
    return lower == ascii_lower(c);
}

bool begins_with(std::string_view text, std::string_view lower) {
    return lower.size() <= text.size() &&
           std::equal(lower.begin(), lower.end(), text.begin(), is_equal);
}

/// What stands between two stars is taken where it is found first: what a later place would leave
/// is part of what this one leaves.
bool glob_matches(std::string_view glob, std::string_view text) {
    std::size_t star = glob.find('*');
    if (!begins_with(text, glob.substr(0, star))) {
        return false;
    }
    text.remove_prefix(star);
    while (true) {
        glob.remove_prefix(star + 1);
        star = glob.find('*');
        if (star == std::string_view::npos) {
            return glob.size() <= text.size() &&
                   begins_with(text.substr(text.size() - glob.size()), glob);
        }
        const std::string_view piece = glob.substr(0, star);
        const std::string_view::iterator found =
            std::search(text.begin(), text.end(), piece.begin(), piece.end(),
                        [](char c, char lower) { return is_equal(lower, c); });
        if (found == text.end() && !piece.empty()) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(found - text.begin()) + piece.size());
    }
}

} // namespace

} // namespace envpm::conda
