#include "selftest/visible_devices.h"

#include <gtest/gtest.h>

namespace envpm::selftest {

namespace {

const std::string uuid = "8f3b6a10-0c1d-5e2f-9a3b-4c5d6e7f8091";

TEST(VisibleDevices, NumbersAndIdsAreFine) {
    for (const std::string& text :
         {std::string("0"), std::string("0, 1,2"), std::string("-1"), std::string(),
          std::string("GPU-8f3b"), "GPU-" + uuid + ",GPU-" + uuid, "MIG-" + uuid,
          "MIG-GPU-" + uuid + "/7/0"}) {
        const VisibleDevices found = read_visible_devices(text);
        EXPECT_EQ(found.unreadable + found.left_out + found.remedy, "") << text;
    }
}

TEST(VisibleDevices, WhatIsNoIdOfAMigDeviceIsNamed) {
    for (const std::string& id :
         {std::string("MIG-1"), std::string("MIG-"), std::string("MIG"), "MIG-" + uuid + "0",
          "MIG-" + uuid.substr(1), "MIG-GPU-" + uuid, "MIG-GPU-" + uuid + "/7",
          "MIG-GPU-" + uuid + "/7/", "MIG-GPU-" + uuid + "/a/0", "MIG-" + uuid + "/7/0"}) {
        const VisibleDevices found = read_visible_devices(id);
        EXPECT_EQ(found.unreadable, "`" + id + "` is no id of a MIG device");
        EXPECT_NE(found.remedy, "");
    }
}

TEST(VisibleDevices, OtherWordsHideWhatStandsAfterThem) {
    EXPECT_EQ(read_visible_devices("0,cuda:1,2").unreadable, "`cuda:1` is no number or id");
    EXPECT_EQ(read_visible_devices("all").unreadable, "`all` is no number or id");
    EXPECT_EQ(read_visible_devices("0,,1").unreadable, "`` is no number or id");
    EXPECT_EQ(read_visible_devices("GPU-x").unreadable, "`GPU-x` is no number or id");
}

TEST(VisibleDevices, AProcessHasOneMigDevice) {
    EXPECT_EQ(read_visible_devices("MIG-" + uuid + ",MIG-" + uuid).left_out,
              "names 2 MIG devices, and a process has one alone, the first");
    EXPECT_EQ(read_visible_devices("0,MIG-" + uuid).left_out,
              "names a MIG device and others, and a process that has one sees no other");
    EXPECT_EQ(read_visible_devices("MIG-" + uuid + ",MIG-2,MIG-" + uuid).left_out, "");
}

} // namespace

} // namespace envpm::selftest
