#include "base/zip.h"

#include "base/error.h"
#include "base/zip_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm {

namespace {

using test::little_endian;
using test::make_zip;
using test::ZipEnd;
using test::ZipEntry;
using test::ZipHeader;

const std::string subject = "a.whl";

std::string_view data_of(const std::string& zip, const ZipMember& member) {
    const std::string_view rest = std::string_view(zip).substr(member.header_offset);
    return rest.substr(check_zip_local_header(rest, member, subject), member.compressed_bytes);
}

/// Reads an archive the way the store does, with every check; gives name and content.
std::vector<std::pair<std::string, std::string>> contents(const std::string& zip) {
    const ZipDirectoryPlace place = find_zip_directory(zip, zip.size(), subject);
    const std::vector<ZipMember> members = parse_zip_directory(
        std::string_view(zip).substr(place.offset, place.size_bytes), place, subject);
    std::vector<std::pair<std::string, std::string>> out;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const std::string_view data = data_of(zip, members[i]);
        const std::uint64_t next =
            i + 1 < members.size() ? members[i + 1].header_offset : place.offset;
        const auto end = static_cast<std::uint64_t>(data.data() + data.size() - zip.data());
        if (end > next) {
            throw Error({"a member's data runs into the next", subject, {}}, ExitCode::integrity);
        }
        check_zip_gap(std::string_view(zip).substr(end, next - end), members[i], subject);
        out.emplace_back(members[i].name, inflate_zip_member(data, members[i], subject));
    }
    return out;
}

std::string fault_of_zip(const std::string& zip) {
    try {
        contents(zip);
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity) << failure.what();
        EXPECT_THAT(failure.text().subject, testing::HasSubstr(subject));
        return failure.text().what;
    }
    return "accepted";
}

std::vector<ZipEntry> two() {
    return {{.name = "a/one.py", .content = std::string(3000, 'x') + "end"},
            {.name = "a/two.txt", .content = "as it is", .method = 0, .mode = 0100755}};
}

std::string with_descriptor(const ZipEntry& entry, unsigned width, std::string_view signature) {
    const std::string data = entry.method == 8 ? test::deflated(entry.content) : entry.content;
    return std::string(signature) +
           little_endian(crc32_of(std::as_bytes(std::span(entry.content))), 4) +
           little_endian(data.size(), width) + little_endian(entry.content.size(), width);
}

TEST(Zip, ReadsStoredAndDeflatedMembers) {
    const std::string zip = make_zip(two());
    EXPECT_THAT(contents(zip),
                testing::ElementsAre(testing::Pair("a/one.py", std::string(3000, 'x') + "end"),
                                     testing::Pair("a/two.txt", "as it is")));
}

std::vector<std::string> found(const std::string& zip, std::string_view ending) {
    const ZipDirectoryPlace place = find_zip_directory(zip, zip.size(), subject);
    std::vector<std::string> out;
    for (const FoundZipMember& one :
         find_zip_members(std::string_view(zip).substr(place.offset, place.size_bytes), place,
                          subject, [&](std::string_view name) { return name.ends_with(ending); })) {
        const std::string_view bytes = std::string_view(zip).substr(
            one.member.header_offset, one.end_offset - one.member.header_offset);
        out.push_back(inflate_zip_member(
            bytes.substr(check_zip_local_header(bytes, one.member, subject)), one.member, subject));
    }
    return out;
}

TEST(Zip, GivesTheMembersThatAreLookedFor) {
    const std::string zip = make_zip(two());
    EXPECT_THAT(found(zip, ".txt"), testing::ElementsAre("as it is"));
    EXPECT_THAT(found(zip, ".py"), testing::ElementsAre(std::string(3000, 'x') + "end"));
    EXPECT_THAT(found(zip, ""), testing::SizeIs(2));
    EXPECT_THAT(found(zip, ".so"), testing::IsEmpty());
}

TEST(Zip, GivesNoMemberThatReachesIntoAnother) {
    std::string zip = make_zip(two());
    // The size that the directory has of the first, which is deflated to less than 256 bytes.
    const std::size_t size = zip.find("PK\x01\x02") + 20;
    zip[size + 1] = '\x10';
    EXPECT_THROW(found(zip, ".py"), Error);
}

