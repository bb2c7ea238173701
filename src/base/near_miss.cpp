#include "base/near_miss.h"

#include <algorithm>

namespace envpm {

namespace {

/// Damerau's distance in its restricted form: insert, delete, replace, swap neighbours.
std::size_t distance(std::string_view a, std::string_view b);

} // namespace

std::optional<std::string> near_miss(std::string_view word, std::span<const std::string> known) {
    constexpr std::size_t longest_compared = 64;
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    if (word.empty() || word.size() > longest_compared) {
        return best;
    }
    for (const std::string& candidate : known) {
        if (candidate.size() > longest_compared) {
            continue;
        }
        const std::size_t steps = distance(word, candidate);
        const bool shares_a_letter = steps < std::max(word.size(), candidate.size());
        if (steps < best_distance && shares_a_letter) {
            best_distance = steps;
            best = candidate;
        }
    }
    return best;
}

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before;
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = std::move(last);
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

} // namespace

} // namespace envpm
