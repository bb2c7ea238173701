#include "gpu/forward_search.h"

#include <algorithm>
#include <cstring>

namespace envpm::gpu {

std::optional<std::size_t> ForwardSearch::find(std::size_t at, std::string_view wanted) {
    while (at < data_.size() && data_.size() - at >= wanted.size()) {
        const std::size_t room = std::min(data_.size() - at, step_bytes + wanted.size() - 1);
        const void* const found = ::memmem(data_.data() + at, room, wanted.data(), wanted.size());
        if (found != nullptr) {
            at = static_cast<std::size_t>(static_cast<const char*>(found) - data_.data());
            pass(at);
            return at;
        }
        at += room - wanted.size() + 1;
        pass(at);
    }
    return std::nullopt;
}

void ForwardSearch::pass(std::size_t at) {
    if (passed_ && at >= told_ + step_bytes) {
        passed_(data_.substr(told_, at - told_));
        told_ = at;
    }
}

} // namespace envpm::gpu
