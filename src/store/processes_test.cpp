#include "store/processes.h"

#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace envpm::store {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A `/proc` with what a test puts there.
struct Processes {
    TemporaryFolder folder{std::filesystem::temp_directory_path()};

    void add(const std::string& id, const std::string& exe, const std::string& cwd,
             const std::string& maps) const {
        const std::filesystem::path process = folder.path() / id;
        std::filesystem::create_directories(process);
        std::filesystem::create_symlink(exe, process / "exe");
        std::filesystem::create_symlink(cwd, process / "cwd");
        write_file(process / "maps", maps, Durability::cached);
    }

    [[nodiscard]] std::set<std::string> in_use() const {
        return prefixes_in_use(folder.path(), {"aa", "bb", "cc", "dd"});
    }
};

/// As `environ` and `cmdline` have them.
std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += item + '\0';
    }
    return text;
}

TEST(PrefixesInUse, AreThoseOfExecutablesWorkingFoldersAndMappedFiles) {
    Processes processes;
    processes.add("1", "/s/p/aa/bin/python", "/", "");
    processes.add("22", "/bin/sh", "/mount/of/s/p/bb", "");
    processes.add("3", "/bin/sh", "/",
                  "7f00-7f01 r-xp 00000000 fe:00 12    /lib/libc.so\n"
                  "7f02-7f03 r-xp 00000000 fe:00 13    /s/p/cc/lib/liba.so (deleted)\n");
    EXPECT_THAT(processes.in_use(), ElementsAre("aa", "bb", "cc"));
}

TEST(PrefixesInUse, AreThoseThatVariablesAndArgumentsName) {
    Processes processes;
    processes.add("1", "/usr/bin/python3.11", "/", "");
    write_file(processes.folder.path() / "1/environ",
               joined({"HOME=/", "PATH=/bin:/s/p/aa/bin:/sbin"}), Durability::cached);
    processes.add("2", "/usr/bin/python3.11", "/", "");
    write_file(processes.folder.path() / "2/environ", joined({"VIRTUAL_ENV=/s/p/bb", "X=1"}),
               Durability::cached);
    write_file(processes.folder.path() / "2/cmdline", joined({"python", "--prefix=/s/p/cc"}),
               Durability::cached);
    EXPECT_THAT(processes.in_use(), ElementsAre("aa", "bb", "cc"));
}

TEST(PrefixesInUse, AreOnlyWholeNamesOfProcesses) {
    Processes processes;
    processes.add("self", "/s/p/aa/bin/python", "/", "");
    processes.add("4", "/s/p/aaa/x", "/s/q/bb", "1 /s/p/c\n2 /s/xp/cc/lib\n3 dd\n");
    EXPECT_THAT(processes.in_use(), IsEmpty());
}

TEST(PrefixesInUse, AreNoneWhereProcessesCannotBeSeen) {
    EXPECT_THAT(prefixes_in_use("/nowhere", {"aa"}), IsEmpty());
}

} // namespace

} // namespace envpm::store
