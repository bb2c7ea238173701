#include "base/tar.h"

#include "base/error.h"
#include "base/tar_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm {

namespace {

using test::pax_header;
using test::pax_record;
using test::tar_end;
using test::tar_file;
using test::tar_folder;
using test::tar_header;
using test::tar_link;
using test::tar_member;
using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

class TextSource : public ByteSource {
  public:
    explicit TextSource(std::string text)
        : text_(std::move(text)) {}

    std::size_t read(std::span<std::byte> to) override {
        const std::size_t size = std::min(to.size(), text_.size() - at_);
        std::copy_n(std::as_bytes(std::span(text_)).begin() + static_cast<std::ptrdiff_t>(at_),
                    size, to.begin());
        at_ += size;
        return size;
    }

  private:
    std::string text_;
    std::size_t at_ = 0;
};

std::string words(const TarEntry& entry, const std::string& content) {
    constexpr std::string_view kinds = "fdlh";
    return fmt::format("{}{} {}{}", kinds[static_cast<std::size_t>(entry.kind)],
                       entry.is_executable ? "x" : "", entry.path.string(),
                       entry.kind == TarKind::file ? "=" + content
                       : entry.target.empty()      ? ""
                                                   : " -> " + entry.target);
}

std::vector<std::string> read_all(const std::string& archive) {
    TextSource source(archive);
    TarReader reader(source, "a.tar");
    std::vector<std::string> out;
    while (const std::optional<TarEntry> entry = reader.next()) {
        std::string content(entry->size_bytes, '\0');
        EXPECT_EQ(reader.read(std::as_writable_bytes(std::span(content))), content.size());
        out.push_back(words(*entry, content));
    }
    EXPECT_FALSE(reader.next());
    return out;
}

/// What is wrong, or nothing.
std::string fault_of_tar(const std::string& archive) {
    try {
        read_all(archive);
        return "";
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        return failure.what();
    }
}

TEST(Tar, GivesFilesLinksAndFolders) {
    EXPECT_THAT(read_all(tar_file("bin/run", "#!", 0755) + tar_file("empty", "") +
                         tar_file("block", std::string(512, 'b')) + tar_folder("var/empty/") +
                         tar_link("lib64", "lib") + tar_link("copy", "bin/run", '1') + tar_end()),
                ElementsAre("fx bin/run=#!", "f empty=", "f block=" + std::string(512, 'b'),
                            "d var/empty", "l lib64 -> lib", "h copy -> bin/run"));
}

TEST(Tar, SkipsWhatIsNotRead) {
    TextSource source(tar_file("a", std::string(100'000, 'a')) + tar_file("b", "b") + tar_end());
    TarReader reader(source, "a.tar");
    reader.next();
    std::string piece(10, '\0');
    reader.read(std::as_writable_bytes(std::span(piece)));
    EXPECT_EQ(reader.next()->path.string(), "b");
    EXPECT_FALSE(reader.next());
}

TEST(Tar, ReadsLongNames) {
    const std::string name = std::string(120, 'd') + "/" + std::string(120, 'n');
    const std::string gnu("ustar  \0", 8);
    EXPECT_THAT(read_all(tar_member({.name = "x", .prefix = "a/b"}, "1") + tar_end()),
                ElementsAre("f a/b/x=1"));
    EXPECT_THAT(read_all(pax_header(pax_record("path", name)) + tar_file("short", "2") + tar_end()),
                ElementsAre("f " + name + "=2"));
    EXPECT_THAT(read_all(tar_member({.name = "././@LongLink", .type = 'L', .magic = gnu},
                                    name + std::string(1, '\0')) +
                         tar_member({.name = "short", .magic = gnu}, "3") + tar_end()),
                ElementsAre("f " + name + "=3"));
    EXPECT_THAT(read_all(tar_member({.name = "././@LongLink", .type = 'K', .magic = gnu}, name) +
                         tar_link("l", "short") + tar_end()),
                ElementsAre("l l -> " + name));
    EXPECT_THAT(read_all(pax_header(pax_record("linkpath", "b") + pax_record("mtime", "1.5") +
                                    pax_record("LIBARCHIVE.creationtime", "1")) +
                         tar_link("l", "short") + tar_end()),
                ElementsAre("l l -> b"));
}

TEST(Tar, ReadsSizesInEachForm) {
    const std::string size = pax_record("size", "3");
    EXPECT_THAT(read_all(pax_header(size) + tar_file("a", "abc") + tar_end()),
                ElementsAre("f a=abc"));
    const std::string wide = std::string(1, '\x80') + std::string(10, '\0') + "\x03";
    EXPECT_THAT(read_all(tar_member({.name = "a", .size_text = wide}, "abc") + tar_end()),
                ElementsAre("f a=abc"));
    EXPECT_THAT(read_all(tar_member({.name = "a", .size_text = "          3 "}, "abc") + tar_end()),
                ElementsAre("f a=abc"));
}

TEST(Tar, RefusesNamesThatLeaveTheFolder) {
    for (const std::string& name :
         {"../x"s, "a/../../x"s, "/abs"s, "//x"s, "C:\\x"s, "a\\..\\b"s, ""s, "."s, ".."s, "a/."s,
          "./a"s, "a//b"s, "a\nb"s, "a\xff"s, "a/"s, std::string(256, 'n')}) {
        EXPECT_NE(
            fault_of_tar(pax_header(pax_record("path", name)) + tar_file("x", "") + tar_end()), "")
            << name;
    }
    EXPECT_NE(fault_of_tar(pax_header(pax_record("path", std::string("a\0b", 3))) +
                           tar_file("x", "") + tar_end()),
              "");
    EXPECT_NE(fault_of_tar(tar_member({.name = "x", .prefix = "/etc"}, "") + tar_end()), "");
    EXPECT_NE(fault_of_tar(tar_member({.name = "L", .type = 'L'}, "../x") + tar_file("x", "")), "");
}

TEST(Tar, RefusesTypesThatAPackageHasNot) {
    for (const char type : {'3', '4', '6', '7', 'S', 'D', 'M', 'V', 'A'}) {
        EXPECT_THAT(fault_of_tar(tar_member({.name = "dev", .type = type}, "") + tar_end()),
                    HasSubstr("neither a file nor a link nor a folder"))
            << type;
    }
    EXPECT_THAT(fault_of_tar(pax_header(pax_record("GNU.sparse.major", "1")) + tar_file("a", "") +
                             tar_end()),
                HasSubstr("GNU."));
}

TEST(Tar, RefusesContentOfWhatIsNoFile) {
    for (const char type : {'1', '2', '5'}) {
        EXPECT_THAT(
            fault_of_tar(tar_member({.name = "a", .type = type, .link = "b"}, "x") + tar_end()),
            HasSubstr("has a content"))
            << type;
    }
}

TEST(Tar, RefusesSizesThatDisagree) {
    // To one reader the second member is the first one's content, to another it is a member.
    const std::string hidden = tar_file("hidden", "evil");
    const std::string outer = tar_header({.name = "a", .size = 0}) + hidden;
    EXPECT_THAT(fault_of_tar(pax_header(pax_record("size", "1024")) + outer + tar_end()),
                HasSubstr("another size"));
    EXPECT_THAT(fault_of_tar(pax_header(pax_record("size", "0")) +
                             tar_header({.name = "a", .size = 1024}) + hidden + tar_end()),
                HasSubstr("another size"));
    for (const std::string value : {"x", "-1", "08", "", "99999999999999999999"}) {
        EXPECT_THAT(
            fault_of_tar(pax_header(pax_record("size", value)) + tar_file("a", "") + tar_end()),
            HasSubstr("no number"))
            << value;
    }
}

TEST(Tar, RefusesExtendedHeadersThatAreMalformedOrAmbiguous) {
    const std::string file = tar_file("a", "") + tar_end();
    for (const std::string& records :
         {"x"s, "8 path=a\n"s, "99 path=abc\n"s, "0 \n"s, "6 path\n"s, "6 =abc\n"s, "10 path=abc "s,
          "99999999999999999999 a=b\n"s, pax_record("path", "a") + pax_record("path", "b"),
          pax_record("hdrcharset", "BINARY")}) {
        EXPECT_NE(fault_of_tar(pax_header(records) + file), "") << records;
    }
    EXPECT_THAT(fault_of_tar(pax_header(pax_record("path", "b"), 'g') + file),
                HasSubstr("all entries at once"));
    EXPECT_EQ(fault_of_tar(pax_header(pax_record("comment", "b"), 'g') + file), "");
    EXPECT_THAT(fault_of_tar(pax_header(pax_record("path", "b")) +
                             tar_member({.name = "L", .type = 'L'}, "c") + file),
                HasSubstr("twice"));
    EXPECT_THAT(fault_of_tar(pax_header(pax_record("path", "b")) + tar_end()),
                HasSubstr("no entry"));
    EXPECT_THAT(fault_of_tar(tar_header({.name = "L", .size = 1U << 30U, .type = 'L'}) + file),
                HasSubstr("longer than any real one"));
}

TEST(Tar, RefusesHeadersThatAreNone) {
    EXPECT_THAT(fault_of_tar(tar_member({.name = "a", .checksum_error = 1}, "") + tar_end()),
                HasSubstr("checksum"));
    EXPECT_THAT(
        fault_of_tar(tar_member({.name = "a", .magic = std::string(8, '\0')}, "") + tar_end()),
        HasSubstr("neither POSIX nor GNU"));
    EXPECT_THAT(fault_of_tar(tar_member({.name = "a", .size_text = "12x"}, "") + tar_end()),
                HasSubstr("number"));
    EXPECT_THAT(fault_of_tar(tar_member({.name = "a", .size_text = std::string(12, '\xff')}, "") +
                             tar_end()),
                HasSubstr("number"));
    EXPECT_THAT(
        fault_of_tar(
            tar_member({.name = "a", .size_text = std::string(1, '\x80') + std::string(11, '\xff')},
                       "") +
            tar_end()),
        HasSubstr("number"));
    EXPECT_THAT(
        fault_of_tar(
            tar_member({.name = "a", .prefix = "b", .magic = std::string("ustar  \0", 8)}, "") +
            tar_end()),
        HasSubstr("GNU"));
}

TEST(Tar, RefusesAnEndThatIsNone) {
    const std::string file = tar_file("a", "abc");
    EXPECT_EQ(fault_of_tar(file + tar_end(20)), "");
    EXPECT_NE(fault_of_tar(file), "");
    EXPECT_NE(fault_of_tar(file + tar_end(1)), "");
    EXPECT_NE(fault_of_tar(file + tar_end(1) + file), "");
    EXPECT_NE(fault_of_tar(file + tar_end() + file), "");
    EXPECT_NE(fault_of_tar(file + tar_end() + "x"), "");
    EXPECT_NE(fault_of_tar(""), "");
    for (std::size_t size = 0; size < file.size(); size += 100) {
        EXPECT_NE(fault_of_tar(file.substr(0, size)), "") << size;
    }
}

} // namespace

} // namespace envpm
