#include "page_fuzz.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "base/moment.h"
#include "fuzz.h"
#include "pypi/index_page.h"

#include <algorithm>

namespace envpm::fuzz {

using pypi::ProjectPage;
using pypi::WheelFile;

namespace {

constexpr const char* page_url = "https://example.org/simple/demo/";
constexpr const char* page_url_with_password = "https://me:!secret@example.org/simple/demo/";

void check_wheel(const WheelFile& wheel, const PackageName& project);
void check_password_stays(const std::string& bytes, std::string_view content_type,
                          const ProjectPage& page, const PackageName& project);
void check_native(const std::string& bytes, std::string_view content_type, const ProjectPage& page,
                  const PackageName& project);

} // namespace

void check_page(std::string_view input, std::string_view content_type) {
    const std::string bytes(input);
    const PackageName project = *PackageName::parse("demo");
    auto page = if_accepted(
        [&] { return pypi::parse_page(bytes, content_type, page_url_with_password, project); });
    if (!page) {
        return;
    }
    check_password_stays(bytes, content_type, *page, project);
    for (const WheelFile& wheel : page->wheels) {
        check_wheel(wheel, project);
    }
    for (const std::string& version : page->sdist_versions) {
        ENVPM_ASSERT(pypi::Version::parse(version)->text() == version);
    }
    check_native(bytes, content_type, *page, project);
}

namespace {

void check_wheel(const WheelFile& wheel, const PackageName& project) {
    ENVPM_ASSERT(wheel.wheel.name == project);
    ENVPM_ASSERT(ascii_lower(wheel.url).starts_with("https://"));
    const auto is_unsafe = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '/' || c == '\\';
    };
    ENVPM_ASSERT(std::none_of(wheel.file_name.begin(), wheel.file_name.end(), is_unsafe));
    ENVPM_ASSERT(!wheel.upload_time || parse_moment(*wheel.upload_time));
    ENVPM_ASSERT(wheel.has_metadata_file || !wheel.metadata_sha256);
}

/// The page's own credentials reach no link. Compared with the page read without any: an input may
/// itself spell the password.
void check_password_stays(const std::string& bytes, std::string_view content_type,
                          const ProjectPage& page, const PackageName& project) {
    const ProjectPage open = pypi::parse_page(bytes, content_type, page_url, project);
    const bool is_equal = std::equal(
        page.wheels.begin(), page.wheels.end(), open.wheels.begin(), open.wheels.end(),
        [](const WheelFile& one, const WheelFile& other) { return one.url == other.url; });
    ENVPM_ASSERT(is_equal);
}

/// No version goes by leaving out what cannot run. What is skipped is not read (page_json.cpp), so
/// of a damaged page one reader may see the damage and the other not.
void check_native(const std::string& bytes, std::string_view content_type, const ProjectPage& page,
                  const PackageName& project) {
    const auto native = if_accepted([&] {
        return pypi::parse_page(bytes, content_type, page_url_with_password, project,
                                pypi::Wheels::native);
    });
    for (const WheelFile& wheel : native ? page.wheels : std::vector<WheelFile>()) {
        ENVPM_ASSERT(std::any_of(
            native->wheels.begin(), native->wheels.end(),
            [&wheel](const WheelFile& kept) { return kept.wheel.version == wheel.wheel.version; }));
    }
}

} // namespace

} // namespace envpm::fuzz
