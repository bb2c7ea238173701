#include "base/assert.h"
#include "fuzz.h"
#include "gpu/binary.h"
#include "gpu/binary_cache.h"

#include <string>

namespace envpm::fuzz {

/// A whole file: headers, dynamic section, versions, symbols, notes, names and device code. What
/// was understood of it can be kept and read again.
void read(std::string_view input) {
    const auto binary = gpu::binary_of(input);
    ENVPM_ASSERT(binary.has_value() == gpu::Elf::is_one(input));
    if (binary) {
        if (!binary->damage.empty()) {
            ENVPM_ASSERT(binary->needed.empty() && binary->code.empty());
        }
        const std::string text = gpu::to_text(*binary);
        const auto again = gpu::parse_binary(text);
        ENVPM_ASSERT(again && gpu::to_text(*again) == text);
        const auto read_all = [&] {
            const gpu::Elf whole(input, "a.so");
            std::size_t bytes = 0;
            for (const gpu::ElfNote& note : whole.notes()) {
                bytes += note.content.size();
            }
            return bytes + whole.symbols(gpu::SymbolSide::exported).size();
        };
        if_accepted(read_all);
    }
    gpu::parse_binary(input);
}

} // namespace envpm::fuzz
