#include "manifest/list_edit.h"

namespace envpm::manifest {

namespace {

std::string without_end(const Document& document, const List& list, std::size_t position);
std::string with_first_item(const Document& document, const List& list, const std::string& item);
std::string with_last_item(const Document& document, const List& list, const std::string& item);
bool begins_line(const Document& document, std::size_t offset);
bool has_line_for_itself(const Document& document, const List& list, std::size_t position);
bool has_line_break(const Document& document, std::size_t begin, std::size_t end);
std::string indentation(const Document& document, std::size_t offset);
std::string inserted(const std::string& text, std::size_t at, const std::string& what);
std::string erased(const std::string& text, std::size_t begin, std::size_t end);
std::size_t next_line(const Document& document, std::size_t offset);

} // namespace

std::string with_item(const Document& document, const List& list, std::size_t position,
                      const std::string& item) {
    if (list.items.empty()) {
        return with_first_item(document, list, item);
    }
    if (position == list.items.size()) {
        return with_last_item(document, list, item);
    }
    const std::size_t next = list.items[position].begin;
    if (position == 0) {
        const bool is_line = begins_line(document, next);
        return inserted(document.text, is_line ? document.line_begin(next) : next,
                        is_line ? indentation(document, next) + item + "," + document.line_break()
                                : item + ", ");
    }
    const std::size_t comma = list.commas[position - 1];
    if (begins_line(document, next) && has_line_for_itself(document, list, position - 1)) {
        return inserted(document.text, document.line_end(comma),
                        document.line_break() + indentation(document, next) + item + ",");
    }
    return inserted(document.text, comma + 1, " " + item + ",");
}

std::string without_item(const Document& document, const List& list, std::size_t position) {
    const std::string& text = document.text;
    const Span item = list.items[position];
    const bool has_comma = position < list.commas.size();
    const std::size_t end = has_comma ? list.commas[position] + 1 : item.end;
    const bool is_last = position + 1 == list.items.size();
    if (has_line_for_itself(document, list, position)) {
        const std::string rest =
            erased(text, document.line_begin(item.begin), next_line(document, end));
        // The comma before it was there for this item only.
        return is_last && !has_comma && position > 0
                   ? erased(rest, list.commas[position - 1], list.commas[position - 1] + 1)
                   : rest;
    }
    if (document.text[list.span.begin] == '{' && list.items.size() == 1) {
        return erased(text, list.span.begin + 1, list.span.end - 1);
    }
    if (position > 0 && !has_comma) {
        return without_end(document, list, position);
    }
    if (position > 0 && !begins_line(document, item.begin)) {
        return erased(text, list.commas[position - 1] + 1, end);
    }
    return erased(text, item.begin, is_last ? end : list.items[position + 1].begin);
}

namespace {

/// Without an item that no comma follows, and without the comma before it.
std::string without_end(const Document& document, const List& list, std::size_t position) {
    const std::string& text = document.text;
    const Span item = list.items[position];
    const std::size_t comma = list.commas[position - 1];
    const std::size_t before = list.items[position - 1].end;
    const bool is_near = text.find_first_not_of(" \t\r\n", before) == comma;
    return has_line_break(document, comma, item.begin)
               ? erased(erased(text, item.begin, item.end), comma, comma + 1)
               : erased(text, is_near ? before : comma, item.end);
}

std::string with_first_item(const Document& document, const List& list, const std::string& item) {
    const std::size_t inside = list.span.begin + 1;
    const std::size_t close = list.span.end - 1;
    if (has_line_break(document, inside, close) && begins_line(document, close)) {
        return inserted(document.text, document.line_begin(close),
                        indentation(document, close) + "    " + item + "," + document.line_break());
    }
    const bool is_table = document.text[list.span.begin] == '{';
    const bool is_tight = is_table && inside == close;
    return inserted(document.text, inside,
                    is_tight || is_table ? " " + item + (is_tight ? " " : "") : item);
}

std::string with_last_item(const Document& document, const List& list, const std::string& item) {
    const Span last = list.items.back();
    const bool has_comma = list.commas.size() == list.items.size();
    const std::size_t end = has_comma ? list.commas.back() + 1 : last.end;
    const bool is_line = has_line_for_itself(document, list, list.items.size() - 1);
    const std::string text = has_comma ? document.text : inserted(document.text, end, ",");
    const std::string comma = has_comma ? "," : "";
    if (is_line) {
        const std::size_t at = document.line_end(end) + (has_comma ? 0 : 1);
        return inserted(text, at,
                        document.line_break() + indentation(document, last.begin) + item + comma);
    }
    return inserted(text, has_comma ? end : end + 1, " " + item + comma);
}

bool begins_line(const Document& document, std::size_t offset) {
    const std::size_t begin = document.line_begin(offset);
    return document.text.find_first_not_of(" \t", begin) >= offset;
}

/// Nothing but the item, its comma and a comment stands in its line or lines.
bool has_line_for_itself(const Document& document, const List& list, std::size_t position) {
    const Span item = list.items[position];
    if (!begins_line(document, item.begin)) {
        return false;
    }
    std::size_t end = item.end;
    if (position < list.commas.size()) {
        if (has_line_break(document, end, list.commas[position])) {
            return false;
        }
        end = list.commas[position] + 1;
    }
    const std::size_t rest = document.text.find_first_not_of(" \t", end);
    return rest == std::string::npos || document.text[rest] == '#' || document.text[rest] == '\n' ||
           document.text[rest] == '\r';
}

bool has_line_break(const Document& document, std::size_t begin, std::size_t end) {
    return document.text.find('\n', begin) < end;
}

std::string indentation(const Document& document, std::size_t offset) {
    const std::size_t begin = document.line_begin(offset);
    const std::size_t end = document.text.find_first_not_of(" \t", begin);
    return document.text.substr(begin, end - begin);
}

std::string inserted(const std::string& text, std::size_t at, const std::string& what) {
    return text.substr(0, at) + what + text.substr(at);
}

std::string erased(const std::string& text, std::size_t begin, std::size_t end) {
    return text.substr(0, begin) + text.substr(end);
}

std::size_t next_line(const Document& document, std::size_t offset) {
    const std::size_t end = document.text.find('\n', offset);
    return end == std::string::npos ? document.text.size() : end + 1;
}

} // namespace

} // namespace envpm::manifest
