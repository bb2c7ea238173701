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

std::int64_t CachedPages::now_seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(policy_.now.time_since_epoch()).count();
}

bool CachedPages::is_usable(std::int64_t fetched_seconds) const {
    const std::int64_t age = now_seconds() - fetched_seconds;
    return policy_.offline || age == 0 ||
           (!policy_.refresh && age > 0 && age < policy_.page_age.count());
}

/// The newest usable page; without one, every mirror must be known to have none.
std::optional<PageMark> CachedPages::mark(const PageQuery& query) const {
    std::optional<PageHead> newest;
    bool is_answered = !query.index->urls.empty();
    for (const std::string& mirror : query.index->urls) {
        const std::optional<PageHead> head =
            is_local_url(mirror) ? std::nullopt : cache_.head(cache_name(mirror), query.project);
        const bool is_known = head && is_usable(head->fetched_seconds);
        is_answered = is_answered && is_known;
        if (is_known && head->is_present &&
            (!newest || newest->fetched_seconds < head->fetched_seconds)) {
            newest = head;
        }
    }
    if (newest) {
        return PageMark{newest->digest};
    }
    return is_answered ? std::optional(PageMark{}) : std::nullopt;
}

} // namespace envpm::pypi
