#include "fuzz.h"
#include "page_fuzz.h"

namespace envpm::fuzz {

void read(std::string_view input) {
    check_page(input, "application/vnd.pypi.simple.v1+json");
}

} // namespace envpm::fuzz
