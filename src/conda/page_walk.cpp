#include "conda/page_walk.h"

#include "base/assert.h"
#include "base/error.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace envpm::conda {

namespace {

constexpr std::string_view json_space = " \t\n\r";

std::size_t last_border(std::string_view text);
std::string_view without_space_behind(std::string_view text);

} // namespace

PageWalk::PageWalk(Source source, std::string url, std::size_t part_bytes)
    : source_(std::move(source)),
      url_(std::move(url)),
      part_bytes_(part_bytes),
      limit_(part_bytes),
      text_(part_bytes + padding + 2) {
    if (peek() != '{') {
        refuse("the answer is no JSON object, as the repodata of a channel is");
    }
    take();
}

std::optional<std::string> PageWalk::next_key() {
    if (peek() == '}' && is_first_) {
        take();
    } else if (!is_first_ && peek() != ',') {
        expect('}');
    } else {
        if (!is_first_) {
            take();
        }
        is_first_ = false;
        if (peek() != '"') {
            refuse("the page is damaged: a name is missing");
        }
        std::string key;
        scan_value(&key);
        expect(':');
        return key.substr(1, key.size() - 2);
    }
    skip_space();
    if (begin_ != end_) {
        refuse("the page is damaged: something follows the end of its JSON");
    }
    return std::nullopt;
}

std::string PageWalk::value() {
    std::string text;
    scan_value(&text);
    return text;
}

void PageWalk::skip_value() {
    scan_value(nullptr);
}

bool PageWalk::enter_object() {
    if (peek() != '{') {
        return false;
    }
    take();
    return true;
}

std::string_view PageWalk::part() {
    std::size_t border = std::string_view::npos;
    if (end_ - begin_ < text_.size() / 2) {
        more();
    }
    while ((border = last_border(rest().substr(0, limit_))) == std::string_view::npos &&
           lengthen()) {
    }
    cut_ = border == std::string_view::npos ? end_ : begin_ + border;
    cut_letter_ = std::exchange(text_[cut_], '}');
    text_[begin_ - 1] = '{'; // where a brace or the comma of the last border stood
    return {text_.data() + begin_ - 1, cut_ - begin_ + 2};
}

bool PageWalk::extend() {
    leave_part();
    return lengthen();
}

/// The next part is looked for in more of the text, if there is any.
bool PageWalk::lengthen() {
    if (limit_ < rest().size()) {
        limit_ *= 2;
        return true;
    }
    limit_ = std::string_view::npos;
    return more();
}

void PageWalk::put_back(std::string_view members) {
    std::string whole(members);
    whole += rest();
    text_.resize(std::max(text_.size(), whole.size() + padding + 2));
    begin_ = 1;
    end_ = begin_ + whole.copy(text_.data() + begin_, whole.size());
    std::memset(text_.data() + end_, 0, padding + 1);
}

bool PageWalk::finish_part(std::optional<std::string_view> left) {
    leave_part();
    if (!left && cut_ == end_) {
        refuse("the page is cut short");
    }
    // The next one may need as much as this one did.
    limit_ = std::max(part_bytes_, cut_ - begin_);
    if (left) {
        begin_ = static_cast<std::size_t>(left->data() - text_.data());
        return false;
    }
    begin_ = cut_ + 1;
    return true;
}

/// Reads on, behind what is left of the window; makes that larger if it is full of it.
bool PageWalk::more() {
    std::memmove(text_.data(), text_.data() + begin_ - 1, end_ - begin_ + 1);
    end_ = end_ - begin_ + 1;
    begin_ = 1;
    if (end_ + padding + 1 >= text_.size()) {
        text_.resize(2 * text_.size());
    }
    const std::size_t room = text_.size() - padding - 1 - end_;
    std::size_t got = 0;
    while (got < room) {
        const std::size_t piece = source_(std::span(text_.data() + end_ + got, room - got));
        if (piece == 0) {
            break;
        }
        got += piece;
    }
    end_ += got;
    std::memset(text_.data() + end_, 0, padding + 1);
    return got > 0;
}

/// The next letter that is no space.
char PageWalk::peek() {
    skip_space();
    if (begin_ == end_) {
        refuse("the page is cut short");
    }
    return text_[begin_];
}

char PageWalk::take() {
    if (begin_ == end_ && !more()) {
        refuse("the page is cut short");
    }
    return text_[begin_++];
}

void PageWalk::skip_space() {
    do {
        const std::size_t space = rest().find_first_not_of(json_space);
        begin_ = space == std::string_view::npos ? end_ : begin_ + space;
    } while (begin_ == end_ && more());
}

void PageWalk::expect(char wanted) {
    if (peek() != wanted) {
        refuse("the page is damaged: its JSON has a wrong letter in place of `" +
               std::string(1, wanted) + "`");
    }
    take();
}

/// To the end of a text, of a bracket's content, or of a word.
void PageWalk::scan_value(std::string* kept) {
    std::size_t depth = 0;
    bool is_in_text = false;
    peek();
    while (depth > 0 || is_in_text || !is_behind_word()) {
        const char letter = keep(kept);
        bool may_end = false;
        if (is_in_text && letter == '\\') {
            keep(kept);
        } else if (letter == '"') {
            is_in_text = !is_in_text;
            may_end = true;
        } else if (!is_in_text && (letter == '{' || letter == '[')) {
            ++depth;
        } else if (!is_in_text && (letter == '}' || letter == ']')) {
            --depth;
            may_end = true;
        }
        if (may_end && depth == 0 && !is_in_text) {
            return;
        }
    }
}

/// Whether what follows is no part of a word.
bool PageWalk::is_behind_word() {
    return (begin_ != end_ || more()) && std::strchr(",}] \t\n\r", text_[begin_]) != nullptr;
}

char PageWalk::keep(std::string* kept) {
    const char letter = take();
    if (kept != nullptr) {
        *kept += letter;
    }
    return letter;
}

void PageWalk::refuse(std::string what) const {
    throw Error({std::move(what), url_, {}}, ExitCode::network);
}

namespace {

/// The comma of the last border between two members that are surely such.
std::size_t last_border(std::string_view text) {
    for (std::size_t brace = text.rfind('{'); brace != std::string_view::npos && brace > 0;
         brace = text.rfind('{', brace - 1)) {
        std::string_view before = without_space_behind(text.substr(0, brace));
        if (!before.ends_with(':')) {
            continue;
        }
        before.remove_suffix(1);
        before = without_space_behind(before);
        if (!before.ends_with(".conda\"") && !before.ends_with(".tar.bz2\"")) {
            continue;
        }
        const std::size_t quote = before.rfind('"', before.size() - 2);
        if (quote == std::string_view::npos || before.find('\\', quote) != std::string_view::npos) {
            continue;
        }
        before = without_space_behind(before.substr(0, quote));
        if (before.ends_with(',') &&
            without_space_behind(before.substr(0, before.size() - 1)).ends_with('}')) {
            return before.size() - 1;
        }
    }
    return std::string_view::npos;
}

std::string_view without_space_behind(std::string_view text) {
    return text.substr(0, text.find_last_not_of(json_space) + 1);
}

} // namespace

} // namespace envpm::conda
