#include "installing/lower_prefix.h"

#include "realize/build.h"
#include "realize/check.h"
#include "store/sharing.h"

#include <fmt/format.h>

#include <system_error>

namespace envpm::installing {

std::optional<std::filesystem::path> lower_prefix(const LockedTarget& target,
                                                  project::Services& services) {
    const auto& lower = services.settings().lower_store;
    if (!lower) {
        return std::nullopt;
    }
    const std::filesystem::path prefix = StorePaths(*lower).prefix(target.env);
    if (!realize::is_usable(prefix)) {
        return std::nullopt;
    }
    store::require_trusted(*lower, services.settings().store_policy.sharing);
    if (target.contents && realize::contents_digest_of_prefix(
                               prefix, services.pool(), services.progress()) != *target.contents) {
        services.progress().note(
            fmt::format("`{}` has not the sealed contents and is not used", prefix.string()));
        return std::nullopt;
    }
    return prefix;
}

bool is_in_lower_store(const std::filesystem::path& prefix, const project::Settings& settings) {
    std::error_code failure;
    return settings.lower_store && std::filesystem::equivalent(prefix.parent_path().parent_path(),
                                                               *settings.lower_store, failure);
}

bool is_in_another_store(const std::filesystem::path& prefix, const project::Settings& settings) {
    std::error_code failure; // a store that is not there yet is another one
    return !std::filesystem::equivalent(prefix.parent_path().parent_path(), settings.store_root,
                                        failure) &&
           !is_in_lower_store(prefix, settings);
}

} // namespace envpm::installing