TEST(Zip, KeepsModesAndFolders) {
    const std::string zip = make_zip({{.name = "d/", .method = 0, .mode = 040755},
                                      {.name = "d/run", .content = "#!", .mode = 0100755}});
    const ZipDirectoryPlace place = find_zip_directory(zip, zip.size(), subject);
    const std::vector<ZipMember> members = parse_zip_directory(
        std::string_view(zip).substr(place.offset, place.size_bytes), place, subject);
    ASSERT_EQ(members.size(), 2U);
    EXPECT_TRUE(members[0].is_folder());
    EXPECT_EQ(members[1].unix_mode, 0100755U);
}

TEST(Zip, TakesNoModeFromOtherSystems) {
    std::vector<ZipEntry> entries = two();
    entries[0].distort = [](ZipHeader& /*local*/, ZipHeader& central) {
        central.host = 0;
        central.mode = 0120777;
    };
    const std::string zip = make_zip(entries);
    const ZipDirectoryPlace place = find_zip_directory(zip, zip.size(), subject);
    EXPECT_EQ(parse_zip_directory(std::string_view(zip).substr(place.offset, place.size_bytes),
                                  place, subject)[0]
                  .unix_mode,
              0U);
}

TEST(Zip, NeedsOnlyTheLastBytesToFindTheDirectory) {
    const std::string zip = make_zip(two(), [](ZipEnd& end) { end.has_zip64 = true; });
    const ZipDirectoryPlace whole = find_zip_directory(zip, zip.size(), subject);
    const ZipDirectoryPlace tail =
        find_zip_directory(std::string_view(zip).substr(zip.size() - 98), zip.size(), subject);
    EXPECT_EQ(tail.offset, whole.offset);
    EXPECT_EQ(tail.size_bytes, whole.size_bytes);
    EXPECT_EQ(tail.entries, 2U);
}

TEST(Zip, AcceptsAnEmptyArchiveCommentsAndZip64) {
    EXPECT_THAT(contents(make_zip({})), testing::IsEmpty());
    EXPECT_EQ(contents(make_zip(two(), [](ZipEnd& end) { end.comment = "hello"; })).size(), 2U);
    std::vector<ZipEntry> entries = two();
    entries[0].distort = [](ZipHeader& local, ZipHeader& central) {
        local.extra = little_endian(1, 2) + little_endian(16, 2) + little_endian(local.size, 8) +
                      little_endian(local.compressed, 8);
        central.extra = local.extra;
        for (ZipHeader* header : {&local, &central}) {
            header->size = 0xffffffff;
            header->compressed = 0xffffffff;
        }
    };
    EXPECT_EQ(contents(make_zip(entries, [](ZipEnd& end) { end.has_zip64 = true; })).size(), 2U);
}

TEST(Zip, AcceptsDescriptorsOfAllFourForms) {
    for (const std::string_view signature : {"", "PK\x07\x08"}) {
        for (const unsigned width : {4U, 8U}) {
            std::vector<ZipEntry> entries = two();
            entries[0].descriptor = with_descriptor(entries[0], width, signature);
            entries[0].distort = [](ZipHeader& local, ZipHeader& central) {
                local.flags = central.flags = 8;
                local.crc32 = 0;
                local.size = local.compressed = 0;
            };
            EXPECT_EQ(fault_of_zip(make_zip(entries)), "accepted") << width << signature;
        }
    }
}

struct MemberCase {
    const char* what;
    std::function<void(ZipEntry&)> change;
    const char* fault;
};

void change_local(ZipEntry& entry, const std::function<void(ZipHeader&)>& change) {
    entry.distort = [change](ZipHeader& local, ZipHeader& /*central*/) { change(local); };
}

void change_both(ZipEntry& entry, const std::function<void(ZipHeader&)>& change) {
    entry.distort = [change](ZipHeader& local, ZipHeader& central) {
        change(local);
        change(central);
    };
}

void change_central(ZipEntry& entry, const std::function<void(ZipHeader&)>& change) {
    entry.distort = [change](ZipHeader& /*local*/, ZipHeader& central) { change(central); };
}

