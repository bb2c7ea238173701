#include "gpu/elf.h"

#include "base/error.h"
#include "base/files.h"
#include "gpu/binary.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

namespace envpm::gpu {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string sample(const std::string& name) {
    return read_file(std::string(ENVPM_TEST_DATA) + "/elf/" + name);
}

template <class T> void put(std::string& file, std::size_t offset, T value) {
    std::memcpy(file.data() + offset, &value, sizeof value);
}

/// What a reader says of a file, all of it asked for; empty if nothing is wrong.
std::string damage_of(std::string_view file) {
    try {
        const Elf elf(file, "lib.so");
        std::ignore = elf.dynamic();
        std::ignore = elf.notes();
        std::ignore = elf.symbols(SymbolSide::exported);
        for (const ElfSection& section : elf.sections()) {
            EXPECT_LE(elf.content(section).size(), file.size());
        }
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
        EXPECT_EQ(error.text().subject, "lib.so");
        return error.text().what;
    }
    return "";
}

TEST(Elf, TellsWhatTheLoaderIsTold) {
    const std::string file = sample("library.so");
    ASSERT_TRUE(Elf::is_one(file));
    const Elf elf(file, "lib.so");
    EXPECT_FALSE(elf.is_executable());
    EXPECT_EQ(elf.machine(), EM_X86_64);
    const auto dynamic = elf.dynamic();
    ASSERT_TRUE(dynamic);
    EXPECT_EQ(dynamic->soname, "libsample.so.3");
    EXPECT_THAT(dynamic->needed, ElementsAre("liba.so.1", "libnvJitLink.so.13"));
    EXPECT_EQ(dynamic->runpath, "$ORIGIN/../lib:/opt/lib");
    EXPECT_EQ(dynamic->rpath, std::nullopt);
    EXPECT_THAT(dynamic->needed_versions, ElementsAre(NeededVersion{"liba.so.1", "A_1", false},
                                                      NeededVersion{"liba.so.1", "A_2", false}));
    EXPECT_THAT(dynamic->defined_versions, ElementsAre("S_1"));
}

TEST(Elf, TellsTheOldPathFromTheNew) {
    const std::string file = sample("rpath.so");
    const auto dynamic = Elf(file, "lib.so").dynamic();
    ASSERT_TRUE(dynamic);
    EXPECT_EQ(dynamic->rpath, "$ORIGIN/../lib:/opt/lib");
    EXPECT_EQ(dynamic->runpath, std::nullopt);
}

TEST(Elf, HasItsSymbolsByTheirSide) {
    const std::string file = sample("library.so");
    const Elf elf(file, "lib.so");
    EXPECT_THAT(elf.symbols(SymbolSide::exported), testing::UnorderedElementsAre("s", "t", "S_1"));
    EXPECT_THAT(elf.symbols(SymbolSide::undefined),
                testing::UnorderedElementsAre("a", "b", "__nvJitLinkAddData_13_0"));
}

TEST(Elf, HasItsNotes) {
    const std::string file = sample("library.so");
    const std::vector<ElfNote> notes = Elf(file, "lib.so").notes();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].section, ".note.cuda.fwd_compatibility");
    EXPECT_EQ(notes[0].owner, "CUDA");
    EXPECT_EQ(notes[0].type, 7U);
    EXPECT_EQ(notes[0].content, "{}");
}

TEST(Elf, TellsAProgramFromALibrary) {
    const std::string file = sample("program");
    ASSERT_TRUE(Elf::is_one(file));
    const Elf elf(file, "program");
    EXPECT_TRUE(elf.is_executable());
    EXPECT_THAT(elf.dynamic()->needed, Contains("liba.so.1"));
}

TEST(Elf, LeavesOtherFilesAlone) {
    std::string file = sample("library.so");
    EXPECT_FALSE(Elf::is_one(""));
    EXPECT_FALSE(Elf::is_one("#!/bin/sh\n"));
    EXPECT_FALSE(Elf::is_one(std::string_view(file).substr(0, 40)));
    file[EI_CLASS] = ELFCLASS32;
    EXPECT_FALSE(Elf::is_one(file));
    file = sample("library.so");
    file[EI_DATA] = ELFDATA2MSB;
    EXPECT_FALSE(Elf::is_one(file));
    file = sample("library.so");
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_type), ET_REL);
    EXPECT_FALSE(Elf::is_one(file));
    file = sample("library.so");
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_machine), EM_PPC64);
    EXPECT_FALSE(Elf::is_one(file));
}

TEST(Elf, NoticesWhereAFileWasCutOff) {
    const std::string file = sample("library.so");
    for (std::size_t size = sizeof(Elf64_Ehdr); size < file.size(); ++size) {
        // The table of sections is the last that a linker writes.
        EXPECT_THAT(damage_of(std::string_view(file).substr(0, size)), HasSubstr("beyond the end"))
            << size;
    }
    EXPECT_EQ(damage_of(file), "");
}

