#include "conda/prefix_record.h"

#include "conda/package_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {

namespace {

using test::request_for;
using test::SamplePackage;
using testing::HasSubstr;
using testing::Not;

Json record_of(const SamplePackage& package) {
    const Tree tree = package.tree();
    PackageLayoutRequest request = request_for(package, tree);
    for (const LayoutEntry& entry : package_layout(request).entries) {
        if (entry.path.string() == "conda-meta/demo-1.0-h0_1.json") {
            return parse_json(std::get<GeneratedFile>(entry.content).content, "record");
        }
    }
    return {};
}

TEST(PrefixRecord, SaysWhatIsInstalledAndFromWhere) {
    SamplePackage package;
    package.files = {{"bin/run", "#!/ph/x"}, {"lib/a", "a"}};
    package.says["bin/run"] = {{"prefix_placeholder", "/ph"}, {"file_mode", "text"}};
    package.links = {{"lib/b", "a"}};
    package.folders = {"var"};
    package.index["license"] = "MIT";
    package.index["secret"] = "not copied";
    const Json record = record_of(package);
    EXPECT_EQ(record.text("name"), "demo");
    EXPECT_EQ(record.text("url"), "https://conda.anaconda.org/lab/linux-64/demo-1.0-h0_1.conda");
    EXPECT_EQ(record.text("sha256"), sha256_of("archive").hex());
    EXPECT_EQ(record.number("build_number"), 1);
    EXPECT_EQ(record.text("license"), "MIT");
    EXPECT_EQ(record.find("secret"), nullptr);
    EXPECT_EQ(record.array("depends"), (Json::Array{Json("libz >=1")}));
    EXPECT_EQ(record.array("files"), (Json::Array{Json("bin/run"), Json("lib/a"), Json("lib/b")}));
    const Json::Array& paths = record.find("paths_data")->array("paths");
    ASSERT_EQ(paths.size(), 4U);
    EXPECT_EQ(paths[0].text("prefix_placeholder"), "/ph");
    EXPECT_EQ(paths[0].find("sha256_in_prefix"), nullptr) << "it depends on the place";
    EXPECT_EQ(paths[1].text("sha256_in_prefix"), sha256_of("a").hex());
    EXPECT_EQ(paths[2].text("path_type"), "softlink");
    EXPECT_EQ(paths[3].text("path_type"), "directory");
    EXPECT_EQ(record.find("requested_spec"), nullptr) << "the lock does not have it";
}

TEST(PrefixRecord, OfAllPackagesIsAHistoryOfOneEntry) {
    const LayoutEntry entry = history_entry({"lab/noarch::b-1-0", "lab/linux-64::a-1-0"});
    EXPECT_EQ(entry.path.string(), "conda-meta/history");
    EXPECT_EQ(std::get<GeneratedFile>(entry.content).content,
              "==> 1980-01-01 00:00:00 <==\n# cmd: envpm install\n+lab/linux-64::a-1-0\n"
              "+lab/noarch::b-1-0\n");
}

} // namespace

} // namespace envpm::conda
