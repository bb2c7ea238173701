#include "selftest/visible_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace envpm::selftest {

namespace {

std::vector<std::string_view> parts_of(std::string_view text);
bool is_mig(std::string_view part);
bool is_readable(std::string_view part);
bool is_mig_id(std::string_view id);
bool is_uuid(std::string_view text);
bool is_number(std::string_view text);
bool is_hexadecimal(char letter);

} // namespace

VisibleDevices read_visible_devices(std::string_view text) {
    VisibleDevices found;
    std::vector<std::string_view> parts = parts_of(text);
    const auto odd = std::find_if_not(parts.begin(), parts.end(), is_readable);
    if (odd != parts.end()) {
        found.unreadable = fmt::format("`{}` is no {}", *odd,
                                       is_mig(*odd) ? "id of a MIG device" : "number or id");
        found.remedy = is_mig(*odd) ? "name a MIG device as `nvidia-smi -L` does, `MIG-` and its "
                                      "UUID (before driver 470 `MIG-GPU-<UUID>/1/0`)"
                                    : "name GPUs as `nvidia-smi -L` does";
        found.hides_all = odd == parts.begin();
        parts.erase(odd, parts.end());
    }
    const auto divided = std::count_if(parts.begin(), parts.end(), is_mig);
    if (divided > 1) {
        found.left_out =
            fmt::format("names {} MIG devices, and a process has one alone, the first", divided);
    } else if (divided == 1 && parts.size() > 1) {
        found.left_out = "names a MIG device and others, and a process that has one sees no other";
    }
    if (!found.left_out.empty() && found.remedy.empty()) {
        found.remedy = "start a process for each";
    }
    return found;
}

namespace {

std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view part = text.substr(0, end);
        part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
        parts.push_back(part.substr(0, part.find_last_not_of(' ') + 1));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

bool is_mig(std::string_view part) {
    return part.starts_with("MIG");
}

/// -1 is a number too: people hide all GPUs with it.
bool is_readable(std::string_view part) {
    if (part.starts_with("MIG-")) {
        return is_mig_id(part.substr(4));
    }
    if (part.starts_with("GPU-")) {
        const std::string_view begin = part.substr(4);
        return !begin.empty() && std::all_of(begin.begin(), begin.end(), [](char letter) {
            return is_hexadecimal(letter) || letter == '-';
        });
    }
    return is_number(part.starts_with('-') ? part.substr(1) : part);
}

bool is_mig_id(std::string_view id) {
    if (!id.starts_with("GPU-")) {
        return is_uuid(id);
    }
    const std::size_t first = std::min(id.find('/'), id.size());
    const std::size_t second = id.find('/', first + 1);
    return second != std::string_view::npos && is_uuid(id.substr(4, first - 4)) &&
           is_number(id.substr(first + 1, second - first - 1)) && is_number(id.substr(second + 1));
}

/// 8-4-4-4-12 digits.
bool is_uuid(std::string_view text) {
    constexpr std::string_view form = "00000000-0000-0000-0000-000000000000";
    return std::equal(text.begin(), text.end(), form.begin(), form.end(),
                      [](char a, char b) { return b == '-' ? a == '-' : is_hexadecimal(a); });
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_hexadecimal(char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') ||
           (letter >= 'A' && letter <= 'F');
}

} // namespace

} // namespace envpm::selftest
