#pragma once

#include "cli/session.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::cli {

// Where a command's words and data go. In: text. Out: nothing. What cannot be written is an Error;
// a file that was there is then as it was, as it is after a crash.

/// Words for people, on standard error; nothing under --quiet.
void tell(const Session& session, const std::string& words);

/// The words of an error, on standard error: --quiet does not keep them back.
void tell_error(const std::string& words);

/// Data, on standard output; throws an Error if that cannot be written.
void show(const std::string& data);

/// The output file that the command line names: none for `-`, which is standard output.
std::optional<std::filesystem::path> output_file(const std::optional<std::filesystem::path>& named);

/// Throws an Error if an output would replace the manifest or the lock, from which it is made.
void refuse_own_files(const Session& session, const std::filesystem::path& file);

/// Writes a file that the command line names, from `start` if that is relative: atomically, but a
/// device or a pipe that is there gets the data. An Error if the file's folder is not there, for a
/// misspelt one would be made, and if that is the manifest or the lock.
void write_output(const Session& session, const std::filesystem::path& file,
                  const std::string& data);

} // namespace envpm::cli
