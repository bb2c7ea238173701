#include "installing/package_owners.h"

#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::installing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct Prefix {
    TemporaryFolder folder{std::filesystem::temp_directory_path()};

    void put(const std::string& path, const std::string& text) const {
        write_file(folder.path() / path, text);
    }
};

TEST(PackageOwners, KnowsTheRecordsOfBothWorlds) {
    EXPECT_TRUE(is_package_record("lib/python3.11/site-packages/a-1.dist-info/RECORD"));
    EXPECT_TRUE(is_package_record("conda-meta/a-1-0.json"));
    EXPECT_FALSE(is_package_record("lib/python3.11/site-packages/a-1.dist-info/METADATA"));
    EXPECT_FALSE(is_package_record("conda-meta/history"));
}

TEST(PackageOwners, NamesWhoBroughtAFile) {
    const Prefix prefix;
    prefix.put("lib/site/nvidia_nccl_cu13-2.30.7.dist-info/RECORD",
               "nvidia/nccl/lib/libnccl.so.2,sha256=abc,123\n"
               "../../bin/tool,sha256=abc,1\n"
               "\"odd, name.so\",sha256=abc,1\n"
               "nvidia_nccl_cu13-2.30.7.dist-info/RECORD,,\n");
    prefix.put("conda-meta/libcudnn-jit-9.10.1-h1_0.json",
               "{\n \"files\": [\n  \"lib/libcudnn.so.9\",\n  \"lib/other.so\"\n ],\n"
               " \"name\": \"lib/name.so\"\n}\n");
    EXPECT_THAT(
        package_owners(prefix.folder.path(),
                       {"lib/site/nvidia_nccl_cu13-2.30.7.dist-info/RECORD",
                        "conda-meta/libcudnn-jit-9.10.1-h1_0.json", "conda-meta/gone-1-0.json"},
                       {"bin/tool", "lib/libcudnn.so.9", "lib/name.so",
                        "lib/site/nvidia/nccl/lib/libnccl.so.2", "lib/site/odd, name.so",
                        "lib/unknown.so"}),
        ElementsAre(Pair("bin/tool", "nvidia-nccl-cu13 2.30.7"),
                    Pair("lib/libcudnn.so.9", "libcudnn-jit 9.10.1"),
                    Pair("lib/site/nvidia/nccl/lib/libnccl.so.2", "nvidia-nccl-cu13 2.30.7"),
                    Pair("lib/site/odd, name.so", "nvidia-nccl-cu13 2.30.7")));
}

TEST(PackageOwners, ReadsALongRecordPieceByPiece) {
    const Prefix prefix;
    std::string text;
    std::set<std::string, std::less<>> files;
    for (int i = 0; i < 20'000; ++i) { // half a megabyte, cut at any place of a line
        const std::string name = std::to_string(i) + ".py";
        text += name + ",sha256=abc," + std::to_string(i) + "\n";
        files.insert("lib/" + name);
    }
    prefix.put("lib/x-1.dist-info/RECORD", text + "last.py"); // no end of the last line
    files.insert("lib/last.py");
    const auto owners = package_owners(prefix.folder.path(), {"lib/x-1.dist-info/RECORD"}, files);
    EXPECT_EQ(owners.size(), files.size());
}

TEST(PackageOwners, TakesNoPathFromALineWithoutAnEnd) {
    const Prefix prefix;
    prefix.put("lib/x-1.dist-info/RECORD", "a.py,,\n" + std::string(200'000, 'x') + "\nb.py,,\n");
    EXPECT_THAT(package_owners(prefix.folder.path(), {"lib/x-1.dist-info/RECORD"},
                               {"lib/a.py", "lib/b.py"}),
                ElementsAre(Pair("lib/a.py", "x 1")));
}

TEST(PackageOwners, IsNotLedAstrayByADamagedRecord) {
    const Prefix prefix;
    prefix.put("lib/site/x.dist-info/RECORD", "\"\n,,,\n\n\"a");
    prefix.put("conda-meta/x.json", "{\"files\": [\"a");
    prefix.put("conda-meta/folder.json/x", "");
    EXPECT_THAT(package_owners(
                    prefix.folder.path(),
                    {"lib/site/x.dist-info/RECORD", "conda-meta/x.json", "conda-meta/folder.json"},
                    {"lib/site/b"}),
                IsEmpty());
}

} // namespace
} // namespace envpm::installing
