#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace envpm::fetch {

/// What a failure says of the server and of the next try.
enum class FailureClass {
    transient,   ///< may pass: another mirror at once, the same one after a pause
    unreachable, ///< no connection at all: as transient, but less patience
    absent,      ///< this server will not give the file: next mirror
    changed,     ///< this server's file is no longer the one that pieces were taken of
    no_ranges,   ///< this server cannot give pieces of it: the whole file or nothing
    poison,      ///< something else came: nothing from this server counts
};

/// What a failure says of how much is asked of the server at once.
enum class Load {
    unknown,
    busy,    ///< 503 and silence
    refused, ///< 429 and 403
};

/// One failed try, in words that name the host.
struct Failure {
    FailureClass kind = FailureClass::transient;
    std::string reason;
    std::optional<std::chrono::seconds> retry_after;
    Load load = Load::unknown;
};

/// The class of an HTTP status that is not a success.
FailureClass class_of_status(int status);
Load load_of_status(int status);

/// Longer than this is not waited for: the server counts as absent.
constexpr std::chrono::seconds longest_retry_after{300};

/// A Retry-After field (RFC 9110, section 10.2.3), seconds or a date. A date that has passed is 0;
/// nothing if absent or unreadable.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view field,
                                                      std::chrono::system_clock::time_point now);

/// Growing pauses with full jitter: uniform between nothing and first * 2^(failures - 1), at most
/// 30 times the first. The seed is given so that a run can be repeated.
class Backoff {
  public:
    Backoff(std::chrono::milliseconds first, std::uint64_t seed)
        : first_(first),
          random_(seed) {}

    std::chrono::milliseconds pause(int failures);

    /// The most that `pause` can answer.
    [[nodiscard]] std::chrono::milliseconds longest(int failures) const;

  private:
    std::chrono::milliseconds first_;
    std::mt19937_64 random_;
};

/// How many fruitless tries one file is worth; an unreachable server costs two.
constexpr int tries_per_file(std::size_t mirrors) {
    return static_cast<int>(mirrors < 4 ? 10 : 3 * mirrors);
}

/// The same for one small request.
constexpr int tries_per_request = 4;

constexpr int cost_of(FailureClass kind) {
    return kind == FailureClass::unreachable ? 2 : 1;
}

} // namespace envpm::fetch
