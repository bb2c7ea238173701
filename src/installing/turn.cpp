#include "installing/turn.h"

#include "base/waiting.h"
#include "realize/build.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace envpm::installing {

namespace {

std::filesystem::path locks_for(std::string_view what, const store::Store& store);
std::uint64_t number_of(const Sha256& digest);
std::string words_of(const std::vector<LockedPackage>& packages);

} // namespace

std::optional<ByteLocks> turn_to_make(const Sha256& env, const store::Store& store,
                                      const project::Services& services) {
    const std::filesystem::path prefix = store.paths().prefix(env);
    ByteLocks locks(locks_for("making", store));
    bool is_there = false;
    bool is_told = false;
    const auto is_over = [&] {
        is_there = realize::is_usable(prefix);
        if (is_there || locks.try_lock(number_of(env))) {
            return true;
        }
        if (!std::exchange(is_told, true)) {
            services.progress().note("another process is installing this environment: waiting for "
                                     "it");
        }
        return false;
    };
    wait_until(is_over, services.stop());
    return is_there ? std::nullopt : std::optional(std::move(locks));
}

UnpackTurn turn_to_unpack(const std::vector<LockedPackage>& missing, const store::Store& store,
                          const project::Services& services) {
    UnpackTurn turn{{}, ByteLocks(locks_for("unpacking", store))};
    bool is_told = false;
    const auto is_over = [&] {
        for (const LockedPackage& package : missing) {
            if (turn.locks.try_lock(number_of(package.sha256))) {
                turn.packages.push_back(package);
            }
        }
        if (turn.packages.empty() && !std::exchange(is_told, true)) {
            services.progress().note(
                fmt::format("another process is unpacking {}: waiting for it", words_of(missing)));
        }
        return !turn.packages.empty();
    };
    wait_until(is_over, services.stop());
    return turn;
}

namespace {

std::filesystem::path locks_for(std::string_view what, const store::Store& store) {
    return store.paths().locks() / fmt::format("{}-{}", what, ::geteuid());
}

/// Two things of one number would wait for each other once in an age, and for no harm.
std::uint64_t number_of(const Sha256& digest) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
        number = number << 8U | digest.bytes()[i];
    }
    return number;
}

std::string words_of(const std::vector<LockedPackage>& packages) {
    const std::string name = packages.front().label();
    return packages.size() == 1 ? name : fmt::format("{} and {} more", name, packages.size() - 1);
}

} // namespace

} // namespace envpm::installing
