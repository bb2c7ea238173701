#include "gpu/facts_names.h"

#include "base/ascii.h"
#include "base/near_miss.h"

#include <algorithm>
#include <array>

namespace envpm::gpu {

namespace {

constexpr std::size_t most_near_products = 6;

constexpr std::array<std::string_view, 30> ignored_words = {
    "nvidia",  "corporation", "geforce", "tesla", "graphics", "gpu",        "card",   "laptop",
    "mobile",  "max",         "q",       "with",  "design",   "generation", "server", "workstation",
    "edition", "sff",         "sxm",     "sxm2",  "sxm3",     "sxm4",       "sxm5",   "pcie",
    "pci",     "hbm2",        "hbm2e",   "hbm3",  "hbm3e",    "nvl"};

/// Shorter names are part of many others by chance.
constexpr std::size_t least_part = 3;

bool is_part(std::string_view part, std::string_view whole);
std::vector<std::string> words_of(std::string_view text);
bool is_number(std::string_view word);

/// "40gb"
bool is_size(std::string_view word);

} // namespace

std::string normal_product(std::string_view name) {
    const std::vector<std::string> words = words_of(name);
    std::string normal;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool is_split_size =
            is_number(words[i]) && i + 1 < words.size() && words[i + 1] == "gb";
        const bool is_ignored =
            std::find(ignored_words.begin(), ignored_words.end(), words[i]) != ignored_words.end();
        if (is_split_size) {
            ++i;
        } else if (!is_ignored && !is_size(words[i])) {
            normal += words[i];
        }
    }
    return normal;
}

std::vector<std::string> names_in(std::string_view text) {
    const std::size_t open = text.find('(');
    std::vector<std::string> names = {std::string(trimmed(text.substr(0, open)))};
    if (open != std::string_view::npos) {
        const std::string_view rest = text.substr(open + 1);
        names.emplace_back(trimmed(rest.substr(0, rest.find(')'))));
    }
    return names;
}

std::vector<std::string> near_products(std::string_view name,
                                       const std::vector<std::string>& known) {
    const std::string wanted = normal_product(name);
    std::vector<std::string> normals;
    for (const std::string& each : known) {
        normals.push_back(normal_product(each));
    }
    std::vector<std::string> near;
    const auto add = [&](std::size_t at) {
        const bool is_new = std::find(near.begin(), near.end(), known[at]) == near.end();
        if (is_new && near.size() < most_near_products) {
            near.push_back(known[at]);
        }
    };
    if (const auto best = near_miss(wanted, normals)) {
        add(static_cast<std::size_t>(std::find(normals.begin(), normals.end(), *best) -
                                     normals.begin()));
    }
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (is_part(wanted, normals[i]) || is_part(normals[i], wanted)) {
            add(i);
        }
    }
    return near;
}

namespace {

bool is_part(std::string_view part, std::string_view whole) {
    return part.size() >= least_part && whole.find(part) != std::string_view::npos;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char c : ascii_lower(text)) {
        if (is_letter_or_digit(c)) {
            words.back() += c;
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    return words;
}

bool is_number(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

bool is_size(std::string_view word) {
    return word.ends_with("gb") && is_number(word.substr(0, word.size() - 2));
}

} // namespace

} // namespace envpm::gpu
