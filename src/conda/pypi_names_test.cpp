#include "conda/pypi_names.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {
namespace {

using testing::HasSubstr;

std::string project_of(const PypiNames& names, const std::string& conda) {
    const auto project = names.project_of(conda);
    return project ? project->string() : "none";
}

std::string package_of(const PypiNames& names, const std::string& project) {
    return names.package_of(PackageName::parse(project).value());
}

TEST(PypiNames, TheShippedTableKnowsTheFamousOnes) {
    const PypiNames names = PypiNames::shipped();
    EXPECT_EQ(project_of(names, "pytorch"), "torch");
    EXPECT_EQ(project_of(names, "numpy"), "numpy");
    EXPECT_EQ(project_of(names, "graphviz"), "none");
    EXPECT_EQ(project_of(names, "python-graphviz"), "graphviz");
    EXPECT_EQ(project_of(names, "openssl"), "none");
    EXPECT_EQ(package_of(names, "torch"), "pytorch");
    EXPECT_EQ(package_of(names, "graphviz"), "python-graphviz");
    EXPECT_EQ(package_of(names, "dvc"), "dvc");
    EXPECT_EQ(package_of(names, "numpy"), "numpy");
}

TEST(PypiNames, WhatIsNotListedIsCalledTheSame) {
    const PypiNames names = PypiNames::parse("a b\n", "the test");
    EXPECT_EQ(project_of(names, "ruamel.yaml"), "ruamel-yaml");
    EXPECT_EQ(project_of(names, "_private"), "none"); // no project can be called so
    EXPECT_EQ(package_of(names, "other"), "other");
}

TEST(PypiNames, OfSeveralPackagesTheOneOfTheSameNameThenTheShortestIsTheProject) {
    EXPECT_EQ(package_of(PypiNames::parse("aa-base dvc\ndvc dvc\n", "x"), "dvc"), "dvc");
    EXPECT_EQ(package_of(PypiNames::parse("dvc dvc\nd dvc\n", "x"), "dvc"), "dvc");
    EXPECT_EQ(package_of(PypiNames::parse("torch-cpu torch\npytorch torch\n", "x"), "torch"),
              "pytorch");
    EXPECT_EQ(package_of(PypiNames::parse("b1 x\na1 x\n", "x"), "x"), "a1");
}

TEST(PypiNames, OfLinesOfOnePackageTheFirstCounts) {
    const PypiNames names = PypiNames::parse("a b\na c\n", "x");
    EXPECT_EQ(project_of(names, "a"), "b");
    EXPECT_EQ(package_of(names, "b"), "a");
    EXPECT_EQ(package_of(names, "c"), "c");
}

TEST(PypiNames, ABadLineIsNamed) {
    for (const std::string line : {"Bad name", "one", "a B", "a b c", "", "a "}) {
        try {
            PypiNames::parse("good -\n" + line + "\n", "names.txt");
            ADD_FAILURE() << line;
        } catch (const Error& error) {
            EXPECT_THAT(error.text().subject, HasSubstr("names.txt:2"));
        }
    }
}

TEST(PypiNames, TheMappingItselfIsReadAsTheToolReadsIt) {
    const PypiNames names = PypiNames::hold(R"({
        "pytorch": ["torch"], "graphviz": null, "empty": [], "Not a name": ["x"],
        "bundle": ["one", "two"], "jupyter_core": ["other", "Jupyter.Core"], "odd": ["no name!"]
    })",
                                            "the test");
    EXPECT_EQ(names.text(), "bundle -\nempty -\ngraphviz -\njupyter_core jupyter-core\nodd -\n"
                            "pytorch torch\n");
    EXPECT_EQ(project_of(names, "bundle"), "none");
    EXPECT_EQ(package_of(names, "jupyter-core"), "jupyter_core");
    for (const std::string bad : {R"({"a": "b"})", R"({"a": ["b"]} more)", R"({"a": )", "{}"}) {
        EXPECT_THROW(PypiNames::hold(bad, "the test"), Error) << bad;
    }
}

TEST(PypiNames, AFileIsReadAndHeld) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "names.txt";
    write_file(file, "p t\n"); // short enough to lie within a string
    PypiNames first = PypiNames::read(file);
    const PypiNames names = std::move(first);
    write_file(file, "");
    EXPECT_EQ(project_of(names, "p"), "t");
    EXPECT_EQ(package_of(names, "t"), "p");
    EXPECT_THROW(PypiNames::read(file), Error);
    EXPECT_THROW(PypiNames::read(folder.path() / "absent"), Error);
}

} // namespace
} // namespace envpm::conda
