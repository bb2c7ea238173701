#pragma once

#include "base/tar_writer.h"
#include "store/world_for_tests.h"

#include <string>
#include <vector>

// For tests only: conda packages of both formats.

namespace envpm::store::test {

using envpm::test::as_bzip2;
using envpm::test::as_zstd;
using envpm::test::pax_header;
using envpm::test::pax_record;
using envpm::test::tar_end;
using envpm::test::tar_file;
using envpm::test::tar_folder;
using envpm::test::tar_header;
using envpm::test::tar_link;
using envpm::test::tar_member;

/// The members of a `.conda` whose two tars are compressed already.
inline std::vector<ZipEntry> conda_members(const std::string& stem, const std::string& info,
                                           const std::string& content) {
    return {
        {.name = "metadata.json", .content = "{\"conda_pkg_format_version\": 2}", .method = 0},
        {.name = "info-" + stem + ".tar.zst", .content = info, .method = 0},
        {.name = "pkg-" + stem + ".tar.zst", .content = content, .method = 0},
    };
}

/// From the members of the two tars, without their ends.
inline std::string make_conda(const std::string& stem, const std::string& info,
                              const std::string& content) {
    return make_zip(conda_members(stem, as_zstd(info + tar_end()), as_zstd(content + tar_end())));
}

inline std::string make_tar_bz2(const std::string& info, const std::string& content) {
    return as_bzip2(content + info + tar_end());
}

} // namespace envpm::store::test
