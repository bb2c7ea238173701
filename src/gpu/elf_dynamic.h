#pragma once

#include "gpu/elf.h"

#include <optional>
#include <vector>

namespace envpm::gpu {

/// The part of `Elf` that reads the dynamic section and the symbol versions that it leads to.
std::optional<ElfDynamic> read_dynamic(const Bytes& file, const std::vector<ElfSegment>& segments);

} // namespace envpm::gpu
