#include "manifest/edit.h"

#include "base/error.h"
#include "manifest/read.h"
#include "manifest/requirement_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

using ::testing::HasSubstr;

PackageName name_of(std::string_view text) {
    return *PackageName::parse(text);
}

Addition wheel(const std::string& text, const std::string& index = {}) {
    Addition addition{split_requirement(text, {})};
    if (!index.empty()) {
        addition.requirement.index = index;
    }
    return addition;
}

std::string added(const std::string& text, const Addition& addition) {
    return with_requirement(text, "envpm.toml", addition);
}

std::string added_to_project(const std::string& text, const Addition& addition) {
    return with_requirement(text, "pyproject.toml", addition);
}

TEST(AddingToEnvpmToml, PutsASortedNameInItsPlaceAndAnyOtherAtTheEnd) {
    EXPECT_EQ(added("[pypi-dependencies]\na = \"*\" # one\n\nz = \"*\"\n", wheel("m>=1")),
              "[pypi-dependencies]\na = \"*\" # one\nm = \">=1\"\n\nz = \"*\"\n");
    EXPECT_EQ(added("[pypi-dependencies]\n# about b\nb = \"*\"\n", wheel("a")),
              "[pypi-dependencies]\na = \"*\"\n# about b\nb = \"*\"\n");
    EXPECT_EQ(added("[pypi-dependencies]\nz = \"*\"\na = \"*\"\n\n[tasks]\n", wheel("m")),
              "[pypi-dependencies]\nz = \"*\"\na = \"*\"\nm = \"*\"\n\n[tasks]\n");
    EXPECT_EQ(added("[pypi-dependencies]\nFoo_Bar = \"*\"\n", wheel("foo-baz")),
              "[pypi-dependencies]\nFoo_Bar = \"*\"\nfoo-baz = \"*\"\n");
}

TEST(AddingToEnvpmToml, WritesATableWhereAStringIsNotEnough) {
    EXPECT_EQ(
        added("[pypi-dependencies]\n",
              wheel("torch[b,a]~=2.9; platform_machine == \"x86_64\"", "cu128")),
        "[pypi-dependencies]\ntorch = { version = \"~=2.9\", extras = [\"a\", \"b\"], marker = "
        "'platform_machine == \"x86_64\"', index = \"cu128\" }\n");
    EXPECT_EQ(added("[pypi-dependencies]\n", wheel("a; x == 'y' and z == \"\\\"")),
              "[pypi-dependencies]\na = { version = \"*\", marker = \"x == 'y' and z == "
              "\\\"\\\\\\\"\" }\n");
}

TEST(AddingToEnvpmToml, ReplacesTheEntryAndNothingAroundIt) {
    EXPECT_EQ(added("[pypi-dependencies]\n  \"Torch\"   =   '>=1'   # why\nb = \"*\"\n",
                    wheel("torch>=2")),
              "[pypi-dependencies]\n  \"Torch\"   =   \">=2\"   # why\nb = \"*\"\n");
    EXPECT_EQ(added("pypi-dependencies = { a = \"1\", b = { version = \"2\" }, c = \"3\" }\n",
                    wheel("b>=3")),
              "pypi-dependencies = { a = \"1\", b = \">=3\", c = \"3\" }\n");
}

TEST(AddingToEnvpmToml, SetsTheFieldsOfATableWithAHeader) {
    const std::string text = "[pypi-dependencies.torch]\n"
                             "# the lab's build\n"
                             "index = \"cu128\" # fast\n"
                             "version = \"~=2.8\" # for now\n"
                             "\n"
                             "[indexes]\n";
    EXPECT_EQ(added(text, wheel("torch[opt]~=2.9", "cu130")), "[pypi-dependencies.torch]\n"
                                                              "# the lab's build\n"
                                                              "index = \"cu130\" # fast\n"
                                                              "version = \"~=2.9\" # for now\n"
                                                              "extras = [\"opt\"]\n"
                                                              "\n"
                                                              "[indexes]\n");
    EXPECT_EQ(added(text, wheel("torch")), "[pypi-dependencies.torch]\n"
                                           "# the lab's build\n"
                                           "version = \"*\" # for now\n"
                                           "\n"
                                           "[indexes]\n");
}

