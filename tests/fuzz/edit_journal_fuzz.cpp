#include "base/assert.h"
#include "base/json.h"
#include "project/edit_journal.h"
#include "state_files.h"

namespace envpm::fuzz {

/// The journal of an interrupted edit: both files are as it says, or both are as they were.
void read(std::string_view input) {
    const project::Project project{write_scratch("project/envpm.toml", "old manifest\n")};
    const std::filesystem::path lock = write_scratch("project/envpm.lock", "old lock\n");
    const std::filesystem::path journal = write_scratch("project/.envpm/edit.json", input);
    const std::filesystem::path aside = project.folder() / ".envpm/edit-left.json";
    std::filesystem::remove(aside);
    SilentProgress silent;
    const auto finished = if_accepted([&] {
        project::settle_interrupted_edit(project, silent);
        return true;
    });
    if (finished && !std::filesystem::exists(aside)) {
        const Json edit = parse_json(input, "edit");
        const bool is_over = edit.text("until") == "written";
        ENVPM_ASSERT(read_file(project.manifest_file) ==
                     edit.text(is_over ? "manifest" : "manifest-before"));
        ENVPM_ASSERT(is_over || edit.find("lock-before") != nullptr
                         ? read_file(lock) == edit.text(is_over ? "lock" : "lock-before")
                         : !std::filesystem::exists(lock));
        ENVPM_ASSERT(!std::filesystem::exists(journal));
    } else {
        ENVPM_ASSERT(read_file(project.manifest_file) == "old manifest\n");
        ENVPM_ASSERT(read_file(lock) == "old lock\n");
        ENVPM_ASSERT(read_file(finished ? aside : journal) == input);
    }
}

} // namespace envpm::fuzz
