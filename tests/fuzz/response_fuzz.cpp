#include "base/assert.h"
#include "fetch/response.h"
#include "fuzz.h"

#include <array>
#include <charconv>
#include <chrono>
#include <string>

namespace envpm::fuzz {

using fetch::AskedBytes;
using fetch::ResponseHead;

namespace {

ResponseHead head_of(std::string_view input);
std::optional<std::uint64_t> number_of(std::string_view text);
void check_download(const AskedBytes& asked, const ResponseHead& head);
void check_get(const std::optional<ByteRange>& asked, const ResponseHead& head);

} // namespace

/// A response's head, a field a line: what it promises lies within what was asked for.
void read(std::string_view input) {
    const ResponseHead head = head_of(input);
    const auto wait = fetch::parse_retry_after(
        head.retry_after, std::chrono::system_clock::time_point(std::chrono::hours(480'000)));
    ENVPM_ASSERT(!wait || wait->count() >= 0);
    check_download({0, 100, 100, AskedBytes::How::whole}, head);
    check_download({0, 100, 100, AskedBytes::How::ranged}, head);
    check_download({20, 30, 100, AskedBytes::How::ranged}, head);
    check_get(std::nullopt, head);
    check_get(ByteRange{20, 30}, head);
    check_get(ByteRange{std::nullopt, 30}, head);
}

namespace {

ResponseHead head_of(std::string_view input) {
    std::array<std::string, 6> fields;
    for (std::string& field : fields) {
        const auto [line, rest] = first_line(input);
        field = line;
        input = rest;
    }
    ResponseHead head;
    head.status = static_cast<int>(number_of(fields[0]).value_or(200) % 600);
    head.content_range = fields[1];
    head.retry_after = fields[2];
    head.content_length = number_of(fields[3]);
    head.content_type = fields[4];
    head.url = fields[5];
    return head;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc() ? std::optional(value) : std::nullopt;
}

void check_download(const AskedBytes& asked, const ResponseHead& head) {
    const auto answer = fetch::judge_download(asked, head);
    if (const auto* good = std::get_if<fetch::GoodHead>(&answer)) {
        ENVPM_ASSERT(good->count > 0 && good->first + good->count <= asked.size);
        ENVPM_ASSERT(head.status == 200 || good->first == asked.first);
        ENVPM_ASSERT(head.status == 200 || good->count <= asked.count);
    }
}

void check_get(const std::optional<ByteRange>& asked, const ResponseHead& head) {
    const fetch::JudgedRange judged = fetch::judge_get(asked, head);
    if (judged.first) {
        ENVPM_ASSERT(asked && judged.body_bytes && *judged.body_bytes <= asked->count);
        ENVPM_ASSERT(!asked->first || *judged.first == *asked->first);
        ENVPM_ASSERT(!judged.total || *judged.first + *judged.body_bytes <= *judged.total);
    }
}

} // namespace

} // namespace envpm::fuzz
