#include "store/processes.h"

#include "base/error.h"
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

TEST(PrefixesInUse, AreNotKnownIfTheProcessesCannotBeRead) {
    const Processes processes;
    EXPECT_THAT(prefixes_in_use(processes.folder.path() / "missing", {"aa"}), IsEmpty());
    write_file(processes.folder.path() / "file", "", Durability::cached);
    EXPECT_THROW(prefixes_in_use(processes.folder.path() / "file", {"aa"}), Error);
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

constexpr const char* first_namespace = "pid:[4026531836]";

/// A process in a namespace; of none if it has just ended.
void add_to(const Processes& processes, const std::string& id, const std::string& name) {
    std::filesystem::create_directories(processes.folder.path() / id / "ns");
    if (!name.empty()) {
        std::filesystem::create_symlink(name, processes.folder.path() / id / "ns/pid");
    }
}

TEST(ProcessNamespaces, AreThoseOfAllProcesses) {
    const Processes processes;
    add_to(processes, "self", first_namespace);
    add_to(processes, "1", first_namespace);
    add_to(processes, "20", "pid:[4026532000]");
    add_to(processes, "21", "");
    EXPECT_EQ(process_namespaces(processes.folder.path()),
              (std::set<std::string>{first_namespace, "pid:[4026532000]"}));
}

TEST(ProcessNamespaces, AreNotKnownWithinAContainerOrWhereOneIsHidden) {
    EXPECT_FALSE(process_namespaces("/nowhere"));
    const Processes inside;
    add_to(inside, "self", "pid:[4026532000]");
    add_to(inside, "1", "pid:[4026532000]");
    EXPECT_FALSE(process_namespaces(inside.folder.path()));
    const Processes hidden;
    add_to(hidden, "self", first_namespace);
    std::filesystem::create_directories(hidden.folder.path() / "1/ns/pid"); // cannot be read as one
    EXPECT_FALSE(process_namespaces(hidden.folder.path()));
}

} // namespace

} // namespace envpm::store
