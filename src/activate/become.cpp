#include "activate/environment.h"
#include "base/assert.h"
#include "base/child_process.h"
#include "base/error.h"
#include "base/near_miss.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace envpm::activate {

namespace {

namespace fs = std::filesystem;

/// What kept a file from becoming this process. Among several on PATH the first that is there but
/// cannot be run says more than the last that is not there.
struct Refusal {
    fs::path file;
    int error_number = ENOENT;
};

/// envpm blocks signals for the thread that waits for them; what it becomes must get its own.
class SignalsOpen {
  public:
    SignalsOpen();
    SignalsOpen(const SignalsOpen&) = delete;
    SignalsOpen& operator=(const SignalsOpen&) = delete;
    SignalsOpen(SignalsOpen&&) = delete;
    SignalsOpen& operator=(SignalsOpen&&) = delete;
    ~SignalsOpen();

  private:
    sigset_t before_{};
};

Refusal try_files(const std::vector<std::string>& command, const Variables& variables);
std::vector<fs::path> files_for(const std::string& program, const Variables& variables);
int execute(const fs::path& file, const std::vector<std::string>& command,
            const std::vector<std::string>& environment);
[[noreturn]] void refuse(const std::string& program, const Refusal& refusal);
[[noreturn]] void refuse_unknown(const std::string& program, const fs::path& prefix,
                                 const std::vector<std::string>& tasks);
std::string hint_for(const std::string& program, const fs::path& prefix,
                     const std::vector<std::string>& tasks);

} // namespace

void become(const std::vector<std::string>& command, const Variables& variables,
            const fs::path& prefix, const TaskNames& tasks) {
    ENVPM_ASSERT(!command.empty());
    const Refusal refusal = try_files(command, variables);
    if (refusal.file.empty()) {
        refuse_unknown(command.front(), prefix, tasks ? tasks() : std::vector<std::string>());
    }
    refuse(command.front(), refusal);
}

namespace {

/// Comes back only if none of them could be run.
Refusal try_files(const std::vector<std::string>& command, const Variables& variables) {
    const std::vector<std::string> environment = variables.strings();
    const SignalsOpen signals_open;
    Refusal refusal;
    for (const fs::path& file : files_for(command.front(), variables)) {
        const int failure = execute(file, command, environment);
        std::error_code ignored;
        const bool is_there = fs::exists(file, ignored);
        if (is_there && refusal.file.empty()) {
            refusal = {file, failure};
        }
        // A script whose interpreter is gone is there: another program of its name further back
        // on PATH is not the one that was asked for.
        if (failure != ENOTDIR && failure != EACCES && (failure != ENOENT || is_there)) {
            break;
        }
    }
    return refusal;
}

SignalsOpen::SignalsOpen() {
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, &before_);
}

SignalsOpen::~SignalsOpen() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

/// As execvp looks it up: a name with a slash is a path, an empty entry the current folder.
std::vector<fs::path> files_for(const std::string& program, const Variables& variables) {
    if (program.empty() || program.find('/') != std::string::npos) {
        return program.empty() ? std::vector<fs::path>() : std::vector<fs::path>{program};
    }
    const std::string path = variables.find("PATH").value_or("/usr/bin:/bin");
    std::vector<fs::path> files;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        const std::string folder = path.substr(begin, end - begin);
        files.push_back(fs::path(folder.empty() ? "." : folder) / program);
        begin = end + 1;
    }
    return files;
}

/// Comes back only with the reason why not. A script without `#!` is one for `sh`.
int execute(const fs::path& file, const std::vector<std::string>& command,
            const std::vector<std::string>& environment) {
    const std::vector<char*> variables = pointers_to(environment);
    ::execve(file.c_str(), pointers_to(command).data(), variables.data());
    if (errno != ENOEXEC) {
        return errno;
    }
    std::vector<std::string> script = command;
    script.front() = file.string();
    script.insert(script.begin(), "sh");
    ::execve("/bin/sh", pointers_to(script).data(), variables.data());
    return errno;
}

void refuse(const std::string& program, const Refusal& refusal) {
    std::error_code ignored;
    const std::string file = refusal.file.string();
    std::string why = std::generic_category().message(refusal.error_number);
    std::string hint;
    if (fs::is_directory(refusal.file, ignored)) {
        why = "it is a folder";
    } else if (refusal.error_number == EACCES) {
        why = "permission denied";
        hint = fmt::format("make it executable with `chmod +x {}`", file);
    } else if (refusal.error_number == ENOENT) {
        why = "the interpreter that it names is not there";
        hint = "look at its first line, or at the loader that it was built for";
    }
    throw Error({fmt::format("cannot run `{}`: {}", program, why), file, hint},
                ExitCode::cannot_run);
}

void refuse_unknown(const std::string& program, const fs::path& prefix,
                    const std::vector<std::string>& tasks) {
    if (program.find('/') != std::string::npos) {
        throw Error({fmt::format("there is no file `{}` to run", program), {}, {}},
                    ExitCode::not_found);
    }
    throw Error({fmt::format("no program `{}` in the environment or on PATH{}", program,
                             tasks.empty() ? "" : ", and no task of that name"),
                 {},
                 hint_for(program, prefix, tasks)},
                ExitCode::not_found);
}

std::string hint_for(const std::string& program, const fs::path& prefix,
                     const std::vector<std::string>& tasks) {
    std::vector<std::string> known;
    std::error_code failure;
    for (fs::directory_iterator at(prefix / "bin", failure), end; !failure && at != end;
         at.increment(failure)) {
        known.push_back(at->path().filename().string());
    }
    std::sort(known.begin(), known.end());
    known.insert(known.begin(), tasks.begin(), tasks.end()); // the first of equals is meant
    if (const std::optional<std::string> meant = near_miss(program, known)) {
        const bool is_task = std::find(tasks.begin(), tasks.end(), *meant) != tasks.end();
        return fmt::format("did you mean {}`{}`?", is_task ? "the task " : "", *meant);
    }
    return tasks.empty() ? "add the package that has it with `envpm add`, or put it on PATH"
                         : fmt::format("the tasks are `{}`", fmt::join(tasks, "`, `"));
}

} // namespace

} // namespace envpm::activate
