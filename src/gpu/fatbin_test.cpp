#include "gpu/fatbin.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string sample_container(const std::string& name) {
    return read_file(std::string(ENVPM_TEST_DATA) + "/fatbin/" + name + ".fatbin");
}

BinaryCode code_of(std::string_view section) {
    BinaryCode code;
    read_registered_containers(Bytes(section, "lib.so"), code);
    return code;
}

std::vector<std::string> images_of(const BinaryCode& code) {
    std::vector<std::string> texts;
    for (const auto& [image, count] : code.images) {
        texts.push_back(image.text());
    }
    return texts;
}

std::string container_damage(std::string_view section) {
    try {
        code_of(section);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
        EXPECT_EQ(error.text().subject, "lib.so");
        return error.text().what;
    }
    return "";
}

TEST(Fatbin, ListsWhatItIsCompiledFor) {
    const BinaryCode code = code_of(sample_container("list"));
    EXPECT_THAT(images_of(code), ElementsAre("sm_75", "sm_86", "sm_90", "compute_90"));
    EXPECT_EQ(code.container_count(), 1U);
    EXPECT_TRUE(code.is_homogeneous());
    EXPECT_EQ(code.images.rbegin()->first.ptx, (PtxVersion{9, 0}));
}

TEST(Fatbin, KeepsTheLettersOfArchitectures) {
    EXPECT_THAT(images_of(code_of(sample_container("variants"))),
                ElementsAre("sm_90a", "sm_100f", "compute_120a"));
    EXPECT_TRUE(code_of(sample_container("variants")).is_special());
}

TEST(Fatbin, ReadsPtxAlone) {
    EXPECT_THAT(images_of(code_of(sample_container("ptx"))), ElementsAre("compute_80"));
}

TEST(Fatbin, NeedsNoDecompression) {
    for (const std::string mode : {"none", "size", "speed", "balance"}) {
        EXPECT_THAT(images_of(code_of(sample_container("compress-" + mode))),
                    ElementsAre("sm_80", "compute_80"))
            << mode;
    }
    EXPECT_THAT(images_of(code_of(sample_container("debug"))), ElementsAre("sm_80"));
}

TEST(Fatbin, ReadsManyContainersWithZerosBetween) {
    const std::string zeros(24, '\0');
    const BinaryCode code =
        code_of(zeros + sample_container("list") + zeros + sample_container("ptx") +
                sample_container("list") + std::string(3, '\0'));
    EXPECT_EQ(code.container_count(), 3U);
    EXPECT_FALSE(code.is_homogeneous());
    EXPECT_EQ(code.images.begin()->second, (BinaryCode::Count{2, 0}));
}

TEST(Fatbin, CountsNoContainerWithoutKernels) {
    const BinaryCode code = code_of(sample_container("empty"));
    EXPECT_THAT(images_of(code), ElementsAre("sm_75", "sm_120"));
    EXPECT_EQ(code.container_count(), 0U);
    EXPECT_FALSE(code.empty());
    EXPECT_EQ(code_of(sample_container("empty") + sample_container("ptx")).container_count(), 1U);
}

TEST(Fatbin, RefusesWhatIsNoContainer) {
    const std::string sound = sample_container("list");
    EXPECT_THAT(container_damage(sound + "not zero"), HasSubstr("beyond the end"));
    EXPECT_THAT(container_damage(sound + std::string(16, 'x')),
                HasSubstr("no container of a known"));
    std::string file = sound;
    file[4] = 2;
    EXPECT_THAT(container_damage(file), HasSubstr("no container of a known version"));
    file = sound;
    file[16 + 4] = 16;
    EXPECT_THAT(container_damage(file), HasSubstr("the header of its device code is too short"));
    file = sound;
    file[16 + 28] = 3;
    EXPECT_THAT(container_damage(file), HasSubstr("for no GPU that there can be"));
    for (std::size_t size = 1; size < sound.size(); ++size) {
        EXPECT_NE(container_damage(std::string_view(sound).substr(0, size)), "") << size;
    }
}

TEST(Fatbin, FindsContainersAmongOtherData) {
    BinaryCode code;
    const std::string magic = sample_container("list").substr(0, 4);
    std::string broken = sample_container("list");
    broken[16 + 8] = '\xff'; // an entry that is longer than its container
    find_loose_containers("data" + sample_container("list") + magic + "..." +
                              sample_container("ptx") + broken + magic,
                          code);
    EXPECT_THAT(images_of(code),
                ElementsAre("sm_75", "sm_86", "sm_90", "compute_80", "compute_90"));
    EXPECT_EQ(code.container_count(), 2U);
    EXPECT_EQ(code.images.begin()->second, (BinaryCode::Count{0, 1}));
}

} // namespace

} // namespace envpm::gpu
