#include "pipeline/turn.h"

#include "base/byte_lock.h"
#include "base/waiting.h"
#include "realize/prefix.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace envpm::pipeline {

namespace {

std::uint64_t number_of(const Sha256& env);

} // namespace

std::optional<Fd> turn_to_make(const Sha256& env, const store::Store& store,
                               const Services& services) {
    const std::filesystem::path locks =
        store.paths().root() / "locks" / fmt::format("making-{}", ::geteuid());
    const std::filesystem::path prefix = store.paths().prefix(env);
    std::optional<Fd> turn;
    bool is_told = false;
    const auto is_over = [&] {
        if (realize::is_usable(prefix)) {
            return true;
        }
        turn = try_lock_byte(locks, number_of(env));
        if (!turn && !std::exchange(is_told, true)) {
            services.progress().note("another process is installing this environment: waiting for "
                                     "it");
        }
        return turn.has_value();
    };
    wait_until(is_over, services.stop());
    return turn;
}

namespace {

/// Two environments of one number would wait for each other once in an age, and for no harm.
std::uint64_t number_of(const Sha256& env) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
        number = number << 8U | env.bytes()[i];
    }
    return number;
}

} // namespace

} // namespace envpm::pipeline
