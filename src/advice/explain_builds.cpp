#include "advice/explain_builds.h"

#include "advice/version_range.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

namespace envpm::advice {

namespace {

bool is_for_cuda(const Reason& reason, const universe::PackageUniverse& universe);
std::string cited(const std::vector<std::string>& torches, const gpu::Facts& facts);
std::string one_of(const std::vector<std::string>& texts);

} // namespace

std::vector<const Reason*> builds_for_cuda(const Reason& reason, const Conflict& conflict,
                                           const universe::PackageUniverse& universe) {
    std::vector<const Reason*> builds;
    if (!is_for_cuda(reason, universe)) {
        return builds;
    }
    const SlotId slot = universe.candidate(reason.candidates.front()).slot;
    for (const Reason& other : conflict.reasons) {
        if (is_for_cuda(other, universe) &&
            universe.candidate(other.candidates.front()).slot == slot) {
            builds.push_back(&other);
        }
    }
    return builds;
}

std::string explain_builds(const std::vector<const Reason*>& reasons,
                           const universe::PackageUniverse& universe, universe::FactsTable* facts) {
    std::vector<std::string> runtimes;
    std::vector<std::string> builds;
    std::vector<std::string> versions;
    bool is_wheel = true;
    for (const Reason* reason : reasons) {
        const std::string& text = universe.requirement(reason->requirement).text;
        runtimes.push_back(text.substr(std::string_view("CUDA ").size()));
        for (const CandidateId id : reason->candidates) {
            builds.push_back(universe.candidate(id).version);
            versions.push_back(builds.back().substr(0, builds.back().find('+')));
            is_wheel = is_wheel && universe.package(id) == nullptr;
        }
    }
    const SlotId slot = universe.candidate(reasons.front()->candidates.front()).slot;
    const std::string& name = universe.slot(slot).name;
    versions = ascending(versions);
    return fmt::format("{} {} {} CUDA {}{}", name, range_of(versions),
                       versions.size() == 1 ? "needs" : "need", one_of(ascending(runtimes)),
                       facts != nullptr && is_wheel && name == "torch" ? cited(builds, facts->get())
                                                                       : "");
}

namespace {

bool is_for_cuda(const Reason& reason, const universe::PackageUniverse& universe) {
    return reason.kind == Reason::Kind::needs &&
           universe.requirement(reason.requirement).slot == universe.runtime_slot();
}

std::string cited(const std::vector<std::string>& torches, const gpu::Facts& facts) {
    std::set<gpu::MinorVersion> releases;
    for (const std::string& torch : torches) {
        const auto row = facts.torch_release(torch);
        const std::string variant = torch.substr(std::min(torch.find('+') + 1, torch.size()));
        if (!row || std::find(row->value.variants.begin(), row->value.variants.end(), variant) ==
                        row->value.variants.end()) {
            return {};
        }
        releases.insert(row->value.release);
    }
    const std::string first = releases.begin()->text();
    const std::string last = releases.rbegin()->text();
    return fmt::format(" [gpu-facts: torch_release {}{}]", first,
                       first == last ? "" : " to " + last);
}

/// "12.6, 12.8 or 13.0".
std::string one_of(const std::vector<std::string>& texts) {
    const std::vector<std::string> all_but_last(texts.begin(), texts.end() - 1);
    return all_but_last.empty()
               ? texts.back()
               : fmt::format("{} or {}", fmt::join(all_but_last, ", "), texts.back());
}

} // namespace

} // namespace envpm::advice
