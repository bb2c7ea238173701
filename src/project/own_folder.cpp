#include "project/own_folder.h"

#include "base/error.h"
#include "base/files.h"

#include <system_error>

namespace envpm::project {

void ignore_own_folder(const Project& project) {
    const std::filesystem::path own = project.folder() / ".envpm";
    std::error_code failure;
    if (std::filesystem::exists(own / ".gitignore", failure)) {
        return;
    }
    try {
        write_file(own / ".gitignore", "*\n!/.gitignore\n!/config.toml\n", Durability::cached);
    } catch (const Error&) { // see above: it is not worth a failure
        return;
    }
}

} // namespace envpm::project
