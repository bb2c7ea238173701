#include "base/assert.h"
#include "base/json.h"
#include "state_files.h"
#include "store/environments.h"
#include "store/format.h"

namespace envpm::fuzz {

/// A store's VERSION, of which there is one, and the file list of a prefix as the collector reads
/// it: each of the archives that it names, or nothing.
void read(std::string_view input) {
    write_scratch("VERSION", input);
    const auto known = if_accepted([] {
        store::require_format(StorePaths(scratch_folder()));
        return true;
    });
    ENVPM_ASSERT(known.has_value() == (input == "1\n"));
    write_scratch("prefix/.envpm/manifest.json", input);
    if (const auto archives = store::archives_of_prefix(scratch_folder() / "prefix")) {
        const Json manifest = parse_json(input, "manifest");
        for (const Json& archive : manifest.array("archives")) {
            ENVPM_ASSERT(archives->contains(*Sha256::parse(*archive.get_if<std::string>())));
        }
    }
}

} // namespace envpm::fuzz
