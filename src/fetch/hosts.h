#pragma once

#include "fetch/rate_meter.h"
#include "fetch/retry.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::fetch {

/// What is known of a server, shared by all files and all calls of a client.
struct Host {
    std::string name;
    int in_flight = 0;
    int small_in_flight = 0; ///< small files that share a connection; not among the others
    int most_small = 4;      ///< of these, now: one more with each that came
    int most = 4;            ///< transfers at once, now
    int most_pages = std::numeric_limits<int>::max(); ///< at once, since it could not send more
    int limit = 4;                                    ///< transfers at once, when all goes well
    bool is_university_mirror = false;
    bool has_refused = false; ///< some since it last had all that it may have
    bool multiplexes = false; ///< it has answered by HTTP/2; of redirected files: whoever did
    int failures = 0;         ///< since the last success
    int failed_transfers = 0; ///< of files, in all
    int refusals = 0;         ///< 429 since the last success, when nothing else was asked for
    int bans = 0;             ///< 403 of a university's mirror, since the last success
    int poisonings = 0;       ///< files for which it gave wrong bytes
    std::string refusal;      ///< why nothing more is asked for in this run; empty: it is
    Clock::time_point parked_until{};
    Clock::time_point told_at{}; ///< when the user was last told that it keeps everyone waiting

    double bytes_per_second = 0; ///< of one transfer, as measured in this run; 0: not yet
    Clock::time_point measured_at{};
    std::uint64_t received_bytes = 0;
    double remembered_bytes_per_second = 0; ///< of an earlier run; for the order only
    Clock::time_point heard_at{};           ///< when it last sent bytes of a file
    Clock::duration worst_gap{};            ///< between two pieces of one answer
    Clock::duration first_byte_after{};     ///< an average

    Clock::time_point step_at{};      ///< when `most` was last thought about; no growth before then
    std::uint64_t step_bytes = 0;     ///< that came since then
    double step_bytes_per_second = 0; ///< what `most` brought before it grew; 0: it did not
};

/// A transfer's place among those of its host, while it lives.
class HostPlace {
  public:
    explicit HostPlace(Host& host)
        : host_(host) {
        ++host_.in_flight;
    }

    HostPlace(const HostPlace&) = delete;
    HostPlace& operator=(const HostPlace&) = delete;

    ~HostPlace() { --host_.in_flight; }

  private:
    Host& host_;
};

/// Whether one more page may be asked for. A university's mirror has its limit unless they share a
/// connection, and others since they refused some. Of one that could not send more there are as
/// many at once as still ran then, and one more with each that comes.
bool has_place_for_page(const Host& host);

/// One has come. Not at once after the host could not.
void grow_pages(Host& host, Clock::time_point now);

/// Small files cost the way there and back, not bandwidth: where they can share a connection more
/// of them go together than of others.
constexpr int most_small_files = 32;

/// Whether small files of this host share a connection: not since it had trouble with what it was
/// asked for.
bool shares_connection(const Host& host);

/// Whether one more file may be asked for: as long as it had trouble, all that run count alike.
bool has_place_for_file(const Host& host, bool is_small);

/// One that shared a connection has come. Not at once after the host could not.
void grow_small(Host& host, Clock::time_point now);

/// Whether the user is to be told now that a host keeps everyone waiting: many transfers may wait
/// for one, and that is one line, and another only after `pause`. If so, notes that he is told.
bool take_turn_to_tell(Host& host, Clock::duration pause, Clock::time_point now);

/// Two wrong files are no accident: such a host gives nothing more in this run.
constexpr int most_poisonings = 2;

/// The rate of one transfer, forgetting older ones; for `first_byte_after` as well.
void take_rate(Host& host, double bytes_per_second, Clock::time_point now);
void take_first_byte(Host& host, Clock::duration after);

/// How long an answer may be silent: ten times the worst that the host has shown, at least 3 s and
/// at most what is configured.
std::chrono::milliseconds stall_limit(const Host& host, std::chrono::milliseconds configured);

/// A transfer that has begun to answer and is silent for so long. First it pauses, for longer than
/// is usual for its host: nothing is concluded from its rate. Then it is in doubt, by ten times the
/// worst that the host has shown: another transfer may go on beside it. Then its rate counts as 0.
Clock::duration pause_limit(const Host& host);
Clock::duration doubt_limit(const Host& host);
Clock::duration silence_limit(const Host& host);

/// The host refused or could not: it gets fewer transfers at once. 429 and 403 mean one, since
/// mirrors ban whole networks that go on asking; 503 and silence mean no more than still run.
void shrink(Host& host, Load load, Clock::time_point now);

/// What a refusal (429, 403, Retry-After) means for all that is asked of the host: after 429 a
/// pause, of `pause` unless the host says how long. Nothing more in this run if it says more than
/// five minutes, if it refused ten times in a row with nothing else on its way, or if it is a
/// university's and forbids two things: then it has shut us out.
void take_refusal(Host& host, const Failure& failure, Clock::time_point now, Clock::duration pause);

/// It served what it was asked for.
void take_success(Host& host, Clock::time_point now);

/// The host serves: one transfer more every 2 s, as long as each brings a tenth more bytes.
void grow(Host& host, Clock::time_point now);

class Hosts {
  public:
    /// Mirrors that universities run get two transfers at once at most.
    explicit Hosts(int most_per_host)
        : most_per_host_(most_per_host) {}

    /// References stay valid.
    Host& at(std::string_view name);

    /// In the order of their names.
    void for_each(const std::function<void(const Host&)>& visit) const;

  private:
    int most_per_host_;
    std::map<std::string, Host, std::less<>> hosts_;
};

/// Whether `name`, as host_of writes it, is one of the mirrors that universities run and that are
/// known to shut out who asks too much at once.
bool is_university_mirror(std::string_view name);

} // namespace envpm::fetch
