#include "fetch/hosts.h"

#include <algorithm>
#include <array>

namespace envpm::fetch {

namespace {

constexpr int most_per_university_mirror = 2;

/// With every host below them. All are run without charge by a university, an institute or the
/// education network of China, and are known to shut out who asks too much at once.
constexpr std::array<std::string_view, 17> university_mirrors = {
    "mirror.iscas.ac.cn",    "mirror.lzu.edu.cn",      "mirror.nju.edu.cn",
    "mirror.nyist.edu.cn",   "mirror.sjtu.edu.cn",     "bfsu.edu.cn",
    "mirrors.cernet.edu.cn", "mirrors.hit.edu.cn",     "mirrors.hust.edu.cn",
    "mirrors.jlu.edu.cn",    "mirrors.njupt.edu.cn",   "mirrors.nju.edu.cn",
    "mirrors.pku.edu.cn",    "mirrors.sustech.edu.cn", "ustc.edu.cn",
    "mirrors.zju.edu.cn",    "tuna.tsinghua.edu.cn",
};

constexpr std::chrono::milliseconds shortest_stall{3'000};
constexpr int patience_factor = 10;

constexpr int usual_factor = 2;
constexpr std::chrono::milliseconds shortest_pause{250};
constexpr std::chrono::milliseconds shortest_silence{1'000};
constexpr std::chrono::seconds longest_silence{5};

constexpr std::chrono::seconds step{2};
constexpr std::chrono::seconds rest_after_refusal{30};
constexpr double worthwhile_rise = 1.1;

constexpr int most_refusals = 10;
constexpr int most_bans = 2;

constexpr double weight_of_new_rate = 0.3;
constexpr int weight_of_old_delay = 3;

int all_in_flight(const Host& host);
bool refuses_too_often(Host& host, const Failure& failure);

} // namespace

bool has_place_for_page(const Host& host) {
    const bool is_limited = host.has_refused || (host.is_university_mirror && !host.multiplexes);
    return host.in_flight < host.most_pages && (!is_limited || all_in_flight(host) < host.most);
}

void grow_pages(Host& host, Clock::time_point now) {
    const bool is_limited = host.most_pages < std::numeric_limits<int>::max();
    host.most_pages += is_limited && now >= host.step_at ? 1 : 0;
}

bool shares_connection(const Host& host) {
    return host.multiplexes && !host.has_refused && host.most == host.limit;
}

bool has_place_for_file(const Host& host, bool is_small) {
    if (!shares_connection(host)) {
        return all_in_flight(host) < host.most;
    }
    return is_small ? host.small_in_flight < host.most_small : host.in_flight < host.most;
}

void grow_small(Host& host, Clock::time_point now) {
    host.most_small = std::min(host.most_small + (now >= host.step_at ? 1 : 0), most_small_files);
}

bool take_turn_to_tell(Host& host, Clock::duration pause, Clock::time_point now) {
    const bool is_due = now - host.told_at >= pause;
    host.told_at = is_due ? now : host.told_at;
    return is_due;
}

void take_rate(Host& host, double bytes_per_second, Clock::time_point now) {
    const double known = host.bytes_per_second;
    host.bytes_per_second =
        known > 0 ? known + weight_of_new_rate * (bytes_per_second - known) : bytes_per_second;
    host.measured_at = now;
}

void take_first_byte(Host& host, Clock::duration after) {
    const Clock::duration known = host.first_byte_after;
    host.first_byte_after = known == Clock::duration()
                                ? after
                                : (weight_of_old_delay * known + after) / (weight_of_old_delay + 1);
}

std::chrono::milliseconds stall_limit(const Host& host, std::chrono::milliseconds configured) {
    const auto longest = std::chrono::ceil<std::chrono::milliseconds>(host.worst_gap);
    return std::clamp(std::min(longest, configured) * patience_factor,
                      std::min(shortest_stall, configured), configured);
}

Clock::duration pause_limit(const Host& host) {
    return std::max<Clock::duration>(shortest_pause, usual_factor * host.worst_gap);
}

Clock::duration doubt_limit(const Host& host) {
    return std::clamp<Clock::duration>(patience_factor * host.worst_gap, shortest_pause,
                                       silence_limit(host));
}

Clock::duration silence_limit(const Host& host) {
    return std::clamp<Clock::duration>(usual_factor * host.worst_gap, shortest_silence,
                                       longest_silence);
}

void shrink(Host& host, Load load, Clock::time_point now) {
    if (load == Load::unknown || (load == Load::busy && all_in_flight(host) == 0)) {
        return;
    }
    host.has_refused = host.has_refused || load == Load::refused;
    host.most = load == Load::refused ? 1 : std::clamp(all_in_flight(host), 1, host.most);
    host.most_small =
        std::clamp(host.small_in_flight, std::min(host.most, host.most_small), host.most_small);
    host.most_pages = std::clamp(host.in_flight, host.most, std::max(host.most, host.most_pages));
    host.step_at = now + (load == Load::refused ? rest_after_refusal : step);
    host.step_bytes = 0;
    host.step_bytes_per_second = 0;
}

void take_refusal(Host& host, const Failure& failure, Clock::time_point now,
                  Clock::duration pause) {
    if (failure.retry_after && *failure.retry_after > longest_retry_after) {
        // Of a 404 or a 500 it is about that file.
        host.refusal = failure.load == Load::unknown ? host.refusal : failure.reason;
        return;
    }
    const bool may_pass = failure.kind == FailureClass::transient;
    const bool is_refused = failure.load == Load::refused;
    if (may_pass && (is_refused || failure.retry_after)) {
        const Clock::duration wait = failure.retry_after ? *failure.retry_after : pause;
        host.parked_until = std::max(host.parked_until, now + wait);
        shrink(host, Load::refused, now);
    }
    if (is_refused && refuses_too_often(host, failure)) {
        host.refusal = failure.reason;
    }
}

void take_success(Host& host, Clock::time_point now) {
    host.failures = 0;
    host.refusals = 0;
    host.bans = 0;
    grow(host, now);
}

void grow(Host& host, Clock::time_point now) {
    if (now - host.step_at < step) {
        return;
    }
    const double rate = static_cast<double>(host.step_bytes) / seconds_of(now - host.step_at);
    const bool in_vain =
        host.step_bytes_per_second > 0 && rate < worthwhile_rise * host.step_bytes_per_second;
    host.step_bytes = 0;
    if (in_vain) {
        host.most = std::max(1, host.most - 1);
        host.step_at = now + rest_after_refusal;
        host.step_bytes_per_second = 0;
        return;
    }
    host.step_at = now;
    // A host that was idle tells nothing: with 0 the next step is free again.
    host.step_bytes_per_second = host.most < host.limit ? rate : 0;
    host.most = std::min(host.most + 1, host.limit);
    host.has_refused = host.has_refused && host.most < host.limit;
}

Host& Hosts::at(std::string_view name) {
    const auto found = hosts_.find(name);
    if (found != hosts_.end()) {
        return found->second;
    }
    Host& host = hosts_[std::string(name)];
    host.name = name;
    host.is_university_mirror = is_university_mirror(name);
    host.limit = host.is_university_mirror ? std::min(most_per_host_, most_per_university_mirror)
                                           : most_per_host_;
    host.most = host.limit;
    return host;
}

void Hosts::for_each(const std::function<void(const Host&)>& visit) const {
    for (const auto& [name, host] : hosts_) {
        visit(host);
    }
}

bool is_university_mirror(std::string_view name) {
    name = name.substr(0, name.find(':'));
    return std::any_of(
        university_mirrors.begin(), university_mirrors.end(), [&](std::string_view known) {
            return name == known ||
                   (name.ends_with(known) && name[name.size() - known.size() - 1] == '.');
        });
}

namespace {

int all_in_flight(const Host& host) {
    return host.in_flight + host.small_in_flight;
}

/// Counts a 429 when nothing else is on its way: of several at once the others may be served. And
/// a 403 of a university's mirror, where it is no word about the file.
bool refuses_too_often(Host& host, const Failure& failure) {
    if (failure.kind == FailureClass::transient) {
        host.refusals += all_in_flight(host) == 0 ? 1 : 0;
        return host.refusals >= most_refusals;
    }
    host.bans += host.is_university_mirror ? 1 : 0;
    return host.bans >= most_bans;
}

} // namespace

} // namespace envpm::fetch
