#include "fetch/authorities.h"

#include "base/files.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace envpm::fetch {
namespace {

class AuthoritiesTest : public testing::Test {
  protected:
    std::string put(const std::string& name) {
        write_file(folder_.path() / name, "");
        return (folder_.path() / name).string();
    }

    TemporaryFolder folder_{std::filesystem::temp_directory_path()};
};

TEST_F(AuthoritiesTest, TheFolderIsEnoughWhereTheFileLiesInIt) {
    const std::string file = put("ca-certificates.crt");
    put("5ed36f99.0");
    const std::string folder = folder_.path().string();
    EXPECT_EQ(cheap_part({file, folder}), (Authorities{"", folder}));
    EXPECT_EQ(cheap_part({file, folder + "/"}), (Authorities{"", folder + "/"}));
}

TEST_F(AuthoritiesTest, AFolderWithoutHashedNamesIsLeftOut) {
    const std::string file = put("ca-certificates.crt");
    put("0123456789");
    put("5ed36f99.pem");
    EXPECT_EQ(cheap_part({file, folder_.path().string()}), (Authorities{file, ""}));
}

TEST_F(AuthoritiesTest, AFileElsewhereIsTheUsersOwnAndGoesFirst) {
    put("5ed36f99.0");
    EXPECT_EQ(cheap_part({"/elsewhere/own.pem", folder_.path().string()}),
              (Authorities{"/elsewhere/own.pem", ""}));
}

TEST_F(AuthoritiesTest, WhatStandsAloneIsAll) {
    EXPECT_EQ(cheap_part({"/a.pem", ""}), (Authorities{"/a.pem", ""}));
    EXPECT_EQ(cheap_part({"", "/a"}), (Authorities{"", "/a"}));
    EXPECT_EQ(cheap_part({}), Authorities());
}

} // namespace
} // namespace envpm::fetch
