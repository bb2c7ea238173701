#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

/// The known word that `word` most likely was meant to be: the smallest edit distance (adjacent
/// swaps count one), at most a third of its length or one, with a letter in common; the first of
/// equals.
std::optional<std::string> near_miss(std::string_view word, std::span<const std::string> known);

} // namespace envpm
