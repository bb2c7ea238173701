#pragma once

#include "store/object_name.h"
#include "store/verify.h"

#include <optional>

namespace envpm::store {

/// The name of a damaged or missing object; nothing for trees and strangers.
std::optional<ObjectName> object_of(const Damage& damage);

/// Gives an object whose bytes were found right its mode and time back, in place: every name of it
/// in a prefix is mended as well. Durable when it returns. Throws if it belongs to someone else, or
/// is a link by now.
void restore_looks(const Damage& damage);

} // namespace envpm::store
