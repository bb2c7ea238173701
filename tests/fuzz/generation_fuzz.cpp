#include "base/assert.h"
#include "realize/generations.h"
#include "state_files.h"

namespace envpm::fuzz {

/// The record of a generation: refused, or the one generation that there is, with the prefix that
/// its link leads to.
void read(std::string_view input) {
    const std::filesystem::path project = scratch_folder() / "project";
    const std::filesystem::path record =
        write_scratch("project/.envpm/envs/default/gens/1.json", input);
    const std::filesystem::path link = record.parent_path() / "1";
    if (!std::filesystem::is_symlink(link)) {
        std::filesystem::create_symlink("/store/p/abc", link);
        std::filesystem::create_symlink("gens/1", link.parent_path().parent_path() / "current");
    }
    const realize::Generations generations(project, "default");
    const auto all = if_accepted([&] { return generations.all(); });
    if (all) {
        ENVPM_ASSERT(all->size() == 1 && all->front().number == 1);
        ENVPM_ASSERT(all->front().prefix == "/store/p/abc" && all->front().is_current);
        const auto current = generations.current();
        ENVPM_ASSERT(current && current->env == all->front().env);
        ENVPM_ASSERT(current->created == all->front().created);
    }
}

} // namespace envpm::fuzz