TEST(AddingToEnvpmToml, SetsTheFieldsOfDottedKeys) {
    EXPECT_EQ(added("[pypi-dependencies]\n  torch.index = \"x\"\nz = \"*\"\n", wheel("torch>=2")),
              "[pypi-dependencies]\n  torch.version = \">=2\"\nz = \"*\"\n");
    EXPECT_EQ(added("pypi-dependencies.torch.version = \"1\"\n", wheel("torch[a]>=2")),
              "pypi-dependencies.torch.version = \">=2\"\n"
              "pypi-dependencies.torch.extras = [\"a\"]\n");
    EXPECT_EQ(added("pypi-dependencies = { a.version = \"1\", b = \"*\" }\n", wheel("a[x]")),
              "pypi-dependencies = { a.version = \"*\", a.extras = [\"x\"], b = \"*\" }\n");
}

TEST(AddingToEnvpmToml, MakesTheTableAfterItsNeighbours) {
    EXPECT_EQ(added("", wheel("a")), "[pypi-dependencies]\na = \"*\"\n");
    EXPECT_EQ(added("[tasks]\na = \"x\"", wheel("a")),
              "[tasks]\na = \"x\"\n\n[pypi-dependencies]\na = \"*\"\n");
    EXPECT_EQ(
        added("[workspace]\nname = \"x\"\n\n[dependencies]\npython = \"3.12.*\"\n# old: 3.11\n\n"
              "# what we do\n[tasks]\n",
              wheel("a")),
        "[workspace]\nname = \"x\"\n\n[dependencies]\npython = \"3.12.*\"\n# old: 3.11\n\n"
        "[pypi-dependencies]\na = \"*\"\n\n# what we do\n[tasks]\n");
    EXPECT_EQ(added("[workspace]\n[tasks]\n", wheel("a")),
              "[workspace]\n\n[pypi-dependencies]\na = \"*\"\n\n[tasks]\n");
    EXPECT_EQ(added("[pypi-dependencies.b]\nversion = \"1\"\n", wheel("a")),
              "[pypi-dependencies]\na = \"*\"\n\n[pypi-dependencies.b]\nversion = \"1\"\n");
}

TEST(AddingToEnvpmToml, PutsPythonUnderDependencies) {
    Addition python = wheel("python==3.12.*");
    python.to_dependencies = true;
    EXPECT_EQ(added("[dependencies]\npython = \"3.11.*\"\n", python),
              "[dependencies]\npython = \"==3.12.*\"\n");
    EXPECT_EQ(added("[workspace]\n\n[pypi-dependencies]\n", python),
              "[workspace]\n\n[dependencies]\npython = \"==3.12.*\"\n\n[pypi-dependencies]\n");
    EXPECT_EQ(added_to_project("[project]\nname = \"x\"\n\n[tool.envpm]\n", python),
              "[project]\nname = \"x\"\n\n[tool.envpm]\n\n[tool.envpm.dependencies]\n"
              "python = \"==3.12.*\"\n");
}