std::vector<MemberCase> members_that_disagree() {
    return {
        {"other name", [](ZipEntry& e) { change_local(e, [](ZipHeader& h) { h.name[0] = 'b'; }); },
         "another name"},
        {"other size", [](ZipEntry& e) { change_local(e, [](ZipHeader& h) { ++h.size; }); },
         "another size"},
        {"other checksum", [](ZipEntry& e) { change_local(e, [](ZipHeader& h) { ++h.crc32; }); },
         "another size or checksum"},
        {"open sizes without a descriptor",
         [](ZipEntry& e) { change_local(e, [](ZipHeader& h) { h.size = 0; }); }, "another size"},
        {"other method", [](ZipEntry& e) { change_local(e, [](ZipHeader& h) { h.method = 0; }); },
         "other flags"},
        {"encrypted", [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { h.flags = 1; }); },
         "encrypted"},
        {"bzip2", [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { h.method = 12; }); },
         "a method"},
        {"wrong checksum in both",
         [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { ++h.crc32; }); }, "checksum is wrong"},
        {"smaller than it is", [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { --h.size; }); },
         "damaged"},
        {"larger than it is", [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { ++h.size; }); },
         "damaged"},
        {"a bomb's size",
         [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { h.size = 0xfffffff0; }); },
         "cannot have"},
        {"bytes after the stream", [](ZipEntry& e) { e.tail_of_data = "x"; }, "damaged"},
        {"announced descriptor missing",
         [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { h.flags = 8; }); }, "descriptor"},
        {"descriptor not announced",
         [](ZipEntry& e) { e.descriptor = with_descriptor(e, 4, "PK\x07\x08"); },
         "belong to nothing"},
    };
}

std::vector<MemberCase> members_that_hide() {
    return {
        {"descriptor with another size",
         [](ZipEntry& e) {
             ZipEntry other = e;
             other.content += "y";
             e.descriptor = with_descriptor(other, 4, "PK\x07\x08");
             change_both(e, [](ZipHeader& h) { h.flags = 8; });
         },
         "descriptor says something else"},
        {"descriptor announced in one header",
         [](ZipEntry& e) {
             e.descriptor = with_descriptor(e, 4, "");
             change_central(e, [](ZipHeader& h) { h.flags = 8; });
         },
         "other flags"},
        {"name neither ASCII nor marked",
         [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { h.name = "\xc3\xa4"; }); },
         "neither ASCII"},
        {"second name",
         [](ZipEntry& e) {
             change_central(e, [](ZipHeader& h) {
                 h.extra = little_endian(0x7075, 2) + little_endian(5, 2) + "12345";
             });
         },
         "second name"},
        {"cut-off extra field",
         [](ZipEntry& e) { change_central(e, [](ZipHeader& h) { h.extra = "abc"; }); }, "cut off"},
        {"ZIP64 field that disagrees",
         [](ZipEntry& e) {
             change_central(e, [](ZipHeader& h) {
                 h.extra = little_endian(1, 2) + little_endian(16, 2) +
                           little_endian(h.size + 1, 8) + little_endian(h.compressed, 8);
             });
         },
         "something else"},
        {"ZIP64 field missing",
         [](ZipEntry& e) { change_central(e, [](ZipHeader& h) { h.size = 0xffffffff; }); },
         "missing"},
        {"ZIP64 field of the wrong length",
         [](ZipEntry& e) {
             change_central(e, [](ZipHeader& h) {
                 h.size = 0xffffffff;
                 h.extra = little_endian(1, 2) + little_endian(4, 2) + "1234";
             });
         },
         "wrong length"},
        {"data beyond the directory",
         [](ZipEntry& e) { change_both(e, [](ZipHeader& h) { h.compressed += 10'000'000; }); },
         "leaves the archive"},
        {"header beyond the directory",
         [](ZipEntry& e) { change_central(e, [](ZipHeader& h) { h.offset = 0xfffffff0; }); }, ""},
        {"folder with content", [](ZipEntry& e) { e.name = "a/"; }, "a folder has content"},
        {"not in the directory", [](ZipEntry& e) { e.is_in_directory = false; }, ""},
        {"bytes before it", [](ZipEntry& e) { e.before = "#!/bin/sh"; }, "belong"},
        {"same name twice", [](ZipEntry& e) { e.name = "a/two.txt"; }, "stands twice"},
    };
}

TEST(Zip, RefusesHostileMembersWhereverTheyStand) {
    std::vector<MemberCase> cases = members_that_disagree();
    const std::vector<MemberCase> more = members_that_hide();
    cases.insert(cases.end(), more.begin(), more.end());
    for (const MemberCase& hostile : cases) {
        for (const bool is_first : {true, false}) {
            std::vector<ZipEntry> entries = two();
            ZipEntry victim{.name = "a/victim", .content = std::string(100, 'v')};
            hostile.change(victim);
            entries.insert(is_first ? entries.begin() : entries.end(), victim);
            EXPECT_THAT(fault_of_zip(make_zip(entries)),
                        testing::AllOf(testing::HasSubstr(hostile.fault), testing::Ne("accepted")))
                << hostile.what << ", first: " << is_first;
        }
    }
}

