#pragma once

#include "cli/global_options.h"
#include "model/cuda_version.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::cli {

// Values of flags. For what is none an Error of code 2 names the flag; its hint is left to the
// caller, who knows the command.

ColorMode color_mode_of(const std::string& text);

/// "24h", "30min", "7d", "0s".
std::chrono::seconds grace_of(const std::string& text);

/// "500MB", "10GiB", "4096": bytes.
std::uint64_t freed_of(const std::string& text);

/// "12.8"
CudaVersion driver_cuda_of(const std::string& text);

/// GPUs of a list, each without the blanks around it; an empty one is refused, and so is what code
/// is compiled for (`9.0a`).
std::vector<std::string> listed_gpus(const std::vector<std::string>& parts,
                                     const std::string& flag);

// What is wrong with a value, in the form of CLI11's validators: an empty text if nothing is.

std::string fault_of_word(const std::string& text, const std::vector<std::string>& words);
std::string fault_of_number(const std::string& text, double least, double most);
std::string fault_of_date(const std::string& text); ///< or a date with time

// The same without a flag: nothing for what is none.

std::optional<std::chrono::seconds> parse_time(std::string_view text);

/// In powers of 1000 or 1024 as the unit says.
std::optional<std::uint64_t> parse_size(std::string_view text);

} // namespace envpm::cli