TEST(AddingToPyproject, EditsTheArrayAsItIsLaidOut) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"[]", "[\"m>=1\"]"},
        {"[\"a\", \"z\"]", "[\"a\", \"m>=1\", \"z\"]"},
        {"[\"a\"]", "[\"a\", \"m>=1\"]"},
        {"[\"a\",]", "[\"a\", \"m>=1\",]"},
        {"[\"z\", \"a\"]", "[\"z\", \"a\", \"m>=1\"]"},
        {"[\n  'a', # one\n  'b',\n]", "[\n  'a', # one\n  'b',\n  \"m>=1\",\n]"},
        {"[\n  'a',\n  'b' # two\n]", "[\n  'a',\n  'b', # two\n  \"m>=1\"\n]"},
        {"[\n  'a', # one\n  # for z\n  'z',\n]",
         "[\n  'a', # one\n  \"m>=1\",\n  # for z\n  'z',\n]"},
        {"[\n  'x',\n]", "[\n  \"m>=1\",\n  'x',\n]"},
        {"[\n]", "[\n    \"m>=1\",\n]"},
        {"[\n  # none, yet\n]", "[\n  # none, yet\n    \"m>=1\",\n]"},
        {"['a',\n 'b']", "['a',\n 'b', \"m>=1\"]"},
        {"[\n  'a', 'b',\n  'z',\n]", "[\n  'a', 'b', \"m>=1\",\n  'z',\n]"},
        {"[\n  'M < 2', # pinned\n]", "[\n  \"m>=1\", # pinned\n]"},
        {"[\"a[x,y]>=1,<2; p == ']'\", 'b#c' ]", ""},
    };
    for (const auto& [before, after] : cases) {
        const std::string head = "[project]\nname = \"v\"\ndependencies = ";
        const std::string tail = " # end\n[tool.envpm]\n";
        if (after.empty()) {
            EXPECT_THROW(added_to_project(head + before + tail, wheel("m>=1")), Error);
        } else {
            EXPECT_EQ(added_to_project(head + before + tail, wheel("m>=1")), head + after + tail);
        }
    }
}

TEST(AddingToPyproject, MakesTheArray) {
    EXPECT_EQ(added_to_project("[project]\nname = \"v\" # v\n\n[tool.envpm]\n", wheel("a")),
              "[project]\nname = \"v\" # v\ndependencies = [\n    \"a\",\n]\n\n[tool.envpm]\n");
    EXPECT_EQ(added_to_project("project.name = \"v\"\n", wheel("a")),
              "project.name = \"v\"\nproject.dependencies = [\n    \"a\",\n]\n");
    EXPECT_EQ(added_to_project("[tool.envpm]\n", wheel("a")),
              "[tool.envpm]\n\n[tool.envpm.pypi-dependencies]\na = \"*\"\n");
}

TEST(AddingToPyproject, SaysTheIndexBesideTheProject) {
    const std::string text = "[project]\nname = \"v\"\ndependencies = []\n\n[tool.envpm]\n";
    const std::string with_index = added_to_project(text, wheel("torch>=2", "cu128"));
    EXPECT_EQ(with_index,
              "[project]\nname = \"v\"\ndependencies = [\"torch>=2\"]\n\n[tool.envpm]\n\n"
              "[tool.envpm.pypi-dependencies]\n"
              "torch = { version = \"*\", index = \"cu128\" }\n");
    EXPECT_EQ(added_to_project(with_index, wheel("torch>=3")),
              "[project]\nname = \"v\"\ndependencies = [\"torch>=3\"]\n\n[tool.envpm]\n\n"
              "[tool.envpm.pypi-dependencies]\n");
    EXPECT_EQ(
        added_to_project("[project]\n[tool.envpm.pypi-dependencies]\na = \"1\"\n", wheel("a>=2")),
        "[project]\n[tool.envpm.pypi-dependencies]\na = \">=2\"\n");
}

TEST(AddingToPyproject, ReplacesTheOneThatHasTheSameMarker) {
    const std::string text = "[project]\ndependencies = [\"a<2; x == '1'\", \"a>=2; x == '2'\"]\n";
    EXPECT_EQ(added_to_project(text, wheel("a>=3; x == '2'")),
              "[project]\ndependencies = [\"a<2; x == '1'\", \"a>=3; x == '2'\"]\n");
    EXPECT_THAT(
        [&] { added_to_project(text, wheel("a>=3")); },
        ::testing::Throws<Error>(::testing::Property(&Error::what, HasSubstr("more than once"))));
}

