#pragma once

#include "base/files.h"
#include "base/zip_writer.h"
#include "store/collect.h"
#include "store/environments.h"
#include "store/intake.h"
#include "store/store.h"
#include "store/verify.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace envpm::store::test {

using envpm::test::make_zip;
using envpm::test::ZipEntry;
using envpm::test::ZipHeader;

/// In memory where that is possible: the tests write and sync thousands of files.
inline std::filesystem::path place_for_tests() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

/// A folder with a store's root and a place for wheels; nothing in it outlives the test.
struct World {
    TemporaryFolder folder{place_for_tests()};
    std::filesystem::path root = folder.path() / "store";
    StorePaths paths{root};
    SilentProgress progress;

    Archive archive(const std::string& name, const std::string& bytes) const {
        const std::filesystem::path file = folder.path() / "wheels" / name;
        write_file(file, bytes, Durability::cached);
        return {file, sha256_of(bytes), name};
    }

    void take_in(const std::vector<Archive>& archives) {
        ThreadPool pool(3);
        const Store store = Store::open(root);
        Intake intake(store, pool, progress);
        for (const Archive& archive : archives) {
            intake.add(archive);
        }
        intake.publish();
    }

    std::vector<std::string> damages(VerifyDepth depth = VerifyDepth::full) {
        ThreadPool pool(2);
        std::vector<std::string> out;
        for (const Damage& damage : verify(paths, depth, pool, progress).damages) {
            out.push_back(damage.path.lexically_relative(root).string() + ": " + damage.what);
        }
        return out;
    }
};

/// Everything below the folder that is not a folder; relative, sorted.
inline std::vector<std::string> listing(const std::filesystem::path& root) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (!std::filesystem::is_directory(entry.symlink_status())) {
            out.push_back(entry.path().lexically_relative(root).string());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// A wheel's members of some kinds: empty, small, executable, larger than one piece, and a
/// duplicate under another name.
inline std::vector<ZipEntry> some_files(const std::string& flavour,
                                        std::size_t largest_bytes = 700'000) {
    return {
        {.name = flavour + "/__init__.py"},
        {.name = flavour + "/code.py", .content = "print('" + flavour + "')\n"},
        {.name = flavour + "/same.py", .content = "print('" + flavour + "')\n"},
        {.name = flavour + "/shared.txt", .content = "the same in every wheel", .method = 0},
        {.name = flavour + "-1.data/scripts/run", .content = "#!python\n", .mode = 0100755},
        {.name = flavour + "/data.bin", .content = std::string(largest_bytes, 'd') + flavour},
    };
}

inline std::string wheel(const std::string& flavour) {
    return make_zip(some_files(flavour));
}

/// Two days later: all of the test's files are old.
inline CollectRequest later() {
    CollectRequest request;
    request.now = std::chrono::system_clock::now() + std::chrono::hours(48);
    return request;
}

inline std::filesystem::path add_prefix(const World& world, const std::string& name,
                                        const std::vector<Archive>& archives) {
    std::string list;
    for (const Archive& archive : archives) {
        list += (list.empty() ? "\"" : ",\"") + archive.sha256.hex() + "\"";
    }
    const std::filesystem::path prefix = world.paths.prefix(name);
    write_file(manifest_path(prefix), "{\"version\":1,\"archives\":[" + list + "]}",
               Durability::cached);
    write_file(prefix / "lib" / "generated.py", "12345", Durability::cached);
    return prefix;
}

/// A project with one generation that links to the prefix, registered as a root.
inline std::filesystem::path add_project(const World& world, const std::string& name,
                                         const std::filesystem::path& prefix) {
    const std::filesystem::path environment =
        world.folder.path() / name / ".envpm" / "envs" / "default";
    const std::filesystem::path generations = generations_folder(environment);
    std::filesystem::create_directories(generations);
    std::filesystem::create_symlink(prefix, generations / "1");
    write_file(generations / "1.json", "{}", Durability::cached);
    std::filesystem::create_symlink(environment, world.root / "roots" / name);
    return environment;
}

/// Runs `body` in a process of its own and gives its wait status; 0 is a clean end.
inline int in_child(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        int code = 0;
        try {
            body();
        } catch (const std::exception&) {
            code = 9;
        }
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

/// As root may do everything, in a process of a user who may not; 0 if `body` says so.
inline int as_nobody(const World& world, const std::function<bool()>& body) {
    constexpr std::filesystem::perms enter =
        std::filesystem::perms::group_exec | std::filesystem::perms::others_exec;
    std::filesystem::permissions(world.folder.path(), enter, std::filesystem::perm_options::add);
    return in_child([&body] {
        constexpr uid_t nobody = 65534;
        if (::geteuid() == 0 && ::setuid(nobody) != 0) {
            ::_exit(1);
        }
        ::_exit(body() ? 0 : 2);
    });
}

/// If root made it all.
inline void give_to_nobody(const World& world) {
    constexpr uid_t nobody = 65534;
    const auto give = [](const std::filesystem::path& path) {
        if (::geteuid() == 0 && ::lchown(path.c_str(), nobody, nobody) != 0) {
            throw std::runtime_error("lchown");
        }
    };
    give(world.folder.path());
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world.folder.path())) {
        give(entry.path());
    }
}

} // namespace envpm::store::test
