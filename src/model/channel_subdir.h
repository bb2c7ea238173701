#pragma once

#include <cstddef>
#include <string_view>

namespace envpm {

/// Where `/subdir` begins at the end of a channel; its length if there is none. Only names of
/// subdirs that conda knows are taken as such (CEP 29).
std::size_t end_of_channel(std::string_view channel);

} // namespace envpm
