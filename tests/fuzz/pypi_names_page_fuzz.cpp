#include "base/assert.h"
#include "base/fake_transport.h"
#include "base/hash.h"
#include "base/json.h"
#include "conda/pypi_names_page.h"
#include "state_files.h"

#include <chrono>

namespace envpm::fuzz {

namespace {

constexpr const char* url = "https://example.org/names";

std::optional<conda::PypiNames> held(std::string_view input);
bool is_given_back(std::string_view content);
std::string sealed(std::string_view head, std::string_view lines);

} // namespace

/// A table as a server has it, in JSON or as lines, and as the cache keeps it, as it is and under a
/// seal of its own: what is held is held again the same, and the cache gives what it was given.
void read(std::string_view input) {
    if (const auto names = held(input)) {
        const auto again = held(names->text());
        ENVPM_ASSERT(again && again->text() == names->text());
        ENVPM_ASSERT(is_given_back(sealed("", names->text())));
    }
    (void)is_given_back(input);
    const auto [head, lines] = first_line(input);
    (void)is_given_back(sealed(head, lines));
}

namespace {

std::optional<conda::PypiNames> held(std::string_view input) {
    return if_accepted([input] { return conda::PypiNames::hold(std::string(input), url); });
}

/// Whether the cache takes it for a table, which then is the one behind the first line. Offline, so
/// that nothing but the file can answer.
bool is_given_back(std::string_view content) {
    write_scratch("names/" + sha256_of(url).hex().substr(0, 16), content);
    const auto names = if_accepted([] {
        test::FakeTransport transport;
        const CachePolicy policy{.now = std::chrono::system_clock::time_point(), .offline = true};
        return conda::names_at(url, transport, scratch_folder() / "names", policy);
    });
    const std::string_view lines = first_line(content).second;
    const auto expected = names ? held(lines) : std::nullopt;
    ENVPM_ASSERT(!names || (expected && expected->text() == names->text()));
    return names.has_value();
}

/// With the input's own head if it is one, its digest mended.
std::string sealed(std::string_view head, std::string_view lines) {
    const auto own = if_accepted([head] { return parse_json(std::string(head), url); });
    const auto* const members = own ? own->get_if<Json::Object>() : nullptr;
    Json::Object object{{"version", 1},     {"url", url},      {"fetched", 1},
                        {"fresh-until", 2}, {"etag", "\"e\""}, {"last-modified", ""}};
    if (members != nullptr) {
        object = *members;
    }
    object.insert_or_assign("sha256", sha256_of(lines).hex());
    return to_text(Json(std::move(object))) + "\n" + std::string(lines);
}

} // namespace

} // namespace envpm::fuzz