/// A copy of a text that nothing can be read behind: the next byte is of a page without rights.
class Fenced {
  public:
    explicit Fenced(std::string_view text)
        : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          room_((text.size() + page_ - 1) / page_ * page_),
          start_(static_cast<char*>(::mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
          text_(start_ + room_ - text.size(), text.size()) {
        std::copy(text.begin(), text.end(), text_.begin());
        EXPECT_EQ(::mprotect(start_ + room_, page_, PROT_NONE), 0);
    }

    Fenced(const Fenced&) = delete;
    Fenced& operator=(const Fenced&) = delete;

    ~Fenced() { ::munmap(start_, room_ + page_); }

    [[nodiscard]] std::span<char> text() const { return text_; }

  private:
    std::size_t page_;
    std::size_t room_;
    char* start_;
    std::span<char> text_;
};

TEST(Elf, ReadsNoByteBehindItWhateverAByteSays) {
    const Fenced file(sample("library.so"));
    const std::string_view view(file.text().data(), file.text().size());
    ASSERT_EQ(damage_of(view), "");
    int damaged = 0;
    for (std::size_t at = sizeof(Elf64_Ehdr::e_ident); at < view.size(); ++at) {
        for (const char value : {'\1', '\xff'}) {
            const char sound = std::exchange(file.text()[at], value);
            damaged += Elf::is_one(view) && !damage_of(view).empty() ? 1 : 0;
            file.text()[at] = sound;
        }
    }
    EXPECT_GT(damaged, 100);
}

TEST(Elf, NamesThePartThatIsDamaged) {
    const std::string sound = sample("library.so");
    std::string file = sound;
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_phentsize), 57);
    EXPECT_THAT(damage_of(file), HasSubstr("segments have headers of an unknown size"));
    file = sound;
    put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_shstrndx), 200);
    EXPECT_THAT(damage_of(file), HasSubstr("names of its sections are missing"));
    file = sound;
    put<std::uint64_t>(file, offsetof(Elf64_Ehdr, e_shoff), ~0ULL - 8);
    EXPECT_THAT(damage_of(file), HasSubstr("table of sections reaches beyond the end"));
    file = sound;
    const std::size_t soname = file.find("libsample.so.3");
    ASSERT_NE(soname, std::string::npos);
    const Elf elf(sound, "lib.so");
    const std::uint64_t dynamic = elf.find(".dynamic")->offset;
    put<std::uint64_t>(file, dynamic + sizeof(Elf64_Dyn) + 8, 100000); // the second NEEDED
    EXPECT_THAT(damage_of(file), HasSubstr("a string of its dynamic section does not end"));
    file = sound;
    put<std::uint32_t>(file, elf.find(".gnu.version_r")->offset + sizeof(Elf64_Verneed) + 12, 1);
    EXPECT_THAT(damage_of(file), HasSubstr("symbol versions overlap"));
}

TEST(Binary, NamesTheLibrariesOfCudaThatItLoadsItself) {
    const auto binary = binary_of(sample("library.so"));
    ASSERT_TRUE(binary);
    EXPECT_EQ(binary->damage, "");
    EXPECT_THAT(binary->loaded_by_name, ElementsAre("libcufft.so.12"));
    EXPECT_THAT(binary->jit_link_symbols, ElementsAre("__nvJitLinkAddData_13_0"));
    EXPECT_EQ(binary->forward_compatibility, ForwardCompatibility()); // its note is "{}"
    EXPECT_FALSE(binary->has_static_runtime);
    EXPECT_TRUE(binary->code.empty());
}

TEST(Elf, HasTheBytesOfItsObjects) {
    const std::string file = sample("cudnn.so");
    const Elf elf(file, "lib.so");
    EXPECT_EQ(elf.object("cudnn_ops_infer_version"), std::string_view("\0\x1a\x09\0", 4));
    EXPECT_EQ(elf.object("cudnn_ops"), "");
    EXPECT_EQ(elf.object("zeros"), ""); // takes no room in the file
    EXPECT_EQ(elf.object("function"), "");
}

TEST(Binary, ReadsWhatCudasLibrariesTellOfThemselves) {
    std::string file = sample("cudnn.so");
    const auto binary = binary_of(file);
    ASSERT_TRUE(binary);
    EXPECT_EQ(binary->cudnn_version, "9.26.0");
    EXPECT_TRUE(binary->has_static_runtime);
    EXPECT_EQ(binary->forward_compatibility,
              (ForwardCompatibility{CudaVersion{13, 1}, {535, 550}}));
    file.replace(file.find("cudnn_ops_infer_version"), 9, "cudnn_xps");
    EXPECT_EQ(binary_of(file)->cudnn_version, "9.19.3"); // of the assertion
    file.replace(file.find(" * 10000"), 8, " + 10000");
    EXPECT_EQ(binary_of(file)->cudnn_version, "");
    file.replace(file.find("\"CUDA version\""), 14, "\"CUDA-version\"");
    EXPECT_EQ(binary_of(file)->forward_compatibility,
              (ForwardCompatibility{std::nullopt, {535, 550}}));
    file.replace(file.find("\"driver\""), 8, "\"driver]");
    EXPECT_EQ(binary_of(file)->forward_compatibility, ForwardCompatibility());
}

TEST(Binary, SaysWhatIsDamagedAndNothingElse) {
    const std::string file = sample("library.so");
    const auto binary = binary_of(std::string_view(file).substr(0, file.size() - 1));
    ASSERT_TRUE(binary);
    EXPECT_EQ(binary->damage, "its table of sections reaches beyond the end");
    EXPECT_EQ(binary->soname, "");
    EXPECT_EQ(binary_of("#!/bin/sh\n"), std::nullopt);
}

} // namespace

} // namespace envpm::gpu