struct EndCase {
    const char* what;
    std::function<void(ZipEnd&)> change;
    const char* fault;
};

TEST(Zip, RefusesEndRecordsThatLie) {
    const std::string other = make_zip({{.name = "evil", .content = "evil"}});
    const std::vector<EndCase> cases = {
        {"one entry more", [](ZipEnd& e) { ++e.entries; }, ""},
        {"one entry less", [](ZipEnd& e) { --e.entries; }, "more than its members"},
        {"a million entries", [](ZipEnd& e) { e.entries = 1'000'000, e.has_zip64 = true; },
         "500,000"},
        {"entries that the directory cannot hold", [](ZipEnd& e) { e.entries = 400; }, "too short"},
        {"directory one byte later", [](ZipEnd& e) { ++e.offset; }, "does not end"},
        {"directory far away", [](ZipEnd& e) { e.offset = 0xfffffff0; }, "does not end"},
        {"directory one byte shorter", [](ZipEnd& e) { --e.size; }, "does not end"},
        {"bytes after the end", [](ZipEnd& e) { e.after_end = "x"; }, "no end record"},
        {"bytes before the directory", [](ZipEnd& e) { e.before_directory = "x"; }, ""},
        {"bytes before the end record", [](ZipEnd& e) { e.before_end = "x"; }, "does not end"},
        {"an archive in the comment", [&](ZipEnd& e) { e.comment = other; }, "two end records"},
        {"an extended ZIP64 record", [](ZipEnd& e) { e.has_zip64 = true, e.zip64_size = 52; },
         "extended"},
        {"a ZIP64 record before other bytes",
         [](ZipEnd& e) { e.has_zip64 = true, e.before_end = "x"; }, "does not end"},
    };
    for (const EndCase& hostile : cases) {
        EXPECT_THAT(fault_of_zip(make_zip(two(), hostile.change)),
                    testing::AllOf(testing::HasSubstr(hostile.fault), testing::Ne("accepted")))
            << hostile.what;
    }
}

TEST(Zip, RefusesZip64RecordsThatContradictTheEndRecord) {
    const std::string zip = make_zip(two(), [](ZipEnd& end) { end.has_zip64 = true; });
    for (const std::size_t from_end : {22U - 10U, 22U - 12U, 22U - 16U}) {
        std::string wrong = zip;
        wrong[zip.size() - from_end] = '\x01';
        EXPECT_NE(fault_of_zip(wrong), "accepted") << from_end;
    }
}

TEST(Zip, RefusesMembersThatShareBytes) {
    std::vector<ZipEntry> entries = two();
    entries[1].distort = [](ZipHeader& /*local*/, ZipHeader& central) { central.offset = 0; };
    EXPECT_THAT(fault_of_zip(make_zip(entries)), testing::HasSubstr("overlap"));
}

TEST(Zip, RefusesEveryTruncation) {
    const std::string zip = make_zip(two());
    for (std::size_t size = 0; size < zip.size(); ++size) {
        EXPECT_NE(fault_of_zip(zip.substr(0, size)), "accepted") << size;
    }
}

TEST(Zip, SurvivesEveryFlippedByteAndNeverGivesOtherContent) {
    const std::string zip = make_zip(two());
    const std::vector<std::pair<std::string, std::string>> right = contents(zip);
    for (std::size_t at = 0; at < zip.size(); ++at) {
        std::string wrong = zip;
        wrong[at] = static_cast<char>(wrong[at] ^ 0x55);
        if (fault_of_zip(wrong) == "accepted") { // times, versions and attributes are not checked
            EXPECT_EQ(contents(wrong), right) << at;
        }
    }
}

TEST(Zip, MakesHostileNamesPrintableInErrors) {
    std::vector<ZipEntry> entries = {{.name = "a\x1b[2Jb", .content = "x"},
                                     {.name = "a\x1b[2Jb", .content = "x"}};
    try {
        contents(make_zip(entries));
        FAIL();
    } catch (const Error& failure) {
        EXPECT_THAT(failure.what(), testing::HasSubstr("a\\u001b[2Jb"));
    }
}

} // namespace

} // namespace envpm
