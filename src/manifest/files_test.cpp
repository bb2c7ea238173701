#include "base/error.h"
#include "manifest/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

using testing::HasSubstr;

Manifest parsed_files(const std::string& text) {
    return parse(text, "envpm.toml", Platform::linux_64);
}

void expect_refused(const std::string& line, const std::string& what) {
    try {
        parsed_files("[files]\n" + line + "\n");
        ADD_FAILURE() << "accepted: " << line;
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr(what));
        EXPECT_THAT(error.text().subject, HasSubstr("envpm.toml:2:"));
    }
}

TEST(ManifestFiles, SayWhoseFileStandsAtAPath) {
    const Manifest manifest = parsed_files("[files]\n\"share/doc/a.txt\" = \"Pkg_A\"\n"
                                           "\"lib/**/tests/*\" = \"_openmp_mutex\"\n");
    ASSERT_EQ(manifest.files.size(), 2U);
    EXPECT_EQ(manifest.files[0].path.text(), "share/doc/a.txt");
    EXPECT_EQ(manifest.files[0].package, "Pkg_A");
    EXPECT_EQ(manifest.files[1].path.text(), "lib/**/tests/*");
    EXPECT_EQ(manifest.files[1].location.line, 3);
}

TEST(ManifestFiles, OfABadPathOrPackageSayWhere) {
    expect_refused("\"/etc/passwd\" = \"a\"", "\"/etc/passwd\" is no path of an environment");
    expect_refused("\"../x\" = \"a\"", "no path of an environment");
    expect_refused("\"share/x\" = \"a b\"", "\"a b\" is no package's name");
    expect_refused("\"share/x\" = 1", "must be a string");
}

TEST(ManifestFiles, AndLinksThatMayLeadOutsideArePaths) {
    const Manifest manifest =
        parsed_files("[workspace]\noutside-links = [\"etc/ssl/**\", \"a\"]\n");
    ASSERT_EQ(manifest.outside_links.size(), 2U);
    EXPECT_EQ(manifest.outside_links[0].text(), "etc/ssl/**");
    EXPECT_THROW(parsed_files("[workspace]\noutside-links = [\"/etc\"]\n"), Error);
    EXPECT_THROW(parsed_files("[workspace]\noutside-links = \"etc\"\n"), Error);
}

} // namespace
} // namespace envpm::manifest
