#pragma once

#include "base/variables.h"
#include "fetch/client.h"
#include "model/store_policy.h"
#include "realize/link_mode.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::project {

enum class MirrorKind {
    configured, ///< in a configuration file of envpm
    pip,        ///< the index that the user's pip would ask: the default for `pypi`
    conda,      ///< where the user's conda would look for a channel
};

/// What lies below a mirror's URL.
enum class MirrorForm {
    pages, ///< what the source itself has: an index's or a channel's pages and files
    blobs, ///< nothing but archives, `sha256/ab/abcd…` by their digest: for installs only
};

/// One base URL that stands for a source, and where it was configured, for messages.
struct Mirror {
    std::string url;    ///< or "default": what stands here if nothing is configured
    std::string origin; ///< "PIP_INDEX_URL", "/etc/envpm/config.toml:3", "built in"
    MirrorKind kind = MirrorKind::configured;
    MirrorForm form = MirrorForm::pages;
};

/// Where the user's conda would be told of channels. Read only where there are channels to ask.
struct CondaSettingFiles {
    std::vector<std::filesystem::path> files; ///< strongest first; some may not exist
    std::optional<std::string> channel_alias; ///< CONDA_CHANNEL_ALIAS
};

/// Everything that is configured rather than asked for: files, environment and flags, composed once
/// (docs/cli.md, "Configuration").
struct Settings {
    std::filesystem::path store_root; ///< ENVPM_ROOT
    StorePolicy store_policy;         ///< ENVPM_SHARED_STORE, ENVPM_DURABILITY
    /// A store that is only read: what it has is not fetched (ENVPM_LOWER_STORE).
    std::optional<std::filesystem::path> lower_store;
    std::filesystem::path cache_root; ///< ENVPM_CACHE
    fetch::NetworkSettings network;
    /// By source name, in order of preference. `pypi` always has an entry; what stands under
    /// another name stands for the URL that the manifest gives for it.
    std::map<std::string, std::vector<Mirror>> mirrors;
    CondaSettingFiles conda_files;
    std::size_t jobs = 0; ///< threads; 0: as many as the processor has
    realize::LinkMode link_mode = realize::LinkMode::automatic;
    /// A table of GPU facts instead of the one that ships (docs/gpu.md).
    std::optional<std::filesystem::path> gpu_facts;
    /// A file, or an http, https or file URL, instead of the table of conda names that is built in.
    std::optional<std::string> pypi_names;
};

/// What the command line says of it; flags win over the environment, that over the project's
/// `.envpm/config.toml`, that over `$XDG_CONFIG_HOME/envpm/config.toml`, that over
/// `/etc/envpm/config.toml`.
struct SettingFlags {
    std::optional<std::filesystem::path> config_file; ///< --config-file: instead of those files
    bool ignore_files = false;                        ///< --no-config
    std::optional<std::size_t> jobs;
    std::optional<int> concurrent_downloads;
    std::optional<std::string> link_mode;
};

/// `project` is the project's folder. Throws an Error (code 1) naming file and line, or the
/// variable, for unknown keys and bad values, and one for a machine that has neither HOME nor what
/// would replace it; a bad flag is an Error of code 2. Mirrors are http, https or file URLs without
/// credentials; only pip's own index may have some, as pip takes them there.
Settings load_settings(const Variables& variables, const SettingFlags& flags,
                       const std::optional<std::filesystem::path>& project);

} // namespace envpm::project
