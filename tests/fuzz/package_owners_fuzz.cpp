#include "base/assert.h"
#include "installing/package_owners.h"
#include "state_files.h"

namespace envpm::fuzz {

/// A record of a prefix, taken for a wheel's and for a conda package's: it owns files of the prefix
/// and no others, under the name that its own file has.
void read(std::string_view input) {
    const std::string wheel = "lib/python3.12/site-packages/torch-2.9.0.dist-info/RECORD";
    const std::string conda = "conda-meta/libcudnn-9.10.0-h1_0.json";
    const std::set<std::string, std::less<>> files = {
        "bin/tool", "lib/libcudnn.so.9", "lib/python3.12/site-packages/torch/lib/libc10.so"};
    for (const auto& [record, package] :
         {std::pair(wheel, "torch 2.9.0"), std::pair(conda, "libcudnn 9.10.0")}) {
        write_scratch("prefix/" + record, input);
        for (const auto& [file, owner] :
             installing::package_owners(scratch_folder() / "prefix", {record}, files)) {
            ENVPM_ASSERT(files.contains(file) && owner == package);
        }
    }
}

} // namespace envpm::fuzz
