#include "gpu/facts_rows.h"

#include "base/ascii.h"

#include <fmt/format.h>

namespace envpm::gpu {

std::string Citation::place() const {
    return fmt::format("gpu-facts: {} {}", table, row);
}

std::string Citation::text() const {
    return fmt::format("{} ({})", place(), source);
}

std::optional<MinorVersion> MinorVersion::parse(std::string_view text) {
    text = text.substr(0, text.find('+'));
    // Whatever may follow the first two numbers: 2.9.1, 2.9.0rc1, 2.9.0.dev20251001.
    const std::size_t second = text.find('.', std::min(text.find('.'), text.size() - 1) + 1);
    const auto version = CudaVersion::parse(text.substr(0, second));
    if (!version) {
        return std::nullopt;
    }
    return MinorVersion{version->major, version->minor};
}

std::string MinorVersion::text() const {
    return fmt::format("{}.{}", major, minor);
}

std::optional<MinorRange> MinorRange::parse(std::string_view text) {
    std::string_view between = "-";
    if (text.starts_with(">=")) {
        text.remove_prefix(2);
        between = ",<=";
    }
    const std::size_t at = text.find(between);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = CudaVersion::parse(text.substr(0, at));
    const auto last = CudaVersion::parse(text.substr(at + between.size()));
    if (!first || !last || *last < *first) {
        return std::nullopt;
    }
    return MinorRange{{first->major, first->minor}, {last->major, last->minor}};
}

} // namespace envpm::gpu
