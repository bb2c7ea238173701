#include "conda/package_scripts.h"

#include "base/files.h"
#include "conda/package_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {

namespace {

using testing::ElementsAre;

TEST(PackageScripts, TellOfLinkScripts) {
    test::SamplePackage package;
    EXPECT_THAT(link_scripts(package.tree(), "demo"), testing::IsEmpty());
    package.files["bin/.demo-post-link.sh"] = "exit 1";
    package.files["bin/.demo-pre-unlink.sh"] = "exit 1";
    package.files["bin/.other-pre-link.sh"] = "exit 1";
    EXPECT_THAT(link_scripts(package.tree(), "demo"),
                ElementsAre("bin/.demo-post-link.sh", "bin/.demo-pre-unlink.sh"));
}

TEST(PackageScripts, TellOfScriptsForActivation) {
    test::SamplePackage package;
    EXPECT_THAT(activation_scripts(package.tree()), testing::IsEmpty());
    package.files["etc/conda/activate.d/b.sh"] = "export B=1";
    package.files["etc/conda/activate.d/a.fish"] = "set -gx A 1";
    package.files["etc/conda/activate.d/c.bat"] = "set C=1";
    package.files["etc/conda/deactivate.d/b.sh"] = "unset B";
    EXPECT_THAT(activation_scripts(package.tree()),
                ElementsAre("etc/conda/activate.d/a.fish", "etc/conda/activate.d/b.sh"));
}

TEST(PackageScripts, OfAPrefixAreFoundByItsRecords) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path& prefix = folder.path();
    EXPECT_THAT(unrun_scripts(prefix), testing::IsEmpty());
    for (const char* file : {"conda-meta/lib-glib-2.84.1-h1_0.json", "conda-meta/demo-1.0-0.json",
                             "conda-meta/plain-1-0.json", "conda-meta/history", "conda-meta/x.json",
                             "bin/.demo-pre-unlink.sh", "bin/.demo-post-link.sh",
                             "bin/.lib-glib-post-link.sh", "bin/.stranger-post-link.sh"}) {
        write_file(prefix / file, "", Durability::cached);
    }
    EXPECT_THAT(
        unrun_scripts(prefix),
        ElementsAre(UnrunScripts{"demo 1.0", {"bin/.demo-post-link.sh", "bin/.demo-pre-unlink.sh"}},
                    UnrunScripts{"lib-glib 2.84.1", {"bin/.lib-glib-post-link.sh"}}));
}

} // namespace

} // namespace envpm::conda
