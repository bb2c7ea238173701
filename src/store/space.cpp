#include "store/space.h"

namespace envpm::store {

void SpaceLedger::reserve(const Space& space) {
    const Space needed{bytes_.fetch_add(space.bytes) + space.bytes,
                       files_.fetch_add(space.files) + space.files};
    try {
        require_space(needed, space_left(folder_), folder_);
    } catch (...) {
        settle(space);
        throw;
    }
}

void SpaceLedger::settle(const Space& space) {
    bytes_ -= space.bytes;
    files_ -= space.files;
}

} // namespace envpm::store
