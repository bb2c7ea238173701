#include "importers/read.h"

#include "base/error.h"
#include "base/toml_fields.h"
#include "base/yaml.h"
#include "importers/conda_lock.h"
#include "importers/environment_yml.h"
#include "importers/explicit_list.h"
#include "importers/pixi.h"

#include <fmt/format.h>

namespace envpm::importers {

namespace {

Imported read_yaml(std::string_view text, const std::string& file);
bool has_suffix(const std::string& file, std::string_view suffix);
[[noreturn]] void refuse_file(const std::string& file, std::string hint);

} // namespace

Imported read(std::string_view text, const std::string& file, std::string_view environment) {
    if (has_suffix(file, ".toml")) {
        return read_pixi(parse_toml(text, file), file, environment);
    }
    if (environment != "default") {
        complain_at({file, 0, 0},
                    fmt::format("there is no environment `{}` to choose here", environment),
                    "only pixi's files have several environments", ExitCode::usage);
    }
    if (is_explicit_list(text)) {
        return read_explicit_list(text, file);
    }
    if (has_suffix(file, ".yml") || has_suffix(file, ".yaml")) {
        return read_yaml(text, file);
    }
    if (has_suffix(file, "pixi.lock")) {
        refuse_file(file, "import the pixi.toml that it was made from");
    }
    refuse_file(file, "a list of URLs has a line `@EXPLICIT`, other files are known by `.yml` and "
                      "`.toml`; a requirements.txt goes through `envpm add -r`");
}

namespace {

Imported read_yaml(std::string_view text, const std::string& file) {
    const YamlValue root = parse_yaml(text, file);
    if (root.find("metadata") != nullptr && root.find("package") != nullptr) {
        return read_conda_lock(root, file);
    }
    if (root.find("dependencies") == nullptr) {
        refuse_file(file, "an environment.yml has `dependencies`, a conda-lock.yml has `metadata` "
                          "and `package`");
    }
    return read_environment_yml(root, file);
}

bool has_suffix(const std::string& file, std::string_view suffix) {
    return file.ends_with(suffix);
}

void refuse_file(const std::string& file, std::string hint) {
    complain_at({file, 0, 0}, "this is no file that envpm can import", std::move(hint));
}

} // namespace

} // namespace envpm::importers
