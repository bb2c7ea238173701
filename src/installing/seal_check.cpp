#include "installing/seal_check.h"

#include "base/error.h"
#include "realize/check.h"
#include "realize/compose.h"

#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

namespace envpm::installing {

namespace {

std::string files_in_question(const Layout& layout, const std::filesystem::path& prefix,
                              project::Services& services);

} // namespace

void check_seal(const LockedTarget& target, const Layout& layout,
                const std::filesystem::path& prefix, project::Services& services) {
    if (!target.contents) {
        return;
    }
    const Sha256 planned = realize::contents_digest(layout);
    const Sha256 real =
        realize::contents_digest_of_prefix(prefix, services.pool(), services.progress());
    if (planned == *target.contents && real == planned) {
        return;
    }
    if (real == planned) {
        throw Error({fmt::format("`contents` of target `{}` is not the digest of what its packages "
                                 "give, which is here: sealed {}, here {}",
                                 target.target.name, target.contents->hex(), real.hex()),
                     "envpm.lock",
                     "every file is as it should be: the line was edited, or sealed by another "
                     "envpm; restore it, or `envpm seal` seals what is here"},
                    ExitCode::integrity);
    }
    throw Error(
        {fmt::format("the environment does not have the sealed contents: sealed {}, here {}",
                     target.contents->hex(), real.hex()),
         files_in_question(layout, prefix, services),
         "`envpm verify` checks the store; `envpm seal` seals what is here instead"},
        ExitCode::integrity);
}

namespace {

/// The damaged ones, a line each; if there are none, those that no package's sha256 names, for the
/// seal is one digest of them all.
std::string files_in_question(const Layout& layout, const std::filesystem::path& prefix,
                              project::Services& services) {
    std::vector<std::string> files;
    for (const realize::PrefixDamage& damage :
         realize::check(prefix, realize::CheckDepth::full, services.pool(), services.progress())) {
        files.push_back(fmt::format("{} ({})", damage.path, realize::words_of(damage.kind)));
    }
    if (!files.empty()) {
        return fmt::format("{}", fmt::join(files, "\n"));
    }
    for (const LayoutEntry& entry : layout.entries) {
        if (!std::holds_alternative<ObjectFile>(entry.content)) {
            files.push_back(entry.path.string());
        }
    }
    return fmt::format("one of the generated files:\n{}", fmt::join(files, "\n"));
}

} // namespace

} // namespace envpm::installing
