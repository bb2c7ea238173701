#include "base/assert.h"
#include "base/url.h"
#include "fetch/url.h"
#include "fuzz.h"

namespace envpm::fuzz {

namespace {

void check_resolved(const std::string& page, std::string_view reference);

} // namespace

/// A page's URL in the first line, a reference on it in the second.
void read(std::string_view input) {
    const auto [page, reference] = first_line(input);
    check_resolved("https://a.example/b/c?d", reference);
    if (const auto base = resolve_url("file:///", page)) { // it is a web address
        check_resolved(*base, reference);
    }
    const std::string plain = without_credentials(page);
    ENVPM_ASSERT(without_credentials(plain) == plain);
    with_credentials_of(reference, page);
    fetch::host_of(page);
    fetch::shown_url(page);
    if (const auto file = fetch::file_of(page)) {
        ENVPM_ASSERT(file->is_absolute());
    }
}

namespace {

void check_resolved(const std::string& page, std::string_view reference) {
    const auto url = resolve_url(page, reference);
    if (!url) {
        return;
    }
    ENVPM_ASSERT(fetch::has_scheme(*url, "https") ||
                 (fetch::has_scheme(*url, "http") && !fetch::has_scheme(page, "https")) ||
                 (fetch::has_scheme(*url, "file") && fetch::has_scheme(page, "file")));
    ENVPM_ASSERT(url->find_first_of(std::string_view(" \t\r\n#\0", 6)) == std::string::npos);
    ENVPM_ASSERT(resolve_url(page, *url) == url);
    file_name_of_url(*url);
}

} // namespace

} // namespace envpm::fuzz
