#include "pypi/cached_pages.h"

#include "base/url.h"

#include <algorithm>

namespace envpm::pypi {

std::string base_url(std::string_view mirror) {
    while (mirror.ends_with('/')) {
        mirror.remove_suffix(1);
    }
    return std::string(mirror);
}

std::string cache_name(std::string_view mirror) {
    return without_credentials(base_url(mirror));
}

bool is_index_itself(std::string_view mirror, const Index& index) {
    return !index.own_url.empty() && cache_name(index.own_url) == cache_name(mirror);
}

bool CachedPages::is_usable(std::int64_t fetched_nanoseconds) const {
    const std::chrono::nanoseconds age(policy_.now_nanoseconds() - fetched_nanoseconds);
    return policy_.offline || age.count() == 0 ||
           (!policy_.refresh && age.count() > 0 && age < policy_.page_age);
}

/// The newest usable page; without one, the index itself or every mirror must be known to have
/// none.
std::optional<PageMark> CachedPages::mark(const PageQuery& query) const {
    std::optional<PageHead> newest;
    bool is_answered = !query.index->urls.empty();
    bool is_absent_from_index = false;
    for (const std::string& mirror : query.index->urls) {
        const std::optional<PageHead> head =
            is_local_url(mirror) ? std::nullopt : cache_.head(cache_name(mirror), query.project);
        const bool is_known = head && is_usable(head->fetched_nanoseconds);
        is_answered = is_answered && is_known;
        is_absent_from_index |=
            is_known && !head->is_present && is_index_itself(mirror, *query.index);
        if (is_known && head->is_present &&
            (!newest || newest->fetched_nanoseconds < head->fetched_nanoseconds)) {
            newest = head;
        }
    }
    if (newest) {
        return PageMark{newest->digest};
    }
    return is_answered || is_absent_from_index ? std::optional(PageMark{}) : std::nullopt;
}

} // namespace envpm::pypi
