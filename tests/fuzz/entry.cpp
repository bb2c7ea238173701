#include "fuzz.h"

#include <cstddef>
#include <cstdint>

/// What libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    envpm::fuzz::read({reinterpret_cast<const char*>(data), size});
    return 0;
}
