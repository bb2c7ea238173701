#include "locking/kept_wheels.h"

#include "base/error.h"
#include "base/files.h"
#include "base/told_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

pypi::WheelFile wheel_at(const std::filesystem::path& file, std::string_view content,
                         std::uint64_t size_bytes) {
    const std::string name = file.filename().string();
    return {.file_name = name,
            .wheel = *pypi::WheelName::parse(name),
            .url = "file://" + file.string(),
            .sha256 = sha256_of(content),
            .size_bytes = size_bytes,
            .requires_python = "",
            .upload_time = std::nullopt,
            .is_yanked = false,
            .has_metadata_file = false,
            .metadata_sha256 = std::nullopt};
}

TEST(KeptWheels, AreFetchedAllTheSameIfTheCacheCannotBeWritten) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "demo-1.0-py3-none-any.whl";
    write_file(file, "demo");
    const pypi::WheelFile wheel = wheel_at(file, "demo", 4);
    project::Settings settings;
    settings.cache_root = file / "cache"; // below a file nobody writes, not even root
    project::Surroundings surroundings;
    surroundings.variables.set("TMPDIR", (folder.path() / "temporary").string());
    envpm::test::ToldProgress progress;
    project::Services services(settings, surroundings, progress);
    {
        KeptWheels wheels(services);
        const std::vector<KeptWheels::Kept> kept = wheels.fetch({&wheel, 1});
        ASSERT_EQ(kept.size(), 1U);
        EXPECT_FALSE(kept.front().error);
        EXPECT_EQ(read_file(kept.front().url.substr(std::string("file://").size())), "demo");
        EXPECT_THAT(progress.lines, ElementsAre(HasSubstr("not kept, as ")));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "temporary"));
}

TEST(KeptWheels, AreAFailureOfTheCacheIfNothingElseCanBeWrittenEither) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "demo-1.0-py3-none-any.whl";
    write_file(file, "demo");
    const pypi::WheelFile wheel = wheel_at(file, "demo", 4);
    project::Settings settings;
    settings.cache_root = file / "cache";
    project::Surroundings surroundings;
    surroundings.variables.set("TMPDIR", (file / "temporary").string());
    envpm::test::ToldProgress progress;
    project::Services services(settings, surroundings, progress);
    try {
        KeptWheels(services).fetch({&wheel, 1});
        FAIL() << "it can lie nowhere";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().subject, HasSubstr("cache"));
    }
}

TEST(KeptWheels, AreNotBegunIfThereIsNoRoomForThem) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    project::Settings settings;
    settings.cache_root = folder.path();
    envpm::test::ToldProgress progress;
    project::Services services(settings, {}, progress);
    const pypi::WheelFile wheel =
        wheel_at("/nowhere/huge-1.0-py3-none-any.whl", "huge", largest_archive_bytes);
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
} // namespace envpm::locking
