#pragma once

#include "fetch/schedule.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envpm::fetch {

// Whom to suspect when bytes are wrong. Sources are bits, as PartBlock::sources has them;
// `numbers` has the bit's number of each mirror.

struct Suspects {
    std::span<Mirror> mirrors;
    std::span<const std::uint32_t> numbers;
};

/// Which of several sources to drop first. Hosts of an earlier run that are no mirrors of today
/// cannot be asked again, so theirs go before all; then who lied before, whose file changed, who
/// failed most, the last of the list.
std::uint32_t least_trusted(const Suspects& suspects, std::uint32_t sources);

/// Suspects mirrors of these sources, or bars them if there is no doubt; the last of them, if any
/// was not barred already. A file that was replaced meanwhile deserves one more try.
enum class Doubt { none, some };
std::optional<std::size_t> distrust(const Suspects& suspects, std::uint32_t sources, Doubt doubt);

/// Wrong bytes came from there. The hosts that are not asked any more from now on; a local file
/// answers for itself, and not for the machine.
std::vector<std::string> blame(const Suspects& suspects, std::uint32_t liars);

} // namespace envpm::fetch
