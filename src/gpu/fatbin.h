#pragma once

#include "gpu/bytes.h"
#include "gpu/device_code.h"
#include "gpu/forward_search.h"

#include <string_view>

namespace envpm::gpu {

// CUDA's "fat binaries", read by their headers only: the code itself is not looked at, so it does
// not matter how it is compressed. The format is not documented; docs/audit.md describes what is
// read of it and how that was checked.

/// Adds the containers of a section that holds nothing else (`.nv_fatbin`), with zeros between
/// them. Throws an Error of code 6 for anything that is not as it should be.
void read_registered_containers(const Bytes& section, BinaryCode& code, const Passed& passed = {});

/// Adds the containers that lie among other data, for libraries that register none or few and load
/// theirs themselves. What is no sound container is other data.
void find_loose_containers(std::string_view data, BinaryCode& code, const Passed& passed = {});

} // namespace envpm::gpu
