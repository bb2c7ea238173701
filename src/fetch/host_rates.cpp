#include "fetch/host_rates.h"

#include "base/fields.h"
#include "base/files.h"
#include "base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::string_view first_line = "envpm-host-rates 1";
constexpr std::string_view last_line = "end";
constexpr std::size_t longest_text = 256U << 10U;
constexpr std::size_t longest_name = 300;
constexpr double half_life_days = 2;

std::optional<HostRate> parse_line(std::string_view line);
bool is_name(std::string_view text);

} // namespace

std::string encode_host_rates(const std::vector<HostRate>& rates) {
    std::string text = fmt::format("{}\n", first_line);
    for (const HostRate& rate : rates) {
        if (is_name(rate.host)) {
            text += fmt::format("{} {} {}\n", rate.host, rate.bytes_per_second,
                                rate.measured_at.time_since_epoch().count());
        }
    }
    return text + fmt::format("{}\n", last_line);
}

std::vector<HostRate> decode_host_rates(std::string_view text) {
    if (text.size() > longest_text || take_until(text, '\n') != first_line) {
        return {};
    }
    std::vector<HostRate> rates;
    while (!text.empty()) {
        const std::string_view line = take_until(text, '\n').value_or("");
        if (line == last_line) {
            return text.empty() ? rates : std::vector<HostRate>();
        }
        std::optional<HostRate> rate = parse_line(line);
        if (!rate || rates.size() == most_remembered) {
            return {};
        }
        rates.push_back(std::move(*rate));
    }
    return {};
}

std::vector<HostRate> load_host_rates(const std::filesystem::path& file) {
    try {
        const std::optional<std::string> text = read_file_if_present(file);
        return text ? decode_host_rates(*text) : std::vector<HostRate>();
    } catch (const std::exception&) {
        return {};
    }
}

void remember_host_rates(const std::filesystem::path& file, const std::vector<HostRate>& news,
                         std::chrono::sys_seconds now) noexcept {
    try {
        std::map<std::string, HostRate> known;
        for (const HostRate& rate : load_host_rates(file)) {
            known[rate.host] = rate;
        }
        for (const HostRate& rate : news) {
            known[rate.host] = rate;
        }
        std::vector<HostRate> rates;
        for (auto& [host, rate] : known) {
            if (faded(rate, now) > 0) {
                rates.push_back(std::move(rate));
            }
        }
        std::stable_sort(rates.begin(), rates.end(), [](const HostRate& a, const HostRate& b) {
            return a.measured_at > b.measured_at;
        });
        rates.resize(std::min(rates.size(), most_remembered));
        write_file(file, encode_host_rates(rates), Durability::cached);
    } catch (const std::exception&) {
        return; // the next run measures again
    }
}

double faded(const HostRate& rate, std::chrono::sys_seconds now) {
    const std::chrono::seconds age = now - rate.measured_at;
    if (age < std::chrono::seconds(0) || age > longest_memory) {
        return 0;
    }
    const double days = std::chrono::duration<double, std::chrono::days::period>(age).count();
    return static_cast<double>(rate.bytes_per_second) * std::exp2(-days / half_life_days);
}

namespace {

std::optional<HostRate> parse_line(std::string_view line) {
    const std::string_view host = take_until(line, ' ').value_or("");
    const auto rate = parse_number<std::uint64_t>(take_until(line, ' ').value_or(""));
    const auto time = parse_number<std::uint64_t>(line);
    constexpr std::uint64_t latest = 1ULL << 40U;
    if (!is_name(host) || !rate || !time || *time > latest) {
        return std::nullopt;
    }
    const std::chrono::seconds since_epoch(static_cast<std::int64_t>(*time));
    return HostRate{std::string(host), *rate, std::chrono::sys_seconds(since_epoch)};
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_name &&
           std::all_of(text.begin(), text.end(),
                       [](char letter) { return letter > ' ' && letter < '\x7f'; });
}

} // namespace

} // namespace envpm::fetch
