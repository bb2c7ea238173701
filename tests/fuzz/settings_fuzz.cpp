#include "base/assert.h"
#include "base/url.h"
#include "project/settings.h"
#include "state_files.h"

#include <algorithm>

namespace envpm::fuzz {

namespace {

void check_mirror(const project::Mirror& mirror, const std::string& file);

} // namespace

/// envpm's configuration: what is accepted is within its limits, sends no credentials, and knows
/// where it was said.
void read(std::string_view input) {
    const std::filesystem::path file = write_scratch("config.toml", input);
    Variables variables;
    variables.set("HOME", (scratch_folder() / "home").string());
    variables.set("PIP_INDEX_URL", "https://example.org/simple");
    project::SettingFlags flags;
    flags.config_file = file;
    const auto settings = if_accepted_discreetly(
        input, [&] { return project::load_settings(variables, flags, std::nullopt); });
    if (!settings) {
        return;
    }
    const fetch::NetworkSettings& network = settings->network;
    ENVPM_ASSERT(network.concurrent_downloads >= 1 && network.concurrent_downloads <= 64);
    ENVPM_ASSERT(settings->jobs <= 1024);
    for (const std::chrono::milliseconds time :
         {network.connect_timeout, network.first_byte_timeout, network.stall_timeout,
          network.first_retry_pause, network.speed_window}) {
        ENVPM_ASSERT(time.count() >= 0 && time <= std::chrono::hours(24));
    }
    for (const auto& place :
         {std::optional(settings->store_root), settings->lower_store, settings->gpu_facts}) {
        ENVPM_ASSERT(!place || place->is_absolute());
    }
    if (const auto& names = settings->pypi_names) {
        ENVPM_ASSERT(std::filesystem::path(*names).is_absolute() ||
                     without_credentials(*names) == *names);
    }
    ENVPM_ASSERT(settings->mirrors.contains("pypi"));
    for (const auto& [name, mirrors] : settings->mirrors) {
        ENVPM_ASSERT(!mirrors.empty());
        for (const project::Mirror& mirror : mirrors) {
            if (mirror.kind == project::MirrorKind::configured && mirror.url != "default") {
                check_mirror(mirror, file.string());
            }
        }
    }
}

namespace {

void check_mirror(const project::Mirror& mirror, const std::string& file) {
    ENVPM_ASSERT(mirror.origin.starts_with(file + ":"));
    ENVPM_ASSERT(without_credentials(mirror.url) == mirror.url);
    ENVPM_ASSERT(std::none_of(mirror.url.begin(), mirror.url.end(),
                              [](char c) { return static_cast<unsigned char>(c) <= ' '; }));
    const auto begins = [&](std::string_view scheme) { return mirror.url.starts_with(scheme); };
    ENVPM_ASSERT(begins("http://") || begins("https://") || begins("file://"));
}

} // namespace

} // namespace envpm::fuzz
