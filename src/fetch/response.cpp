#include "fetch/response.h"

#include "base/ascii.h"
#include "base/parse_number.h"
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace envpm::fetch {

namespace {

/// Servers may limit what they send at once; less than this and than that share of what was asked
/// for is no way to get a file.
constexpr std::uint64_t smallest_part = 64U << 10U;
constexpr std::uint64_t smallest_share = 4;

std::variant<GoodHead, Failure> judge_partial(const AskedBytes& asked, const ResponseHead& head);
std::variant<GoodHead, Failure> judge_whole(const AskedBytes& asked, const ResponseHead& head);
Failure status_failure(const ResponseHead& head);
Failure refuse(FailureClass kind, const ResponseHead& head, std::string_view what);
bool is_encoded(const ResponseHead& head);
std::string check_span(const ByteRange& asked, const ContentRange& got);

} // namespace

std::optional<ContentRange> parse_content_range(std::string_view field) {
    constexpr std::string_view unit = "bytes ";
    const std::size_t slash = field.find('/');
    if (!field.starts_with(unit) || slash == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view span = field.substr(unit.size(), slash - unit.size());
    const std::string_view total = field.substr(slash + 1);
    ContentRange result;
    result.total = parse_number<std::uint64_t>(total);
    if (!result.total && (total != "*" || span == "*")) {
        return std::nullopt;
    }
    if (span == "*") {
        return result;
    }
    const std::size_t dash = std::min(span.find('-'), span.size());
    const std::optional<std::uint64_t> first = parse_number<std::uint64_t>(span.substr(0, dash));
    const std::optional<std::uint64_t> last =
        parse_number<std::uint64_t>(span.substr(std::min(dash + 1, span.size())));
    if (!first || !last || *first > *last || (result.total && *last >= *result.total)) {
        return std::nullopt;
    }
    result.span = ContentRange::Span{*first, *last};
    return result;
}

std::variant<GoodHead, Failure> judge_download(const AskedBytes& asked, const ResponseHead& head) {
    if (head.status == 206) {
        return judge_partial(asked, head);
    }
    if (head.status == 200) {
        return judge_whole(asked, head);
    }
    return status_failure(head);
}

JudgedRange judge_get(const std::optional<ByteRange>& asked, const ResponseHead& head) {
    JudgedRange result;
    const std::optional<ContentRange> range = parse_content_range(head.content_range);
    if (head.status == 200) {
        if (!is_encoded(head)) {
            result.total = head.content_length;
        }
        return result;
    }
    if (head.status == 416 && range) {
        result.total = range->total;
    }
    if (head.status != 206) {
        return result;
    }
    if (!asked || !range || !range->span || is_encoded(head)) {
        result.error = fmt::format("`{}` answered with a part of the file that cannot be placed",
                                   place_name(head.url));
        return result;
    }
    if (std::string wrong = check_span(*asked, *range); !wrong.empty()) {
        result.error = fmt::format("`{}` {}", place_name(head.url), wrong);
        return result;
    }
    result.first = range->span->first;
    result.total = range->total;
    result.body_bytes = range->span->last - range->span->first + 1;
    return result;
}

std::optional<std::string> range_field(const ByteRange& range) {
    if (range.count == 0) {
        return std::nullopt;
    }
    if (!range.first) {
        return fmt::format("-{}", range.count);
    }
    if (*range.first > std::numeric_limits<std::uint64_t>::max() - range.count) {
        return std::nullopt;
    }
    return fmt::format("{}-{}", *range.first, *range.first + range.count - 1);
}

std::string encoding_of(const ResponseHead& head) {
    std::string encoding = ascii_lower(head.content_encoding);
    return encoding == "identity" || encoding == "none" ? std::string() : encoding;
}

bool is_fetching_proxy(const ResponseHead& head) {
    return !head.artifactory_id.empty() || head.server.starts_with("Artifactory/") ||
           head.server.starts_with("Nexus/");
}

bool looks_like_html(std::string_view content_type, std::string_view body) {
    constexpr std::size_t looked_at = 64;
    const std::string begin = ascii_lower(body.substr(0, looked_at));
    const std::size_t text = begin.find_first_not_of(" \t\r\n");
    const std::string_view start =
        text == std::string::npos ? std::string_view() : std::string_view(begin).substr(text);
    return content_type.starts_with("text/html") || start.starts_with("<!doctype html") ||
           start.starts_with("<html");
}

namespace {

std::variant<GoodHead, Failure> judge_partial(const AskedBytes& asked, const ResponseHead& head) {
    const std::optional<ContentRange> range = parse_content_range(head.content_range);
    if (asked.how == AskedBytes::How::whole || is_encoded(head)) {
        return refuse(FailureClass::absent, head, "sent a part of the file that was not asked for");
    }
    if (!range || !range->span) {
        return refuse(FailureClass::no_ranges, head,
                      "sent a part of the file without saying which");
    }
    if (range->total && *range->total != asked.size) {
        return refuse(
            FailureClass::poison, head,
            fmt::format("has a file of {} bytes instead of {}", *range->total, asked.size));
    }
    if (range->span->first != asked.first || range->span->last >= asked.first + asked.count) {
        return refuse(FailureClass::no_ranges, head, "sent another part than was asked for");
    }
    const std::uint64_t count = range->span->last - asked.first + 1;
    if (head.content_length && *head.content_length != count) {
        return refuse(FailureClass::no_ranges, head, "contradicts itself about a part's length");
    }
    if (count < smallest_part && count < asked.count / smallest_share) {
        return refuse(FailureClass::no_ranges, head,
                      fmt::format("sent {} of {} bytes that were asked for", count, asked.count));
    }
    return GoodHead{asked.first, count};
}

std::variant<GoodHead, Failure> judge_whole(const AskedBytes& asked, const ResponseHead& head) {
    if (!head.content_length || *head.content_length == asked.size) {
        if (is_encoded(head) && !head.content_length) {
            return refuse(FailureClass::poison, head, "sent the file compressed once more");
        }
        return GoodHead{0, asked.size};
    }
    if (looks_like_html(head.content_type, {})) {
        return refuse(FailureClass::poison, head,
                      "sent an HTML page instead of the file (a login page of a proxy or of the "
                      "network?)");
    }
    return refuse(
        FailureClass::poison, head,
        fmt::format("has a file of {} bytes instead of {}", *head.content_length, asked.size));
}

Failure status_failure(const ResponseHead& head) {
    if (head.status == 403 && head.is_redirected) {
        // Redirects lead to signed URLs, which expire; the URL asked for gives a fresh one.
        return refuse(FailureClass::unreachable, head, "answered 403 after a redirect");
    }
    Failure failure =
        refuse(class_of_status(head.status), head, fmt::format("answered {}", head.status));
    failure.retry_after = parse_retry_after(head.retry_after, std::chrono::system_clock::now());
    failure.load = load_of_status(head.status);
    if (failure.retry_after && *failure.retry_after > longest_retry_after) {
        failure.reason += fmt::format(" and asks to wait {} s", failure.retry_after->count());
        failure.kind = FailureClass::absent;
    }
    return failure;
}

Failure refuse(FailureClass kind, const ResponseHead& head, std::string_view what) {
    return {kind, fmt::format("`{}` {}", place_name(head.url), what), std::nullopt};
}

bool is_encoded(const ResponseHead& head) {
    return !encoding_of(head).empty();
}

/// What is wrong with the part that came, for the part that was asked for; empty if nothing is.
std::string check_span(const ByteRange& asked, const ContentRange& got) {
    const std::uint64_t got_count = got.span->last - got.span->first + 1;
    const bool reaches_end = got.total && got.span->last + 1 == *got.total;
    bool right = got_count == asked.count || (got_count < asked.count && reaches_end);
    if (asked.first) {
        right = right && got.span->first == *asked.first;
    } else {
        right = right && (reaches_end || !got.total) &&
                (got_count == asked.count || got.span->first == 0);
    }
    return right ? std::string() : "sent another part than was asked for";
}

} // namespace

} // namespace envpm::fetch
