#include "pipeline/kept_wheels.h"

#include "base/error.h"
#include "base/files.h"
#include "base/told_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(KeptWheels, AreNotBegunIfThereIsNoRoomForThem) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    Settings settings;
    settings.cache_root = folder.path();
    envpm::test::ToldProgress progress;
    Services services(settings, {}, progress);
    const pypi::WheelFile wheel{.file_name = "huge-1.0-py3-none-any.whl",
                                .wheel = *pypi::WheelName::parse("huge-1.0-py3-none-any.whl"),
                                .url = "file:///nowhere/huge-1.0-py3-none-any.whl",
                                .sha256 = sha256_of("huge"),
                                .size_bytes = largest_archive_bytes,
                                .requires_python = "",
                                .upload_time = std::nullopt,
                                .is_yanked = false,
                                .has_metadata_file = false,
                                .metadata_sha256 = std::nullopt};
    try {
        KeptWheels(services).fetch({&wheel, 1});
        FAIL() << "it cannot be there";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("not enough free space"));
        EXPECT_THAT(error.contexts(),
                    ElementsAre("before wheels were fetched whole for their metadata"));
    }
    EXPECT_THAT(progress.lines, testing::IsEmpty());
}

} // namespace
} // namespace envpm::pipeline
