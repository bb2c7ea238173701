#pragma once

#include "base/json.h"
#include "installing/generations.h"
#include "pipeline/inspect.h"

#include <string>
#include <vector>

namespace envpm::cli {

// What is there: the lock, the environment and its states. In words, which are whole lines, and in
// JSON.

std::string list_words(const pipeline::LockedView& view);
std::string tree_words(const pipeline::LockedView& view);
std::string why_words(const std::vector<pipeline::Path>& paths);
std::string words_of(const pipeline::Information& information);
std::string words_of(const std::vector<installing::State>& states);
Json json_of(const pipeline::LockedView& view);
Json json_of(const std::vector<pipeline::Path>& paths);
Json json_of(const pipeline::Information& information);
Json json_of(const std::vector<installing::State>& states);

} // namespace envpm::cli
