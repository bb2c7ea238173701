#pragma once

#include "base/variables.h"
#include "base/yaml.h"
#include "project/settings.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::project {

/// The files that the user's conda would read, strongest first
/// (https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/use-condarc.html), but
/// for those below conda's own installation, which nobody here knows.
CondaSettingFiles conda_setting_files(const Variables& variables);

/// Where the user's conda looks for channels: `channel_alias`, `custom_channels` and
/// `default_channels`. Of each key the strongest file counts that has it.
class CondaSettings {
  public:
    /// Throws an Error with file:line:column for a file that is no YAML.
    static CondaSettings read(const CondaSettingFiles& files);

    /// What stands for a channel whose public place is `public_url`: below conda.anaconda.org, or
    /// one of conda's `defaults` below repo.anaconda.com. Nothing for a channel that is elsewhere,
    /// and if no file says. Throws an Error with the place for a URL that envpm does not take, one
    /// with a token in it for example.
    [[nodiscard]] std::optional<Mirror> place_of(std::string_view public_url) const;

  private:
    struct File {
        std::string name;
        YamlValue content;
    };

    [[nodiscard]] std::optional<Mirror> custom(const std::string& channel) const;
    [[nodiscard]] std::optional<Mirror> from_defaults(std::string_view channel) const;
    [[nodiscard]] std::optional<Mirror> alias(const std::string& channel) const;

    std::vector<File> files_;
    std::optional<std::string> alias_variable_;
};

} // namespace envpm::project
