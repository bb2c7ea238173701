#pragma once

#include <string_view>
#include <vector>

namespace envpm::cli {

/// A command line without what `run` starts: views of the words of `main`.
using OwnWords = std::vector<std::string_view>;

/// How many of the words of a command line are envpm's: all, but for `run`, whose command's flags
/// are its own.
int own_words(int count, const char* const* words);

/// The first from `first` on that is no flag and no flag's value; `--` counts as one. `count` if
/// there is none.
int next_word(int first, int count, const char* const* words);

/// Whether that flag is among the words, alone or with a value: `--color=never`.
bool has_flag(const OwnWords& words, std::string_view flag);

/// Whether envpm's own words ask for JSON: for telling what is wrong with the others.
bool asks_for_json(int count, const char* const* words);

} // namespace envpm::cli
