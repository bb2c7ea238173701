#include "installing/audit.h"

#include "base/files.h"

#include <gtest/gtest.h>

namespace envpm::installing {

namespace {

/// A folder with two libraries that are cut short, and what is told of it.
class AuditOfALayout : public testing::Test {
  protected:
    AuditOfALayout() {
        std::filesystem::create_directory(prefix / "lib");
        for (const char* const name : {"lib/a.so", "lib/b.so"}) {
            write_file(prefix / name, cut, Durability::cached);
        }
    }

    AuditReport audit(const Layout& layout) {
        project::Settings settings;
        settings.cache_root = folder.path() / "cache";
        project::Services services(settings, {}, progress);
        AuditOrder order;
        order.layout = &layout;
        return audit_prefix(prefix, {}, order, services);
    }

    static LayoutEntry entry(const char* path, decltype(LayoutEntry::content) content) {
        return {RelativePath::parse(path), std::move(content), false, "demo 1.0"};
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    TemporaryFolder made{std::filesystem::temp_directory_path()};
    std::filesystem::path prefix = made.path();
    std::string cut = read_file("/bin/true").substr(0, 100);
    ObjectFile object{sha256_of(cut), cut.size()};
    SilentProgress progress;
};

TEST_F(AuditOfALayout, LooksAtWhatItHasAndKnowsThePackages) {
    const AuditReport report = audit(
        {{entry("lib/a.so", object), entry("lib/run.so", GeneratedFile{"a text of envpm's"})}});
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.binaries, 1U);
    EXPECT_EQ(report.findings.front().file, "lib/a.so");
    EXPECT_EQ(report.findings.front().package, "demo 1.0");
}

TEST_F(AuditOfALayout, IsAuditOfTheFolderIfABinaryWasRelocated) {
    const AuditReport report = audit({{entry("lib/a.so", RelocatedFile{object, "/placeholder"})}});
    ASSERT_EQ(report.findings.size(), 2U);
    EXPECT_EQ(report.findings.front().package, "");
}

} // namespace

} // namespace envpm::installing
