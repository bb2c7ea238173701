#pragma once

#include "base/files.h"
#include "base/hash.h"
#include "model/layout.h"
#include "model/store_paths.h"
#include "realize/build.h"
#include "realize/check.h"
#include "realize/compose.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

namespace envpm::realize {

/// Where nothing is claimed or allowed.
inline Layout compose(std::vector<Layout> packages, const PythonSource& python) {
    return compose(std::move(packages), python, {}).layout;
}

/// A store in a temporary folder, with objects as `store` makes them.
class World {
  public:
    World()
        : folder_(std::filesystem::temp_directory_path()),
          store(folder_.path() / "root") {
        std::filesystem::create_directories(store.temporary());
        std::filesystem::create_directories(store.objects());
    }

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

    [[nodiscard]] ObjectFile object(const std::string& content, bool is_executable = false) const {
        const Sha256 digest = sha256_of(content);
        const std::filesystem::path path = store.object(digest, is_executable);
        if (!std::filesystem::exists(path)) {
            write_file(path, content, Durability::cached);
            ::chmod(path.c_str(), is_executable ? 0555 : 0444);
            const timespec time{store_time, 0};
            const timespec times[2] = {time, time};
            ::utimensat(AT_FDCWD, path.c_str(), times, 0);
        }
        return {digest, content.size()};
    }

    [[nodiscard]] LayoutEntry file(const std::string& path, const std::string& content,
                                   bool is_executable = false) const {
        return {RelativePath::parse(path), object(content, is_executable), is_executable,
                "demo 1.0"};
    }

    static LayoutEntry generated(const std::string& path, const std::string& content,
                                 bool is_executable = false) {
        return {RelativePath::parse(path), GeneratedFile{content}, is_executable, "demo 1.0"};
    }

    /// A package with a module, a script, an empty file, and so many files that several tasks link
    /// them; few objects, because some file systems are slow at making new files after old ones
    /// were removed.
    [[nodiscard]] Layout package(const PythonAbi& python = {}, int files = 300) const {
        const std::string site = "lib/" + python.library_folder() + "/site-packages/";
        Layout layout;
        layout.entries = {
            file(site + "demo/__init__.py", "from demo.tools import answer\n"),
            file(site + "demo/tools.py", "answer = 42\n"),
            file(site + "demo/empty.py", ""),
            file(site + "demo/data/run.sh", "#!/bin/sh\necho ran\n", true),
            generated("bin/demo",
                      "#!/@ENVPM_PREFIX@/bin/python\nimport demo, sys\n"
                      "print(demo.answer, sys.prefix, *sys.argv[1:])\n",
                      true),
            generated(site + "demo-1.0.dist-info/RECORD", "../../../bin/demo,,\n"),
        };
        for (int i = 0; i < files; ++i) {
            layout.entries.push_back(
                file(site + "demo/data/" + std::to_string(i), std::to_string(i % 10)));
        }
        return layout;
    }

    [[nodiscard]] Interpreter interpreter() const {
        return {"/usr/bin/python3.11", PythonAbi{}, "3.11.2"};
    }

    [[nodiscard]] PrefixRequest request(const Layout& layout) const {
        return {sha256_of("env"), layout, interpreter(), {sha256_of("b"), sha256_of("a")}};
    }

    /// Temporary things of this run that were not removed.
    [[nodiscard]] std::size_t leftovers() const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(store.temporary())) {
            count += entry.path().empty() ? 0U : 1U;
        }
        return count;
    }

  private:
    TemporaryFolder folder_;

  public:
    StorePaths store;
};

inline PrefixReport lay_out_with(const World& world, const PrefixRequest& request,
                                 const std::filesystem::path& destination) {
    ThreadPool pool(2);
    SilentProgress progress;
    return lay_out(world.store, request, destination, pool, progress);
}

inline Sha256 digest_at(const std::filesystem::path& prefix) {
    ThreadPool pool(2);
    SilentProgress progress;
    return contents_digest_of_prefix(prefix, pool, progress);
}

/// What a shell command printed, and its exit code.
struct Ran {
    std::string out;
    int code = -1;
};

inline Ran run(const std::string& command) {
    Ran ran;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    while (const std::size_t got = ::fread(buffer, 1, sizeof buffer, pipe)) {
        ran.out.append(buffer, got);
    }
    const int status = ::pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

/// Runs `body` in a process of its own; its exit code, or 128 and the signal's number.
inline int in_a_process(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            body();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace envpm::realize
