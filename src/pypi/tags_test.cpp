#include "pypi/tags.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

// The lists were made with the Python library `packaging` 26.4, cpython_tags and compatible_tags
// with the platforms given. That order is what sys_tags of `packaging` 25.0 gave under CPython 3.8
// to 3.13 (without musllinux); 26.3 and later put plain linux first, which is the better choice for
// a wheel that was built here, and not for a lock that other machines share.

namespace envpm::pypi {
namespace {

struct Machine {
    Platform platform;
    GlibcVersion glibc;
    std::string platforms; ///< best first
};

const std::vector<Machine>& machines() {
    static const std::vector<Machine> machines{
        {Platform::linux_64,
         {2, 17},
         "manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux_2_16_x86_64 "
         "manylinux_2_15_x86_64 manylinux_2_14_x86_64 manylinux_2_13_x86_64 "
         "manylinux_2_12_x86_64 manylinux2010_x86_64 manylinux_2_11_x86_64 "
         "manylinux_2_10_x86_64 manylinux_2_9_x86_64 manylinux_2_8_x86_64 "
         "manylinux_2_7_x86_64 manylinux_2_6_x86_64 manylinux_2_5_x86_64 manylinux1_x86_64 "
         "linux_x86_64"},
        {Platform::linux_64,
         {2, 28},
         "manylinux_2_28_x86_64 manylinux_2_27_x86_64 manylinux_2_26_x86_64 "
         "manylinux_2_25_x86_64 manylinux_2_24_x86_64 manylinux_2_23_x86_64 "
         "manylinux_2_22_x86_64 manylinux_2_21_x86_64 manylinux_2_20_x86_64 "
         "manylinux_2_19_x86_64 manylinux_2_18_x86_64 manylinux_2_17_x86_64 "
         "manylinux2014_x86_64 manylinux_2_16_x86_64 manylinux_2_15_x86_64 "
         "manylinux_2_14_x86_64 manylinux_2_13_x86_64 manylinux_2_12_x86_64 "
         "manylinux2010_x86_64 manylinux_2_11_x86_64 manylinux_2_10_x86_64 "
         "manylinux_2_9_x86_64 manylinux_2_8_x86_64 manylinux_2_7_x86_64 manylinux_2_6_x86_64 "
         "manylinux_2_5_x86_64 manylinux1_x86_64 linux_x86_64"},
        {Platform::linux_64,
         {2, 36},
         "manylinux_2_36_x86_64 manylinux_2_35_x86_64 manylinux_2_34_x86_64 "
         "manylinux_2_33_x86_64 manylinux_2_32_x86_64 manylinux_2_31_x86_64 "
         "manylinux_2_30_x86_64 manylinux_2_29_x86_64 manylinux_2_28_x86_64 "
         "manylinux_2_27_x86_64 manylinux_2_26_x86_64 manylinux_2_25_x86_64 "
         "manylinux_2_24_x86_64 manylinux_2_23_x86_64 manylinux_2_22_x86_64 "
         "manylinux_2_21_x86_64 manylinux_2_20_x86_64 manylinux_2_19_x86_64 "
         "manylinux_2_18_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64 "
         "manylinux_2_16_x86_64 manylinux_2_15_x86_64 manylinux_2_14_x86_64 "
         "manylinux_2_13_x86_64 manylinux_2_12_x86_64 manylinux2010_x86_64 "
         "manylinux_2_11_x86_64 manylinux_2_10_x86_64 manylinux_2_9_x86_64 "
         "manylinux_2_8_x86_64 manylinux_2_7_x86_64 manylinux_2_6_x86_64 manylinux_2_5_x86_64 "
         "manylinux1_x86_64 linux_x86_64"},
        {Platform::linux_aarch64,
         {2, 17},
         "manylinux_2_17_aarch64 manylinux2014_aarch64 linux_aarch64"},
        {Platform::linux_aarch64,
         {2, 28},
         "manylinux_2_28_aarch64 manylinux_2_27_aarch64 manylinux_2_26_aarch64 "
         "manylinux_2_25_aarch64 manylinux_2_24_aarch64 manylinux_2_23_aarch64 "
         "manylinux_2_22_aarch64 manylinux_2_21_aarch64 manylinux_2_20_aarch64 "
         "manylinux_2_19_aarch64 manylinux_2_18_aarch64 manylinux_2_17_aarch64 "
         "manylinux2014_aarch64 linux_aarch64"},
        {Platform::linux_aarch64,
         {2, 36},
         "manylinux_2_36_aarch64 manylinux_2_35_aarch64 manylinux_2_34_aarch64 "
         "manylinux_2_33_aarch64 manylinux_2_32_aarch64 manylinux_2_31_aarch64 "
         "manylinux_2_30_aarch64 manylinux_2_29_aarch64 manylinux_2_28_aarch64 "
         "manylinux_2_27_aarch64 manylinux_2_26_aarch64 manylinux_2_25_aarch64 "
         "manylinux_2_24_aarch64 manylinux_2_23_aarch64 manylinux_2_22_aarch64 "
         "manylinux_2_21_aarch64 manylinux_2_20_aarch64 manylinux_2_19_aarch64 "
         "manylinux_2_18_aarch64 manylinux_2_17_aarch64 manylinux2014_aarch64 linux_aarch64"},
    };
    return machines;
}

struct Python {
    int minor;
    std::string abi;
    std::string for_platforms; ///< Python and ABI tags, each with every platform
    std::string for_any;       ///< the same of what follows, each with "any"
};

const std::vector<Python>& pythons() {
    static const std::vector<Python> pythons{
        {8, "cp38",
         "cp38-cp38 cp38-abi3 cp38-none cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 "
         "cp32-abi3 py38-none py3-none py37-none py36-none py35-none py34-none py33-none "
         "py32-none py31-none py30-none",
         "cp38-none py38-none py3-none py37-none py36-none py35-none py34-none py33-none "
         "py32-none py31-none py30-none"},
        {9, "cp39",
         "cp39-cp39 cp39-abi3 cp39-none cp38-abi3 cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 "
         "cp33-abi3 cp32-abi3 py39-none py3-none py38-none py37-none py36-none py35-none "
         "py34-none py33-none py32-none py31-none py30-none",
         "cp39-none py39-none py3-none py38-none py37-none py36-none py35-none py34-none "
         "py33-none py32-none py31-none py30-none"},
        {10, "cp310",
         "cp310-cp310 cp310-abi3 cp310-none cp39-abi3 cp38-abi3 cp37-abi3 cp36-abi3 cp35-abi3 "
         "cp34-abi3 cp33-abi3 cp32-abi3 py310-none py3-none py39-none py38-none py37-none "
         "py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
         "cp310-none py310-none py3-none py39-none py38-none py37-none py36-none py35-none "
         "py34-none py33-none py32-none py31-none py30-none"},
        {11, "cp311",
         "cp311-cp311 cp311-abi3 cp311-none cp310-abi3 cp39-abi3 cp38-abi3 cp37-abi3 "
         "cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py311-none py3-none py310-none "
         "py39-none py38-none py37-none py36-none py35-none py34-none py33-none py32-none "
         "py31-none py30-none",
         "cp311-none py311-none py3-none py310-none py39-none py38-none py37-none py36-none "
         "py35-none py34-none py33-none py32-none py31-none py30-none"},
        {12, "cp312",
         "cp312-cp312 cp312-abi3 cp312-none cp311-abi3 cp310-abi3 cp39-abi3 cp38-abi3 "
         "cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py312-none py3-none "
         "py311-none py310-none py39-none py38-none py37-none py36-none py35-none py34-none "
         "py33-none py32-none py31-none py30-none",
         "cp312-none py312-none py3-none py311-none py310-none py39-none py38-none py37-none "
         "py36-none py35-none py34-none py33-none py32-none py31-none py30-none"},
        {13, "cp313",
         "cp313-cp313 cp313-abi3 cp313-none cp312-abi3 cp311-abi3 cp310-abi3 cp39-abi3 "
         "cp38-abi3 cp37-abi3 cp36-abi3 cp35-abi3 cp34-abi3 cp33-abi3 cp32-abi3 py313-none "
         "py3-none py312-none py311-none py310-none py39-none py38-none py37-none py36-none "
         "py35-none py34-none py33-none py32-none py31-none py30-none",
         "cp313-none py313-none py3-none py312-none py311-none py310-none py39-none py38-none "
         "py37-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none"},
        {13, "cp313t",
         "cp313-cp313t cp313-abi3t cp313-none cp312-abi3t cp311-abi3t cp310-abi3t cp39-abi3t "
         "cp38-abi3t cp37-abi3t cp36-abi3t cp35-abi3t cp34-abi3t cp33-abi3t cp32-abi3t "
         "py313-none py3-none py312-none py311-none py310-none py39-none py38-none py37-none "
         "py36-none py35-none py34-none py33-none py32-none py31-none py30-none",
         "cp313-none py313-none py3-none py312-none py311-none py310-none py39-none py38-none "
         "py37-none py36-none py35-none py34-none py33-none py32-none py31-none py30-none"},
    };
    return pythons;
}

std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

std::vector<std::string> expected_tags(const Python& python, const Machine& machine) {
    std::vector<std::string> tags;
    for (const std::string& tag : words(python.for_platforms)) {
        for (const std::string& platform : words(machine.platforms)) {
            tags.push_back(tag + "-" + platform);
        }
    }
    for (const std::string& tag : words(python.for_any)) {
        tags.push_back(tag + "-any");
    }
    return tags;
}

std::vector<std::string> tags_of(const PythonAbi& abi, const Target& target) {
    std::vector<std::string> texts;
    for (const Tag& tag : compatible_tags(abi, target)) {
        texts.push_back(fmt::format("{}-{}-{}", tag.python, tag.abi, tag.platform));
    }
    return texts;
}

TEST(Tags, AreThoseOfPackagingInItsOrder) {
    for (const Python& python : pythons()) {
        for (const Machine& machine : machines()) {
            const std::vector<std::string> tags =
                tags_of({.minor = python.minor, .abi = python.abi},
                        {.platform = machine.platform, .glibc = machine.glibc});
            EXPECT_EQ(tags, expected_tags(python, machine))
                << python.abi << " glibc " << machine.glibc.text();
        }
    }
}

TEST(Tags, AreNeverRepeated) {
    std::vector<Tag> tags = compatible_tags(PythonAbi{}, Target{});
    EXPECT_EQ(tags.size(), 28U * 25U + 14U);
    std::sort(tags.begin(), tags.end());
    EXPECT_EQ(std::adjacent_find(tags.begin(), tags.end()), tags.end());
}

TEST(Tags, OfADebugBuildIncludeThePlainAbi) {
    const std::vector<std::string> tags =
        tags_of({.abi = "cp311d"}, {.platform = Platform::linux_aarch64, .glibc = {2, 17}});
    EXPECT_EQ(tags[0], "cp311-cp311d-manylinux_2_17_aarch64");
    EXPECT_EQ(tags[3], "cp311-cp311-manylinux_2_17_aarch64");
    EXPECT_EQ(tags[6], "cp311-abi3-manylinux_2_17_aarch64");
}

TEST(Tags, OfAnOlderGlibcThanAnyManylinuxHaveOnlyPlainLinux) {
    const std::vector<std::string> tags =
        tags_of({}, {.platform = Platform::linux_aarch64, .glibc = {2, 16}});
    EXPECT_EQ(tags[0], "cp311-cp311-linux_aarch64");
    EXPECT_EQ(tags[1], "cp311-abi3-linux_aarch64");
}

TEST(Tags, StayBoundedForAnImpossibleTarget) {
    EXPECT_LT(compatible_tags({.minor = 3}, {.glibc = {2, 2000000000}}).size(), 20000U);
}

} // namespace
} // namespace envpm::pypi
