#include "pypi/index_cache.h"

#include "base/files.h"
#include "pypi/fake_index.h"

#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

const std::string mirror = "https://index.example.org/simple";

PackageName name(const std::string& text) {
    return *PackageName::parse(text);
}

bool is_same(const WheelFile& a, const WheelFile& b) {
    return a.file_name == b.file_name && a.wheel.version == b.wheel.version && a.url == b.url &&
           a.sha256 == b.sha256 && a.size_bytes == b.size_bytes &&
           a.requires_python == b.requires_python && a.upload_time == b.upload_time &&
           a.is_yanked == b.is_yanked && a.has_metadata_file == b.has_metadata_file &&
           a.metadata_sha256 == b.metadata_sha256;
}

TEST(IndexCache, GivesBackEveryFieldOfAPage) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const IndexCache cache(folder.path());
    WheelFile full = test::wheel_file("demo-1.0-py3-none-any.whl", "x");
    full.requires_python = ">=3.8, !=3.9.*";
    full.upload_time = "2026-11-01T00:00:00Z";
    full.is_yanked = true;
    full.has_metadata_file = true;
    full.metadata_sha256 = sha256_of("y");
    WheelFile bare = test::wheel_file("demo-2.0-py3-none-any.whl", "", "https://e.org/f?id=2");
    bare.sha256.reset();
    bare.size_bytes.reset();
    const ProjectPage page = {{full, bare}, {"0.9", "1.0"}, {"x.whl: y"}};
    cache.store_page(mirror, name("demo"), {1234, page});

    const std::optional<CachedPage> cached = cache.page(mirror, name("demo"));
    ASSERT_TRUE(cached && cached->page);
    EXPECT_EQ(cached->fetched_nanoseconds, 1234);
    ASSERT_EQ(cached->page->wheels.size(), 2U);
    EXPECT_TRUE(is_same(cached->page->wheels[0], full));
    EXPECT_TRUE(is_same(cached->page->wheels[1], bare));
    EXPECT_EQ(cached->page->sdist_versions, page.sdist_versions);
    EXPECT_EQ(cached->page->unreadable, page.unreadable);
}

TEST(IndexCache, HasTheFormsThatItsPageInTheDocsSays) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const IndexCache cache(folder.path());
    WheelFile wheel = test::wheel_file("demo-1.0-py3-none-any.whl", "x",
                                       "https://e.org/demo-1.0-py3-none-any.whl");
    wheel.size_bytes = 7;
    wheel.is_yanked = true;
    cache.store_page(mirror, name("demo"), {1234, ProjectPage{{wheel}, {"0.9"}, {"a: b"}}});
    const std::string content = mirror + "\ndemo\npresent\n1\ndemo-1.0-py3-none-any.whl\t" +
                                "https://e.org/\t" + wheel.sha256->hex() +
                                "\t7\t-\ty\t-\t\n1\n0.9\na: b\n";
    const std::string head = "1234\n" + sha256_of(content).hex() + "\n";
    EXPECT_EQ(read_file(folder.path() / "pages" / sha256_of(mirror).hex().substr(0, 16) / "demo"),
              "envpm-page 4\n" + sha256_of(head).hex() + "\n" + head + content);

    cache.store_metadata({sha256_of("wheel"), wheel.file_name, "p"}, {"Name: demo\n", 77});
    const std::string key = sha256_of("wheel").hex() + "\n" + wheel.file_name + "\np\n";
    const std::string kept = key + "77\nName: demo\n";
    const std::string hex = sha256_of(key).hex();
    EXPECT_EQ(read_file(folder.path() / "metadata" / hex.substr(0, 2) / hex),
              "envpm-metadata 2\n" + sha256_of(kept).hex() + "\n" + kept);
}

TEST(IndexCache, KeepsMirrorsAndProjectsApart) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const IndexCache cache(folder.path());
    const std::string long_name(1000, 'x');
    cache.store_page(mirror, name("demo"), {1, std::nullopt});
    cache.store_page(mirror, name(long_name), {2, ProjectPage{}});
    EXPECT_FALSE(cache.page(mirror, name("demo"))->page.has_value());
    EXPECT_TRUE(cache.page(mirror, name(long_name))->page.has_value());
    EXPECT_FALSE(cache.page(mirror + "/x", name("demo")).has_value());
    EXPECT_FALSE(cache.page(mirror, name("other")).has_value());
}

TEST(IndexCache, TellsAPageByItsDigestWheneverItWasFetched) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const IndexCache cache(folder.path());
    const ProjectPage page = {{test::wheel_file("demo-1.0-py3-none-any.whl", "x")}, {}};
    EXPECT_FALSE(cache.head(mirror, name("demo")));
    const Sha256 digest = cache.store_page(mirror, name("demo"), {1, page});
    EXPECT_EQ(cache.page(mirror, name("demo"))->digest, digest);
    const std::optional<PageHead> head = cache.head(mirror, name("demo"));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->digest, digest);
    EXPECT_EQ(head->fetched_nanoseconds, 1);
    EXPECT_TRUE(head->is_present);
    EXPECT_EQ(cache.store_page(mirror, name("demo"), {2, page}), digest);
    EXPECT_NE(cache.store_page(mirror, name("demo"), {2, ProjectPage{}}), digest);
    cache.store_page(mirror, name("demo"), {2, std::nullopt});
    EXPECT_FALSE(cache.head(mirror, name("demo"))->is_present);
}

TEST(IndexCache, OfAFolderThatCannotBeMadeKeepsNothing) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "file", "");
    const IndexCache cache(folder.path() / "file/index");
    const MetadataKey key = {sha256_of("wheel"), "demo-1-py3-none-any.whl", "https://e.org/f"};
    EXPECT_NO_THROW(cache.store_page(mirror, name("demo"), {1, ProjectPage{}}));
    EXPECT_NO_THROW(cache.store_metadata(key, {"Name: demo\nVersion: 1\n", 77}));
    EXPECT_FALSE(cache.page(mirror, name("demo")));
    EXPECT_FALSE(cache.metadata(key));
}

TEST(IndexCache, KeepsMetadataByWheelNameAndProof) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const IndexCache cache(folder.path());
    const MetadataKey key = {sha256_of("wheel"), "demo-1-py3-none-any.whl", "https://e.org/f"};
    cache.store_metadata(key, {"Name: demo\nVersion: 1\n", 77});
    const std::optional<CachedMetadata> cached = cache.metadata(key);
    ASSERT_TRUE(cached);
    EXPECT_EQ(cached->text, "Name: demo\nVersion: 1\n");
    EXPECT_EQ(cached->wheel_bytes, 77U);
    EXPECT_FALSE(cache.metadata({sha256_of("another"), key.file_name, key.proof}));
    EXPECT_FALSE(cache.metadata({key.wheel, "demo-1-py2-none-any.whl", key.proof}));
    EXPECT_FALSE(cache.metadata({key.wheel, key.file_name, "https://e.org/g"}));
}

} // namespace
} // namespace envpm::pypi