TEST(AddingToPyproject, LeavesNoOtherItemOfTheNameAndMarker) {
    EXPECT_EQ(added_to_project("[project]\ndependencies = [\"a>=1\", \"b\", \"A<2\", \"c\"]\n",
                               wheel("a>=3")),
              "[project]\ndependencies = [\"a>=3\", \"b\", \"c\"]\n");
    EXPECT_EQ(added_to_project("[project]\ndependencies = [\n  'a<2; x == \"1\"', # old\n  'a>1',\n"
                               "  'a>2', # more\n]\n",
                               wheel("a>=3")),
              "[project]\ndependencies = [\n  'a<2; x == \"1\"', # old\n  \"a>=3\",\n]\n");
}

TEST(AddingToPyproject, RefusesADynamicList) {
    EXPECT_THAT([] { added_to_project("[project]\ndynamic = [\"dependencies\"]\n", wheel("a")); },
                ::testing::Throws<Error>(::testing::Property(
                    &Error::what, HasSubstr("is dynamic: nothing can be added to it here: "
                                            "pyproject.toml:2:12"))));
}

TEST(Removing, TakesTheEntryInWhateverPiecesItStands) {
    const auto removed = [](const std::string& text, const std::string& name) {
        return without_requirement(text, "envpm.toml", name_of(name));
    };
    EXPECT_EQ(removed("[pypi-dependencies]\na = \"*\" # a\nb = \"*\"\n", "A"),
              "[pypi-dependencies]\nb = \"*\"\n");
    EXPECT_EQ(removed("[pypi-dependencies]\na.version = \"1\"\nb = \"*\"\na.index = \"x\"", "a"),
              "[pypi-dependencies]\nb = \"*\"");
    EXPECT_EQ(removed("[workspace]\n\n[pypi-dependencies.a]\nversion = \"1\"\n\n[tasks]\n", "a"),
              "[workspace]\n\n[tasks]\n");
    EXPECT_EQ(removed("pypi-dependencies = { a = \"1\", b = \"2\" }\n", "b"),
              "pypi-dependencies = { a = \"1\" }\n");
    EXPECT_EQ(removed("pypi-dependencies = { a = \"1\", b = \"2\" }\n", "a"),
              "pypi-dependencies = { b = \"2\" }\n");
    EXPECT_EQ(removed("[dependencies]\npython = \"3.12.*\"\n", "python"), "[dependencies]\n");
    EXPECT_EQ(
        removed("[pypi-dependencies]\na = { version = \"1\", extras = [\n  \"x\",\n] }\nb = \"\"\n",
                "a"),
        "[pypi-dependencies]\nb = \"\"\n");
}

TEST(Removing, TakesEveryItemOfTheProjectsArray) {
    const auto removed = [](const std::string& list, const std::string& name) {
        const std::string head = "[project]\ndependencies = ";
        const std::string text =
            without_requirement(head + list + "\n", "pyproject.toml", name_of(name));
        return text.substr(head.size(), text.size() - head.size() - 1);
    };
    EXPECT_EQ(removed("[\"a\"]", "a"), "[]");
    EXPECT_EQ(removed("[\"a\", \"b\", \"c\"]", "b"), "[\"a\", \"c\"]");
    EXPECT_EQ(removed("[\"a; x == '1'\", \"b\", \"A; x == '2'\"]", "a"), "[\"b\"]");
    EXPECT_EQ(removed("[\n  'a', # of a\n  'b', # of b\n]", "a"), "[\n  'b', # of b\n]");
    EXPECT_EQ(removed("[\n  'a', # of a\n  'b' # of b\n]", "b"), "[\n  'a' # of a\n]");
    EXPECT_EQ(removed("['a', # of a\n 'b']", "b"), "['a' # of a\n ]");
    EXPECT_EQ(removed("[ 'a'\n, 'b'\n]", "b"), "[ 'a'\n]");
}

