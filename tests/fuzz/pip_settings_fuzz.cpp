#include "base/assert.h"
#include "project/pip_settings.h"
#include "state_files.h"

namespace envpm::fuzz {

/// pip's configuration: a value is one line without blanks at its ends, and is read again where it
/// is written alone; the extra indexes are words. Taken for an index, no error tells its password.
void read(std::string_view input) {
    const std::filesystem::path file = write_scratch("pip.conf", input);
    Variables variables;
    variables.set("HOME", (scratch_folder() / "home").string());
    variables.set("PIP_CONFIG_FILE", file.string());
    const auto value = project::pip_option(variables, "index-url");
    if (value && value->origin == file) {
        ENVPM_ASSERT(value->url.find('\n') == std::string::npos);
        ENVPM_ASSERT(value->url.empty() || (value->url.front() != ' ' && value->url.back() != ' '));
        write_scratch("pip.conf", "[global]\nindex-url = " + value->url + "\n");
        ENVPM_ASSERT(project::pip_option(variables, "index-url")->url == value->url);
    }
    for (const project::Mirror& index : project::pip_extra_indexes(variables)) {
        ENVPM_ASSERT(!index.url.empty() && index.url.find_first_of(" \t\n") == std::string::npos);
    }
    project::SettingFlags flags;
    flags.ignore_files = true;
    if_accepted_discreetly(input,
                           [&] { return project::load_settings(variables, flags, std::nullopt); });
}

} // namespace envpm::fuzz
