#include "realize/claims.h"

#include "base/error.h"
#include "realize/environment_files.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::realize {

Claims::Claims(const std::vector<FileClaim>& claims)
    : claims_(claims),
      has_counted_(claims.size()) {}

std::optional<std::string> Claims::winner(const std::string& path,
                                          const std::vector<std::string>& owners) {
    const auto is_one = [&](std::string_view owner) {
        return std::find(owners.begin(), owners.end(), owner) != owners.end();
    };
    if (is_one(environment_owner)) {
        return std::nullopt;
    }
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
        const FileClaim& claim = claims_[i];
        if (!is_one(claim.owner) || !claim.path.matches(path) ||
            (best && claims_[*best].path.is_exact() && !claim.path.is_exact())) {
            continue;
        }
        const bool is_alike = best && claims_[*best].path.is_exact() == claim.path.is_exact();
        if (is_alike && claims_[*best].owner != claim.owner) {
            throw Error({fmt::format("two packages are to win `{}`", path),
                         fmt::format("`{}` of {} and `{}` of {}", claims_[*best].path.text(),
                                     claims_[*best].owner, claim.path.text(), claim.owner),
                         "write the path out under `[files]`"});
        }
        best = i;
    }
    if (!best) {
        return std::nullopt;
    }
    has_counted_[*best] = true;
    return claims_[*best].owner;
}

std::optional<std::string> Claims::claimant(const std::string& path) const {
    const auto found = std::find_if(claims_.begin(), claims_.end(), [&](const FileClaim& claim) {
        return claim.path.matches(path);
    });
    return found == claims_.end() ? std::nullopt : std::optional(found->owner);
}

std::vector<FileClaim> Claims::idle() const {
    std::vector<FileClaim> out;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
        if (!has_counted_[i]) {
            out.push_back(claims_[i]);
        }
    }
    return out;
}

} // namespace envpm::realize
