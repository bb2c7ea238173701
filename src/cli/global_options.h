#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::cli {

enum class ColorMode { automatic, always, never };

/// Flags that every command takes; each has an `ENVPM_*` variable too.
struct GlobalOptions {
    std::optional<std::filesystem::path> manifest_path;
    std::optional<std::filesystem::path> config_file;
    std::filesystem::path directory;
    std::optional<std::string> target;
    bool is_offline = false;
    bool is_json = false;
    bool is_quiet = false;
    bool is_verbose = false;
    bool has_no_progress = false;
    bool ignores_config = false;
    ColorMode color = ColorMode::automatic;
};

} // namespace envpm::cli
