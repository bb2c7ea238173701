#pragma once

#include <string>
#include <string_view>

namespace envpm::pypi {

/// What to write instead of a clause that is no version specifier; empty if it cannot be guessed.
/// `op` is the run of operator characters that the clause begins with, `operand` the rest.
std::string specifier_hint(std::string_view op, std::string_view operand);

} // namespace envpm::pypi
