#include "base/assert.h"
#include "gpu/machine_search.h"
#include "state_files.h"

namespace envpm::fuzz {

/// The loader's configuration: folders by their whole paths, and a file that includes itself ends.
/// What would have it read devices is left out.
void read(std::string_view input) {
    for (const std::string_view place : {"/dev", "/proc", "/sys"}) {
        if (input.find(place) != std::string_view::npos) {
            return;
        }
    }
    const std::filesystem::path file = write_scratch("ld.so.conf", input);
    write_scratch("ld.so.conf.d/more.conf", "include ../ld.so.conf\n/opt/more # here\n");
    const gpu::OwnLibraries own{"/opt/env", {"libcudart.so.12"}};
    for (const gpu::SearchFolder& folder : gpu::configured_folders(file, own)) {
        ENVPM_ASSERT(folder.folder.starts_with('/'));
        ENVPM_ASSERT(folder.folder.find_first_of("#\n") == std::string::npos);
        ENVPM_ASSERT(!folder.origin.empty());
    }
}

} // namespace envpm::fuzz
