#include "fetch/trust.h"

#include "fetch/url.h"

#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

namespace envpm::fetch {

namespace {

bool is_of(const Suspects& suspects, std::size_t index, std::uint32_t sources);

} // namespace

std::uint32_t least_trusted(const Suspects& suspects, std::uint32_t sources) {
    const std::span<Mirror> all = suspects.mirrors;
    const auto distrust_of = [&](std::size_t i) {
        return std::tuple(all[i].host->poisonings, all[i].has_changed, all[i].failures, i);
    };
    std::uint32_t unknown = sources;
    std::optional<std::size_t> least;
    for (std::size_t i = 0; i < all.size(); ++i) {
        unknown &= ~(1U << suspects.numbers[i]);
        if (is_of(suspects, i, sources) && (!least || distrust_of(i) > distrust_of(*least))) {
            least = i;
        }
    }
    return unknown != 0 || !least ? unknown : 1U << suspects.numbers[*least];
}

std::optional<std::size_t> distrust(const Suspects& suspects, std::uint32_t sources, Doubt doubt) {
    std::optional<std::size_t> last;
    for (std::size_t i = 0; i < suspects.mirrors.size(); ++i) {
        Mirror& mirror = suspects.mirrors[i];
        if (!is_of(suspects, i, sources) || mirror.trust == Trust::barred) {
            continue;
        }
        mirror.last_failure = FailureClass::poison;
        mirror.reason = fmt::format("`{}` sent wrong bytes: the sha256 is not that of the file",
                                    place_name(mirror.url));
        const bool is_excused = std::exchange(mirror.has_changed, false);
        mirror.trust = doubt == Doubt::none && !is_excused ? Trust::barred : Trust::suspect;
        last = i;
    }
    return last;
}

std::vector<std::string> blame(const Suspects& suspects, std::uint32_t liars) {
    std::map<std::string, Host*> hosts; // in the order of what is printed
    for (std::size_t i = 0; i < suspects.mirrors.size(); ++i) {
        if (is_of(suspects, i, liars) && !has_scheme(suspects.mirrors[i].url, "file")) {
            hosts.emplace(suspects.mirrors[i].host->name, suspects.mirrors[i].host);
        }
    }
    std::vector<std::string> barred;
    for (const auto& [name, host] : hosts) {
        if (++host->poisonings == most_poisonings) {
            barred.push_back(name);
        }
    }
    return barred;
}

namespace {

bool is_of(const Suspects& suspects, std::size_t index, std::uint32_t sources) {
    return (sources & (1U << suspects.numbers[index])) != 0;
}

} // namespace

} // namespace envpm::fetch
