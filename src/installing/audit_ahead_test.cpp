#include "installing/audit_ahead.h"

#include "base/files.h"
#include "base/zip_writer.h"

#include <gtest/gtest.h>

namespace envpm::installing {

namespace {

TEST(AuditAhead, KnowsTheBinariesOfWhatWasUnpackedAndNothingElse) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    ThreadPool pool(2);
    SilentProgress progress;
    const std::string binary = read_file("/bin/true");
    const std::string script = "#!/bin/sh\n";
    const std::string wheel =
        test::make_zip({{.name = "a/liba.so.1", .content = binary},
                        {.name = "a/b.txt", .content = binary + " not by its name"},
                        {.name = "a/run", .content = script, .mode = 0100755}});
    const std::filesystem::path file = folder.path() / "a.whl";
    write_file(file, wheel, Durability::cached);

    const gpu::BinaryCache cache(folder.path() / "audit");
    AuditAhead ahead(cache, pool, {});
    const store::Store store = store::Store::open(folder.path() / "store");
    store::Intake intake(store, pool, progress, [&ahead](const Tree& tree) { ahead.add(tree); });
    intake.add({file, sha256_of(wheel), "a"});
    intake.publish([&] { ahead.begin(intake); });
    ahead.wait();

    const std::optional<gpu::Binary> known = cache.find(sha256_of(binary));
    ASSERT_TRUE(known);
    EXPECT_EQ(known, gpu::read_binary("/bin/true"));
    EXPECT_FALSE(cache.find(sha256_of(script)));
    EXPECT_FALSE(cache.find(sha256_of(binary + " not by its name")));
}

TEST(AuditAhead, WhatCannotBeReadIsTheAuditsToTell) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    ThreadPool pool(1);
    SilentProgress progress;
    const gpu::BinaryCache cache(folder.path() / "audit");
    AuditAhead ahead(cache, pool, {});
    const store::Store store = store::Store::open(folder.path() / "store");
    const store::Intake intake(store, pool, progress);
    ahead.add({sha256_of("archive"), {{RelativePath::parse("lost.so"), sha256_of(""), 9, false}}});
    ahead.begin(intake);
    EXPECT_NO_THROW(ahead.wait());
    EXPECT_FALSE(cache.find(sha256_of(""))) << "nothing was read, so nothing is known";
}

} // namespace

} // namespace envpm::installing
