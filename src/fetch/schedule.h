#pragma once

#include "fetch/retry.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm::fetch {

// Which bytes to ask for next, and whom: decisions over values, without network, disk or clock.

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t mebibyte = 1U << 20U;

/// Files below this are asked for in one request; larger ones in pieces, so that several
/// connections can work on the last large file.
constexpr std::uint64_t smallest_split_file = 16 * mebibyte;
constexpr std::uint64_t piece_bytes = 32 * mebibyte;

/// Bytes [first, first + count) of a file.
struct Piece {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    [[nodiscard]] std::uint64_t end() const { return first + count; }

    bool operator==(const Piece&) const = default;
};

/// What is missing of one file and not on its way, in file order.
class Gaps {
  public:
    Gaps() = default;

    /// `present`: sorted, disjoint.
    Gaps(std::uint64_t size, std::span<const Piece> present);

    [[nodiscard]] bool empty() const { return pieces_.empty(); }

    [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

    /// The first missing bytes, at most `largest` of them, ending at a multiple of 1 MiB or at the
    /// gap's end, so that no block of the part file is ever written by two transfers.
    Piece take(std::uint64_t largest);

    /// The end of the file, of `least` bytes or more, from a multiple of 1 MiB on; nothing if some
    /// of that is there or on its way.
    std::optional<Piece> take_end(std::uint64_t size, std::uint64_t least);

    /// All of it, for a server that can only send the whole file.
    std::vector<Piece> take_all();

    /// What a transfer did not bring.
    void give_back(const Piece& piece);

  private:
    std::vector<Piece> pieces_;
};

/// What is known of a server, shared by all files and all calls of a client.
struct Host {
    std::string name;
    int in_flight = 0;
    int most = 4;     ///< transfers at once, now
    int limit = 4;    ///< transfers at once, when all goes well
    int failures = 0; ///< since the last success
    Clock::time_point parked_until{};
    Clock::time_point told_at{}; ///< when the user was last told that it keeps everyone waiting
};

class Hosts {
  public:
    explicit Hosts(int most_per_host)
        : most_per_host_(most_per_host) {}

    /// References stay valid.
    Host& at(std::string_view name);

  private:
    int most_per_host_;
    std::map<std::string, Host, std::less<>> hosts_;
};

enum class Trust {
    full,
    suspect, ///< wrong bytes came from it or from another one: asked last
    barred,  ///< not for this file again
};

/// One URL of one file.
struct Mirror {
    std::string url;
    Host* host = nullptr;
    Trust trust = Trust::full;
    bool can_ranges = true;
    int failures = 0;
    Clock::time_point retry_at{};
    std::optional<FailureClass> last_failure;
    std::string reason; ///< of its last failure
};

/// Use mirror `index` now.
struct UseMirror {
    std::size_t index;
};

/// Nothing can be asked before then; a full host gives no time, since a transfer's end will tell.
struct WaitForMirror {
    std::optional<Clock::time_point> until;
};

/// Every mirror is barred.
struct NoMirror {};

using MirrorChoice = std::variant<UseMirror, WaitForMirror, NoMirror>;

/// Trusted before suspect, then those that serve ranges if `progress` says that most would be
/// skipped otherwise, then fewest failures, then the order given. A mirror that must pause is
/// passed over; one whose host has no free connection is waited for.
MirrorChoice choose_mirror(std::span<const Mirror> mirrors, Clock::time_point now,
                           std::uint64_t bytes_present);

/// What was asked of a mirror when it failed.
enum class AskedFor { part, whole };

/// Takes a failure into account: the mirror pauses so long, serves whole files only, or is barred.
void take_failure(Mirror& mirror, const Failure& failure, AskedFor asked, Clock::time_point now,
                  Clock::duration pause);

/// The host served what it was asked for.
void take_success(Mirror& mirror);

[[nodiscard]] bool all_barred(std::span<const Mirror> mirrors);

/// One file of a batch, as the choice between files sees it.
struct OpenFile {
    std::uint64_t size = 0;
    bool has_gaps = false;
    int in_flight = 0;
};

/// The order in which files are offered a free connection: largest first, because they end last;
/// but one small one first if none is on its way and something else is, so that the work after
/// the download can begin at once.
std::vector<std::size_t> order_files(std::span<const OpenFile> files);

/// How many bytes to ask for at once.
std::uint64_t largest_piece(std::uint64_t size);

} // namespace envpm::fetch