TEST(Removing, NamesTheNearMissOfWhatIsNotThere) {
    const auto complaint = [](const std::string& text, const std::string& file) {
        try {
            without_requirement(text, file, name_of("trochvision"));
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("it was removed");
    };
    EXPECT_EQ(complaint("[pypi-dependencies]\ntorchvision = \"*\"\n", "envpm.toml"),
              "`trochvision` is not among the dependencies: envpm.toml (did you mean "
              "`torchvision`?)");
    EXPECT_THAT(complaint("[project]\ndependencies = [\"torchvision\"]\n", "pyproject.toml"),
                HasSubstr("did you mean `torchvision`?"));
    EXPECT_EQ(complaint("[constraints]\ntrochvision = \"*\"\n", "envpm.toml"),
              "`trochvision` is not among the dependencies: envpm.toml (it has none)");
    EXPECT_THAT(complaint("[pypi-dependencies]\na = \"*\"\n[dependencies]\nb = \"*\"\n", "e.toml"),
                HasSubstr("(they are `a`, `b`)"));
    std::string many = "[pypi-dependencies]\n";
    for (int i = 10; i < 22; ++i) {
        many += fmt::format("a{} = \"*\"\n", i);
    }
    EXPECT_THAT(complaint(many, "envpm.toml"), HasSubstr("`a18`, `a19` and 2 more)"));
}

TEST(Editing, RefusesATextThatIsNoToml) {
    EXPECT_THROW(added("[pypi-dependencies\n", wheel("a")), Error);
    EXPECT_THROW(without_requirement("a = ", "envpm.toml", name_of("a")), Error);
}

TEST(Editing, LeavesNoFileThatCannotBeRead) {
    EXPECT_THAT(
        [] { added_to_project("[tool]\nenvpm = { tasks = {} }\n", wheel("a")); },
        ::testing::Throws<Error>(::testing::Property(&Error::what, HasSubstr("edit it by hand"))));
}

TEST(NewManifest, IsReadAsItWasMeant) {
    const std::string text = new_manifest("my \"lab\"", "3.12.*");
    EXPECT_EQ(text,
              "[workspace]\nname = \"my \\\"lab\\\"\"\n\n[dependencies]\npython = \"3.12.*\"\n\n"
              "[pypi-dependencies]\n");
    const Manifest manifest = parse(text, "/x/envpm.toml", Platform::linux_64);
    EXPECT_EQ(manifest.name, "my \"lab\"");
    EXPECT_EQ(manifest.dependencies.at(0).specifier, "3.12.*");
    EXPECT_TRUE(parse(new_manifest("x", std::nullopt), "/x/envpm.toml", Platform::linux_64)
                    .dependencies.empty());
}

TEST(ChangingTheGpuTable, ReplacesAddsAndRemovesAValue) {
    const std::string text = "[gpu]\n# why\ncuda = '11.8' # pinned\n\n[tasks]\n";
    EXPECT_EQ(with_gpu_value(text, "envpm.toml", "cuda", "12.6"),
              "[gpu]\n# why\ncuda = \"12.6\" # pinned\n\n[tasks]\n");
    EXPECT_EQ(with_gpu_value("[gpu]\ncuda = '11.8'\n", "envpm.toml", "cudnn", "9.*"),
              "[gpu]\ncuda = '11.8'\ncudnn = \"9.*\"\n");
    EXPECT_EQ(with_gpu_value("[gpu]\ncuda = '11.8'\ncudnn = '8.*'\n", "envpm.toml", "cuda", ""),
              "[gpu]\ncudnn = '8.*'\n");
    EXPECT_EQ(with_gpu_value("[gpu]\n", "envpm.toml", "cuda", ""), "[gpu]\n");
    EXPECT_EQ(with_gpu_value("[tool.envpm.gpu]\ncuda = '11.8'\n", "pyproject.toml", "cuda", "12.6"),
              "[tool.envpm.gpu]\ncuda = \"12.6\"\n");
}

TEST(ChangingADriver, ReplacesItWhereverItStands) {
    EXPECT_EQ(with_driver("[targets.a]\ndriver = '470.1' # old\n\n[targets.b]\ndriver = '1.2'\n",
                          "envpm.toml", "a", "525.60.13"),
              "[targets.a]\ndriver = \"525.60.13\" # old\n\n[targets.b]\ndriver = '1.2'\n");
    EXPECT_EQ(with_driver("[targets]\na = { platform = 'linux-64', driver = '470.1' }\n",
                          "envpm.toml", "a", "525.60.13"),
              "[targets]\na = { platform = 'linux-64', driver = \"525.60.13\" }\n");
    EXPECT_EQ(with_driver("[tool.envpm.targets.a]\ndriver = '470.1'\n", "pyproject.toml", "a",
                          "525.60.13"),
              "[tool.envpm.targets.a]\ndriver = \"525.60.13\"\n");
}

TEST(ChangingACondaPackage, KeepsItsChannel) {
    Addition mkl{{name_of("mkl"), "2025.0.*", {}, {}, "lab", {}}, true, true};
    const std::string head = "[workspace]\nchannels = ['lab']\n";
    EXPECT_EQ(
        added(head + "[dependencies]\nmkl = { version = '>=2026', channel = 'lab' } # why\n", mkl),
        head + "[dependencies]\nmkl = { version = \"2025.0.*\", channel = \"lab\" } # why\n");
    EXPECT_EQ(
        added(head + "[dependencies.mkl]\nversion = '>=2026'\nbuild = 'h*'\nchannel = 'lab'\n",
              mkl),
        head + "[dependencies.mkl]\nversion = \"2025.0.*\"\nchannel = 'lab'\n");
}

TEST(ChangingACondaPackage, KeepsItsBuild) {
    const Addition mkl{{name_of("mkl"), "2025.0.*", {}, {}, std::nullopt, {}}, true, true, "h*"};
    EXPECT_EQ(added("[dependencies]\nmkl = { build = 'h*' } # why\n", mkl),
              "[dependencies]\nmkl = { version = \"2025.0.*\", build = \"h*\" } # why\n");
    EXPECT_EQ(added("[dependencies.mkl]\nbuild = 'h*' # why\n", mkl),
              "[dependencies.mkl]\nbuild = 'h*' # why\nversion = \"2025.0.*\"\n");
}

TEST(AddingToAProject, RefusesToDropTheMarkerOfAnEntryBesideIt) {
    const std::string beside = "[project]\nname = 'v'\ndependencies = ['a<2']\n"
                               "[tool.envpm.pypi-dependencies]\n"
                               "a = { version = '>=1', marker = \"os_name == 'nt'\" }\n";
    try {
        (void)added_to_project(beside, wheel("a>=3"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.text().subject, "pyproject.toml:5:33");
    }
}

TEST(ChangingAConstraint, ReplacesOrRemovesIt) {
    ManifestRequirement numpy{name_of("numpy"), "~=2.0", {}, {}, std::nullopt, {}};
    EXPECT_EQ(with_constraint("[constraints]\nnumpy = '<2' # old\n", "envpm.toml", numpy),
              "[constraints]\nnumpy = \"~=2.0\" # old\n");
    numpy.specifier.clear();
    EXPECT_EQ(with_constraint("[constraints]\na = '1'\nnumpy = '<2'\n", "envpm.toml", numpy),
              "[constraints]\na = '1'\n");
}

TEST(ChangingAnOverride, ReplacesOrRemovesIt) {
    ManifestRequirement numpy{name_of("numpy"), "*", {}, {}, std::nullopt, {}};
    EXPECT_EQ(with_override("[overrides]\nnumpy = '<2' # old\n", "envpm.toml", numpy),
              "[overrides]\nnumpy = \"*\" # old\n");
    numpy.specifier.clear();
    EXPECT_EQ(with_override("[overrides]\na = '1'\nnumpy = '<2'\n", "envpm.toml", numpy),
              "[overrides]\na = '1'\n");
}

} // namespace
} // namespace envpm::manifest
