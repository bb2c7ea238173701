#include "base/assert.h"
#include "pypi/index_cache.h"
#include "state_files.h"

namespace envpm::fuzz {

namespace {

constexpr const char* mirror = "https://example.org/simple";

void check_page(const pypi::IndexCache& cache, const PackageName& project);
void check_metadata(const pypi::IndexCache& cache, std::string_view input);

} // namespace

/// A page and a METADATA as the cache keeps them, as they are and under a seal of their own: what
/// is read is written so that the same is read, under the same digest.
void read(std::string_view input) {
    const pypi::IndexCache cache(scratch_folder());
    const PackageName project = *PackageName::parse("demo");
    const std::string page = "pages/" + sha256_of(mirror).hex().substr(0, 16) + "/demo";
    write_scratch(page, input);
    check_page(cache, project);
    const std::string content = std::string(mirror) + "\ndemo\n" + std::string(input);
    const std::string head = "1790000000000000000\n" + sha256_of(content).hex() + "\n";
    write_scratch(page, "envpm-page 4\n" + sha256_of(head).hex() + "\n" + head + content);
    ENVPM_ASSERT(!cache.head(mirror, project) ||
                 cache.head(mirror, project)->digest == sha256_of(content));
    check_page(cache, project);
    check_metadata(cache, input);
}

namespace {

void check_page(const pypi::IndexCache& cache, const PackageName& project) {
    const auto first = cache.page(mirror, project);
    if (!first) {
        return;
    }
    const Sha256 digest = cache.store_page(mirror, project, *first);
    const auto second = cache.page(mirror, project);
    ENVPM_ASSERT(second && second->digest == digest);
    ENVPM_ASSERT(second->fetched_nanoseconds == first->fetched_nanoseconds);
    ENVPM_ASSERT(second->page.has_value() == first->page.has_value());
    ENVPM_ASSERT(cache.store_page(mirror, project, *second) == digest);
    if (first->page) {
        ENVPM_ASSERT(second->page->wheels.size() == first->page->wheels.size());
        ENVPM_ASSERT(second->page->sdist_versions == first->page->sdist_versions);
        ENVPM_ASSERT(second->page->unreadable == first->page->unreadable);
    }
}

void check_metadata(const pypi::IndexCache& cache, std::string_view input) {
    const pypi::MetadataKey key = {sha256_of("wheel"), "demo-1-py3-none-any.whl", "https://e.org"};
    const std::string head = key.wheel.hex() + "\n" + key.file_name + "\n" + key.proof + "\n";
    const std::string name = sha256_of(head).hex();
    const std::string file = "metadata/" + name.substr(0, 2) + "/" + name;
    write_scratch(file, input);
    (void)cache.metadata(key);
    const std::string content = head + std::string(input);
    write_scratch(file, "envpm-metadata 2\n" + sha256_of(content).hex() + "\n" + content);
    if (const auto metadata = cache.metadata(key)) {
        cache.store_metadata(key, *metadata);
        const auto again = cache.metadata(key);
        ENVPM_ASSERT(again && again->text == metadata->text);
        ENVPM_ASSERT(again->wheel_bytes == metadata->wheel_bytes);
    }
}

} // namespace

} // namespace envpm::fuzz
