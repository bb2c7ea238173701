#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace envpm {

/// Sorts, stably, what is made of a few sorted runs, as a list is that was put together from sorted
/// ones: a comparison an element for each halving of their number, where std::sort takes as many
/// as if nothing was in order.
template <class T, class Less> void sort_runs(std::vector<T>& values, Less is_less) {
    std::vector<std::ptrdiff_t> ends = {0};
    while (values.begin() + ends.back() != values.end()) {
        const auto end = std::is_sorted_until(values.begin() + ends.back(), values.end(), is_less);
        ends.push_back(end - values.begin());
    }
    while (ends.size() > 2) {
        std::vector<std::ptrdiff_t> merged = {0};
        for (std::size_t i = 2; i < ends.size(); i += 2) {
            std::inplace_merge(values.begin() + ends[i - 2], values.begin() + ends[i - 1],
                               values.begin() + ends[i], is_less);
            merged.push_back(ends[i]);
        }
        if (merged.back() != ends.back()) {
            merged.push_back(ends.back());
        }
        ends.swap(merged);
    }
}

} // namespace envpm
