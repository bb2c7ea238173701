#include "installing/prefix_packages.h"

#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::installing {
namespace {

using testing::ElementsAre;
using testing::Pair;

class PrefixPackages : public testing::Test {
  protected:
    void put(const std::string& path, const std::string& text = {}) const {
        write_file(folder.path() / path, text, Durability::cached);
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
};

TEST_F(PrefixPackages, AreThoseOfTheRecordsOfWheels) {
    put("lib/python3.11/site-packages/nvidia_nccl_cu13-2.30.7.dist-info/RECORD");
    put("lib/python3.11/site-packages/torch-2.9.1+cu128.dist-info/RECORD");
    put("lib/python3.11/site-packages/torch/a-1.dist-info/RECORD");
    put("lib/python3.11/site-packages/notes.dist-info/RECORD");
    std::filesystem::create_directory_symlink("python3.11", folder.path() / "lib/python3.1");
    EXPECT_THAT(*packages_in(folder.path()),
                ElementsAre(Pair("nvidia-nccl-cu13", "2.30.7"), Pair("python", "3.11"),
                            Pair("torch", "2.9.1+cu128")));
    EXPECT_EQ(packages_in(folder.path() / "gone"), std::nullopt);
}

TEST_F(PrefixPackages, WhatACondaPackageBringsIsNoWheel) {
    put("conda-meta/python-3.12.1-h1_0.json");
    put("conda-meta/pytorch-cpu-2.9.1-py_0.json");
    put("conda-meta/history");
    put("conda-meta/odd.json");
    put("lib/python3.12/site-packages/torch-2.9.1.dist-info/INSTALLER", "conda\n");
    put("lib/python3.12/site-packages/idna-3.1.dist-info/INSTALLER", "envpm\n");
    EXPECT_THAT(*packages_in(folder.path()),
                ElementsAre(Pair("idna", "3.1"), Pair("python", "3.12.1 h1_0"),
                            Pair("pytorch-cpu", "2.9.1 py_0")));
}

TEST_F(PrefixPackages, DifferByVersionAndElseByBuild) {
    using Change = PackageChange;
    EXPECT_THAT(changes_between({{"a", "1"}, {"b", "1 h0"}, {"c", "1 h0"}, {"d", "1 h0"}},
                                {{"a", "1"}, {"b", "1 h1"}, {"c", "2 h1"}, {"e", "5 h0"}}),
                ElementsAre(Change{"b", "1 h0", "1 h1"}, Change{"c", "1", "2"},
                            Change{"d", "1", {}}, Change{"e", {}, "5"}));
}

} // namespace
} // namespace envpm::installing
