#include "gpu/machine_search.h"

#include "base/files.h"
#include "gpu/audit_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

OwnLibraries prefix_with(const std::vector<std::string>& libraries) {
    AuditRequest request;
    request.prefix = "/envs/one";
    request.binaries.push_back(module_at("lib")); // has no soname
    for (const std::string& library : libraries) {
        request.binaries.push_back(library_at("lib/" + library));
    }
    return own_libraries(request);
}

TEST(MachineSearch, KnowsWhatAPrefixHas) {
    EXPECT_EQ(prefix_with({"libb.so.1", "liba.so.1"}),
              (OwnLibraries{"/envs/one", {"liba.so.1", "libb.so.1"}}));
}

TEST(MachineSearch, ReadsTheFoldersOfTheVariables) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "libb.so.1", "");
    write_file(folder.path() / "liba.so.1", "");
    Variables variables;
    variables.set("LD_LIBRARY_PATH", ":/nowhere/at/all:" + folder.path().string() + ":");
    variables.set("LD_PRELOAD", "/opt/libc.so.1 /opt/libd.so");
    const auto folders = search_folders(variables);
    ASSERT_EQ(folders.size(), 4U);
    EXPECT_THAT(folders[0].names, IsEmpty());
    EXPECT_THAT(folders[1].names, ElementsAre("liba.so.1", "libb.so.1"));
    EXPECT_EQ(folders[2].origin, "LD_PRELOAD");
    EXPECT_EQ(folders[2].folder, "/opt");
    EXPECT_THAT(folders[3].names, ElementsAre("libd.so"));
    EXPECT_THAT(search_folders({}), IsEmpty());
}

TEST(MachineSearch, NamesWhatIsHidden) {
    const auto findings = hidden_libraries(
        {{"LD_LIBRARY_PATH", "/usr/local/cuda/lib64", {"libcudart.so.13", "libother.so.1"}},
         {"LD_LIBRARY_PATH", "/usr/lib", {"libother.so.1"}}},
        prefix_with({"libcudart.so.13", "libnccl.so.2"}));
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].severity, Severity::warning);
    EXPECT_EQ(findings[0].rule, Rule::search_path_hides);
    EXPECT_EQ(findings[0].file, "/usr/local/cuda/lib64");
    EXPECT_EQ(findings[0].text,
              "LD_LIBRARY_PATH puts `libcudart.so.13` before those of the environment");
    EXPECT_EQ(findings[0].hint, "unset LD_LIBRARY_PATH for this environment");
}

TEST(MachineSearch, NamesAFewOfMany) {
    const std::vector<std::string> names = {"a.so", "b.so", "c.so", "d.so", "e.so", "f.so"};
    const auto findings =
        hidden_libraries({{"LD_LIBRARY_PATH", "/opt", names}}, prefix_with(names));
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].text, "LD_LIBRARY_PATH puts `a.so`, `b.so`, `c.so`, `d.so` and 2 more "
                                "before those of the environment");
}

TEST(MachineSearch, LeavesThePrefixItselfAlone) {
    const std::vector<std::string> names = {"a.so"};
    EXPECT_THAT(hidden_libraries({{"LD_LIBRARY_PATH", "/envs/one/lib", names}}, prefix_with(names)),
                IsEmpty());
    EXPECT_EQ(
        hidden_libraries({{"LD_LIBRARY_PATH", "/envs/one2", names}}, prefix_with(names)).size(),
        1U);
}

TEST(MachineSearch, ReadsTheLoadersConfigurationWithWhatItIncludes) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path& root = folder.path();
    write_file(root / "cuda/libcudart.so.13", "");
    write_file(root / "cuda/libcuda.so.1", "");
    write_file(root / "cuda/libnccl.so.2", "");
    write_file(root / "cuda/libz.so.1", "");
    write_file(root / "ld.so.conf", "include ld.so.conf.d/*.conf\n# a comment\n  /opt/x # too\n");
    write_file(root / "ld.so.conf.d/b.conf", (root / "cuda").string() + "\n");
    write_file(root / "ld.so.conf.d/a.conf", "include ../ld.so.conf\n/opt/a\n");
    write_file(root / "ld.so.conf.d/a.conf~", "/opt/never\n");
    const OwnLibraries own = prefix_with(
        {"libcudart.so.13", "libcuda.so.1", "libz.so.1", "libcufft.so.12", "libnccl.so.3"});
    const auto folders = configured_folders(root / "ld.so.conf", own);
    ASSERT_EQ(folders.size(), 3U);
    EXPECT_EQ(folders[0].folder, "/opt/x");
    EXPECT_EQ(folders[1].folder, "/opt/a");
    EXPECT_EQ(folders[2].origin, root / "ld.so.conf.d/b.conf");
    EXPECT_THAT(folders[2].names, ElementsAre("libcudart.so.13"));
    EXPECT_THAT(configured_folders(root / "none.conf", own), IsEmpty());
}

TEST(MachineSearch, OfTheLoadersFoldersThoseWithCudasLibrariesAreNamed) {
    const auto findings = doubled_libraries(
        {{"/etc/ld.so.conf.d/cuda.conf", "/usr/local/cuda/lib64", {"libcudart.so.13"}},
         {"/etc/ld.so.conf", "/lib", {}}},
        prefix_with({"libcudart.so.13", "libz.so.1"}));
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].text,
              "/usr/local/cuda/lib64 has `libcudart.so.13` too, and what asks for "
              "a library by name alone gets it from there");
    EXPECT_EQ(findings[0].file, "/etc/ld.so.conf.d/cuda.conf");
    EXPECT_EQ(findings[0].hint, "take them out of that folder, or the folder out of this file, and "
                                "run `ldconfig`, unless other programs need them");
}

} // namespace

} // namespace envpm::gpu
