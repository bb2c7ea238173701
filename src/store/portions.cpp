#include "store/portions.h"

namespace envpm::store {

std::vector<Portion> portions_of(const std::vector<ArchiveFile>& all,
                                 std::span<const std::size_t> files) {
    std::vector<Portion> portions;
    for (const std::size_t i : files) {
        const std::uint64_t cost = all[i].member.size_bytes + Portion::cost_of_a_file;
        if (portions.empty() || portions.back().cost + cost > Portion::most) {
            portions.emplace_back();
        }
        portions.back().files.push_back(i);
        portions.back().cost += cost;
    }
    return portions;
}

} // namespace envpm::store
