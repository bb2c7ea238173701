#include "pipeline/verify.h"

#include "base/files.h"
#include "base/lock_holder.h"
#include "base/told_progress.h"
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace envpm::pipeline {
namespace {

TEST(Verify, WaitsForACollectionAndSaysSo) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    project::Settings settings;
    settings.store_root = folder.path() / "store";
    settings.cache_root = folder.path() / "cache";
    store::Store::open(settings.store_root);
    std::optional<FileLock> collecting(std::in_place, StorePaths(settings.store_root).lock(),
                                       LockKind::exclusive);
    const std::string holder = words_of_lock_holder(StorePaths(settings.store_root).lock());
    envpm::test::ToldProgress progress;
    progress.then = [&collecting](std::string_view /*line*/) { collecting.reset(); };
    project::Services services(settings, {}, progress);
    EXPECT_TRUE(verify(store::VerifyDepth::quick, services).store.empty());
    EXPECT_THAT(progress.lines, testing::Contains(testing::HasSubstr(
                                    "`envpm gc` is collecting this store: waiting for "
                                    "it to end" +
                                    holder)));
}

} // namespace
} // namespace envpm::pipeline
