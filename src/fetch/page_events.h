#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace envpm::fetch {

/// What `Client::get` and `Client::follow` tell their caller, on its thread. Each may be empty, and
/// is quick.
struct PageEvents {
    /// What makes them wait: a server that does not answer, another try.
    std::function<void(const std::string&)> wait = {};

    /// How many more answers there are. Also 0: at least once a second while they wait, so that it
    /// can be shown.
    std::function<void(std::uint64_t)> answered = {};

    void tell_answered(std::uint64_t count) const {
        if (answered) {
            answered(count);
        }
    }
};

} // namespace envpm::fetch
