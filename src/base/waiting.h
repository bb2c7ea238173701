#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

namespace envpm {

/// Asks `is_over` until it says so, with pauses that grow with the time waited: a sixteenth of it,
/// from 5 to 100 ms. For what another process does, of which nothing tells the end in a way that
/// could be interrupted. Throws an Error of code interrupted on `stop`, at once.
void wait_until(const std::function<bool()>& is_over, const std::stop_token& stop);

/// Throws an Error of code interrupted if `stop` was asked for; the hint says what the next run
/// will find.
void throw_if_stopped(const std::stop_token& stop, std::string_view hint = {});

} // namespace envpm
