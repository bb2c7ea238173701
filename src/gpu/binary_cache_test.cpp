#include "gpu/binary_cache.h"

#include "base/files.h"

#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

Binary full_binary() {
    Binary binary;
    binary.is_executable = true;
    binary.machine = 62;
    binary.soname = "libx.so.1";
    binary.needed = {"liba.so.1", "libb.so.2"};
    binary.runpath = "$ORIGIN";
    binary.needed_versions = {{"libc.so.6", "GLIBC_2.34", false}, {"libc.so.6", "GLIBC_X", true}};
    binary.defined_versions = {"X_1"};
    binary.loaded_by_name = {"libcudart.so.13"};
    binary.jit_link_symbols = {"__nvJitLinkCreate_13_0"};
    binary.forward_compatibility = ForwardCompatibility{CudaVersion{13, 1}, {535, 550}};
    binary.has_static_runtime = true;
    binary.cudnn_version = "9.26.0";
    const Image sass{CodeKind::sass, {9, 0, 'a'}, {}};
    const Image ptx{CodeKind::ptx, {12, 0}, {9, 1}};
    binary.code.images = {{sass, {2, 0}}, {ptx, {1, 3}}};
    binary.code.containers = {{{sass}, {1, 0}}, {{sass, ptx}, {0, 3}}};
    binary.damage = "a";
    binary.code_damage = "b";
    return binary;
}

struct Folder {
    TemporaryFolder temporary{std::filesystem::temp_directory_path()};
    BinaryCache cache{temporary.path() / "cache"};

    [[nodiscard]] FileToRead file(const std::string& name, const std::string& content) const {
        write_file(temporary.path() / name, content);
        return {temporary.path() / name, sha256_of(content), content.size()};
    }
};

std::string sample() {
    return read_file(std::string(ENVPM_TEST_DATA) + "/elf/library.so");
}

TEST(BinaryCache, GivesBackWhatItWasGiven) {
    EXPECT_EQ(parse_binary(to_text(full_binary())), full_binary());
    EXPECT_EQ(parse_binary(to_text(Binary())), Binary());
}

TEST(BinaryCache, TakesAnythingElseForAbsent) {
    const std::string sound = to_text(full_binary());
    EXPECT_EQ(parse_binary(""), std::nullopt);
    EXPECT_EQ(parse_binary("{}"), std::nullopt);
    for (std::size_t size = 1; size + 1 < sound.size(); ++size) {
        EXPECT_EQ(parse_binary(std::string_view(sound).substr(0, size)), std::nullopt) << size;
    }
    std::string other = sound;
    other.replace(other.find("\"version\":2"), 11, "\"version\":3");
    EXPECT_EQ(parse_binary(other), std::nullopt);
}

TEST(BinaryCache, ReadsALibraryOnce) {
    const Folder folder;
    ThreadPool pool(2);
    const std::vector<FileToRead> files = {folder.file("a.so", sample()),
                                           folder.file("script", "#!/bin/sh\n")};
    const auto first = read_binaries(files, folder.cache, pool);
    ASSERT_TRUE(first[0]);
    EXPECT_EQ(first[0]->soname, "libsample.so.3");
    EXPECT_EQ(first[1], std::nullopt);
    EXPECT_EQ(folder.cache.find(*files[0].digest), first[0]);
    Binary changed = *first[0];
    changed.soname = "from-the-cache.so";
    folder.cache.put(*files[0].digest, changed);
    EXPECT_EQ(read_binaries(files, folder.cache, pool)[0], changed);
}

TEST(BinaryCache, IsNotAskedForAFileThatHasChanged) {
    const Folder folder;
    ThreadPool pool(2);
    FileToRead file = folder.file("a.so", sample());
    folder.cache.put(*file.digest, Binary());
    file.size_bytes += 1;
    EXPECT_EQ(read_binaries({file}, folder.cache, pool)[0]->soname, "libsample.so.3");
    file.digest.reset();
    EXPECT_EQ(read_binaries({file}, folder.cache, pool)[0]->soname, "libsample.so.3");
}

} // namespace

} // namespace envpm::gpu
