#include "model/store_paths.h"

namespace envpm {

namespace {

const Sha256& abc() {
    static const Sha256 digest = sha256_of("abc");
    return digest;
}

TEST(StorePaths, PutsObjectsByDigestAndMode) {
    const StorePaths paths("/store");
    const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(paths.object(abc(), false), "/store/objects/sha256/ba/" + hex);
    EXPECT_EQ(paths.object(abc(), true), "/store/objects/sha256/ba/" + hex + ".x");
    EXPECT_EQ(paths.tree(abc()), "/store/trees/sha256/ba/" + hex + ".json");
}

TEST(StorePaths, NamesAPrefixByTheFirst130Bits) {
    // As `base64.b32encode(digest).decode().lower()[:26]` has it.
    EXPECT_EQ(short_name(abc()), "xj4bnp4pahh6uqkbidpf3lrceo");
    EXPECT_EQ(short_name(Sha256({})), std::string(26, 'a'));
    std::array<std::uint8_t, 32> ones{};
    ones.fill(0xff);
    EXPECT_EQ(short_name(Sha256(ones)), std::string(26, '7'));
    EXPECT_EQ(StorePaths("/store").prefix(abc()), "/store/p/xj4bnp4pahh6uqkbidpf3lrceo");
    EXPECT_EQ(StorePaths("/store").prefix(short_name(abc())), StorePaths("/store").prefix(abc()));
}

TEST(StorePaths, KeepsEverythingBelowTheRoot) {
    const StorePaths paths("/store");
    for (const std::filesystem::path& path :
         {paths.temporary(), paths.roots(), paths.prefixes(), paths.locks(), paths.lock()}) {
        EXPECT_EQ(path.parent_path(), paths.root());
    }
}

} // namespace

} // namespace envpm
