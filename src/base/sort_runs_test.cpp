#include "base/sort_runs.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

namespace envpm {

namespace {

using Numbered = std::pair<unsigned, std::size_t>; ///< a key, and where it stood

TEST(SortRuns, SortsStablyWhateverTheRuns) {
    std::mt19937 random(7);
    for (std::size_t size = 0; size < 40; ++size) {
        for (const unsigned run : {1U, 2U, 3U, 7U, 100U}) {
            std::vector<Numbered> values;
            for (std::size_t i = 0; i < size; ++i) {
                const unsigned before = i % run == 0 ? 0 : values.back().first;
                values.emplace_back(before + static_cast<unsigned>(random() % 3), i);
            }
            std::vector<Numbered> expected = values;
            std::sort(expected.begin(), expected.end());
            sort_runs(values,
                      [](const Numbered& a, const Numbered& b) { return a.first < b.first; });
            EXPECT_EQ(values, expected);
        }
    }
}

} // namespace

} // namespace envpm
