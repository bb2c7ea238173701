#pragma once

#include "conda/match_spec.h"

#include <string>
#include <string_view>

namespace envpm::conda {

/// MatchSpec::parse.
MatchSpec read_match_spec(std::string_view text, Form form);

std::string_view key_of(FieldMatch::Field field); ///< in brackets: `fn` for file_name

/// The words between blanks and commas, sorted, each once in whatever case, with one blank between:
/// a set of features as one text.
std::string sorted_words(std::string_view text);

} // namespace envpm::conda
