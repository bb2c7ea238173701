#include "base/files.h"
#include "lockfiles/lock_file.h"

#include <gtest/gtest.h>

namespace envpm::lockfiles {
namespace {

std::string block_of(const std::string& page, const std::string& language) {
    const std::string fence = "```" + language + "\n";
    const std::size_t begin = page.find(fence);
    return begin == std::string::npos
               ? std::string()
               : page.substr(begin + fence.size(),
                             page.find("```", begin + fence.size()) - begin - fence.size());
}

TEST(LockfilePage, HasAnExampleThatIsCanonical) {
    const std::string page = read_file(ENVPM_DOCS_FOLDER "/lockfile.md");
    const std::string example = block_of(page, "toml");
    EXPECT_EQ(to_text(parse(example, "docs/lockfile.md")), example);
}

TEST(LockfilePage, ShowsTheBytesWhoseDigestTheExampleHas) {
    const std::string page = read_file(ENVPM_DOCS_FOLDER "/lockfile.md");
    const Lock lock = parse(block_of(page, "toml"), "docs/lockfile.md");
    const Sha256 shown = sha256_of(block_of(page, "text"));
    EXPECT_EQ(env_digest(lock, lock.targets.at(0)).hex(), shown.hex());
}

} // namespace
} // namespace envpm::lockfiles
