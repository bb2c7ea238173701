#pragma once

#include "fetch/gaps.h"
#include "fetch/hosts.h"
#include "fetch/retry.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace envpm::fetch {

// Which bytes to ask for next, and whom: decisions over values, without network, disk or clock.

/// Files below this are asked for in one request; larger ones in pieces, so that several
/// connections can work on the last large file.
constexpr std::uint64_t smallest_split_file = 16 * mebibyte;
constexpr std::uint64_t piece_bytes = 32 * mebibyte;

/// Files below this are small: many go together.
constexpr std::uint64_t small_file_bytes = 256U << 10U;

/// A try that brought this much was worth it, however it ended: a server that breaks off every
/// connection still gives the whole file in the end.
constexpr std::uint64_t worthwhile_bytes = mebibyte;

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
    std::string reason;       ///< of its last failure
    std::string entity_tag;   ///< strong, of what it has sent; for If-Range
    bool keeps_tag = true;    ///< it has not shown two tags, or ignored If-Range
    bool has_changed = false; ///< it showed two tags since its bytes were last found right
};

/// No request goes there any more.
[[nodiscard]] bool is_barred(const Mirror& mirror);

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

/// What a choice is made by.
struct ChoiceRules {
    Clock::time_point now;
    std::uint64_t bytes_present = 0;
    enum class Spread { no, yes } spread = Spread::no; ///< pieces come from all mirrors at once
    std::vector<bool> passed_over = {};                ///< by mirror; may be empty
    bool is_small = false;                             ///< the file
};

/// Trusted before suspect, then those that serve ranges if most would be skipped otherwise. Then,
/// for a file in one piece: fewest failures, not four times slower than another, the order given;
/// for one that is spread: least busy, fastest. A mirror that must pause and one whose host has no
/// free connection are passed over, but nobody is suspected for want of a connection.
MirrorChoice choose_mirror(std::span<const Mirror> mirrors, const ChoiceRules& rules);

/// What was asked of a mirror when it failed.
enum class AskedFor { part, whole };

/// Takes a failure into account: the mirror pauses so long, serves whole files only, or is barred;
/// its host gets fewer transfers at once.
void take_failure(Mirror& mirror, const Failure& failure, AskedFor asked, Clock::time_point now,
                  Clock::duration pause);

/// It fell silent in the middle of an answer: it pauses, each time for longer.
void take_silence(Mirror& mirror, Clock::time_point now);

/// The host served what it was asked for.
void take_success(Mirror& mirror, Clock::time_point now);

/// The tag of an answer; two different ones of a mirror make If-Range useless there.
void take_entity_tag(Mirror& mirror, const std::string& tag);

[[nodiscard]] bool all_barred(std::span<const Mirror> mirrors);

/// Whether the host of one that may be asked sends small files over one connection.
[[nodiscard]] bool some_share_connections(std::span<const Mirror> mirrors);

/// One file of a batch, as the choice between files sees it.
struct OpenFile {
    std::uint64_t size = 0;
    bool has_gaps = false;
    int in_flight = 0;
    bool may_take_over = false;     ///< what is missing is on its way, but perhaps not fast enough
    bool shares_connection = false; ///< with other small ones
};

/// The order in which files are offered a free connection: largest first, because they end last;
/// but one small one first if none is on its way and something else is, so that the work after
/// the download can begin at once. Those that miss nothing come last.
std::vector<std::size_t> order_files(std::span<const OpenFile> files);

/// How many bytes to ask for at once, of one mirror alone.
std::uint64_t largest_piece(std::uint64_t size);

/// The same, of a host among others: what it sends in 2 s, 1 MiB if nobody knows, and at most four
/// times what it has sent, since a first measure may be a burst out of someone's buffer.
std::uint64_t piece_of_host(const Host& host);

/// Of one transfer, in bytes a second: measured, else as an earlier run remembered it, else 0.
double known_rate(const Host& host);

} // namespace envpm::fetch
