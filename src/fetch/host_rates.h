#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::fetch {

/// How fast a host was, of one transfer.
struct HostRate {
    std::string host;
    std::uint64_t bytes_per_second = 0;
    std::chrono::sys_seconds measured_at{};

    bool operator==(const HostRate&) const = default;
};

/// Older rates say nothing, and more hosts are not remembered.
constexpr std::chrono::days longest_memory{7};
constexpr std::size_t most_remembered = 256;

/// A text of lines: "envpm-host-rates 1", then for each host its name, bytes a second and seconds
/// since 1970, separated by spaces; last "end". Names are those of host_of, without spaces.
std::string encode_host_rates(const std::vector<HostRate>& rates);

/// None if anything of the text is not as it is written: what is lost is an order of mirrors.
std::vector<HostRate> decode_host_rates(std::string_view text);

/// What the file remembers; none if it is absent, damaged or unreadable.
std::vector<HostRate> load_host_rates(const std::filesystem::path& file);

/// Replaces what is remembered of these hosts, drops what is too old or lies in the future, and
/// writes the file anew by rename. A file that cannot be written is none: this is only a memory.
void remember_host_rates(const std::filesystem::path& file, const std::vector<HostRate>& news,
                         std::chrono::sys_seconds now) noexcept;

/// Half of it after two days, nothing after seven and for a time to come.
double faded(const HostRate& rate, std::chrono::sys_seconds now);

} // namespace envpm::fetch
