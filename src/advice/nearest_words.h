#pragma once

#include "model/answer.h"
#include "universe/package_universe.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::advice {

// What there is to tell of a solution that is only offered.

/// "torch 2.3.1, CUDA 11.8, cuDNN 8.7.0.84": of what these ask for that which was chosen, with the
/// build where that was asked for, then what it runs on. Of many packages the first. May be empty.
std::string words_of_result(const std::vector<RequirementId>& asked, const Resolution& resolution,
                            const universe::PackageUniverse& universe);

std::optional<CandidateId> chosen_in(SlotId slot, const Resolution& resolution,
                                     const universe::PackageUniverse& universe);

/// The version of "cudnn", "nccl"; empty if the solution has none.
std::string library_in(std::string_view library, const Resolution& resolution,
                       const universe::PackageUniverse& universe);

} // namespace envpm::advice
