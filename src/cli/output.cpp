#include "cli/output.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace envpm::cli {

void tell(const Session& session, const std::string& words) {
    if (!session.terminal.is_quiet) {
        std::fputs(words.c_str(), stderr);
    }
}

void tell_error(const std::string& words) {
    std::fputs(words.c_str(), stderr);
}

void show(const std::string& data) {
    const bool is_written =
        std::fwrite(data.data(), 1, data.size(), stdout) == data.size() && std::fflush(stdout) == 0;
    // A reader that has seen enough (`| head`) is no failure.
    if (!is_written && errno != EPIPE) {
        const int failure = errno;
        throw Error(
            {fmt::format("cannot write the output: {}", std::generic_category().message(failure)),
             "standard output",
             failure == ENOSPC || failure == EDQUOT ? "redirect it to a place with room" : ""});
    }
}

std::optional<std::filesystem::path>
output_file(const std::optional<std::filesystem::path>& named) {
    return named == "-" ? std::nullopt : named;
}

void refuse_own_files(const Session& session, const std::filesystem::path& file) {
    const std::filesystem::path place = session.start / file;
    const auto project = project_if_any(session);
    if (!project) {
        return;
    }
    for (const std::filesystem::path& own : {project->manifest_file, project->lock_file()}) {
        std::error_code absent;
        if (std::filesystem::equivalent(place, own, absent)) {
            throw Error({"the output would replace the manifest or the lock", own.string(),
                         "name another file"},
                        ExitCode::usage);
        }
    }
}

void write_output(const Session& session, const std::filesystem::path& file,
                  const std::string& data) {
    const std::filesystem::path place = session.start / file;
    const std::filesystem::file_status status = std::filesystem::status(place);
    if (std::filesystem::is_directory(status)) {
        throw Error({"the output is to be a file, and this is a folder", file.string(),
                     "name a file in it"});
    }
    refuse_own_files(session, file);
    if (!std::filesystem::is_directory(place.parent_path())) {
        throw Error({"there is no such folder to write a file into", file.parent_path().string(),
                     "make it, or name another"});
    }
    if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) {
        write_file(place, data);
        return;
    }
    const Fd output = open_file(place, O_WRONLY); // `/dev/stdout`, and never a file in its place
    write_all(output.get(), data, file.string());
}

} // namespace envpm::cli
