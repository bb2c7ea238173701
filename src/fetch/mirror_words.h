#pragma once

#include "base/error.h"
#include "fetch/schedule.h"

#include <span>
#include <string>

namespace envpm::fetch {

/// Who answers for a mirror's bytes: a server for all that it serves, but each local file for
/// itself.
std::string source_name(const Mirror& mirror);

/// A slow mirror's bytes are asked of another one.
std::string words_of_cut(const std::string& label, const Mirror& slow, double bytes_per_second,
                         const Mirror& other);

/// What a host has sent of files, how fast, and how often it failed; nothing if it was not asked.
std::string words_of_host(const Host& host);

/// What was asked for has not come for so long.
std::string words_of_silence(const std::string& url, Clock::duration silent_for);

/// No mirror gave the file: each URL with its reason. Code 6 if one sent wrong bytes, else 5.
Error error_of(const std::string& label, std::span<const Mirror> mirrors);

} // namespace envpm::fetch
