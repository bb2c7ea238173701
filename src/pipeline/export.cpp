#include "pipeline/export.h"

#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "conda/archive_name.h"
#include "installing/target_choice.h"
#include "locking/lock.h"
#include "manifest/channels.h"
#include "pipeline/inspect.h"
#include "project/torch_variants.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace envpm::pipeline {

namespace {

/// What is exported, with the texts that come of it.
struct Exporter {
    const Manifest& manifest;
    const LockedTarget& target;
    std::vector<const LockedPackage*> conda; ///< in the order of their needs
    std::vector<const LockedPackage*> wheels;
    Export out;

    void write_explicit();
    void write_environment();
    void write_requirements();
    void write_channels();
    void write_dependencies();
    void write_wheels();
    void write_indexes(std::string_view margin);
    void write_variables();
    [[nodiscard]] const ChannelEntry& channel_of(const LockedPackage& package) const;
    [[nodiscard]] std::string channel_text(const ChannelEntry& channel) const;
    void leave(std::string what, std::string why);
};

std::vector<const LockedPackage*> in_order_of_needs(const std::vector<const LockedPackage*>& all);
std::string counted_packages(const std::vector<const LockedPackage*>& packages);
std::string without_last_slash(std::string url);
std::string yaml_text(const std::string& text);

} // namespace

std::optional<ExportFormat> parse_export_format(std::string_view text) {
    if (text == "explicit") {
        return ExportFormat::explicit_list;
    }
    if (text == "requirements-txt") {
        return ExportFormat::requirements_txt;
    }
    return text == "environment-yml" ? std::optional(ExportFormat::environment_yml) : std::nullopt;
}

Export export_text(const Manifest& manifest, const Lock& lock, const LockedTarget& target,
                   ExportFormat format) {
    Exporter exporter{manifest, target, {}, {}, {target.target.name, {}, {}}};
    for (const LockedPackage& package : lock.packages) {
        if (package.is_for(target.target.name)) {
            (package.is_conda() ? exporter.conda : exporter.wheels).push_back(&package);
        }
    }
    exporter.conda = in_order_of_needs(exporter.conda);
    if (format == ExportFormat::explicit_list) {
        exporter.write_explicit();
    } else if (format == ExportFormat::requirements_txt) {
        exporter.write_requirements();
    } else {
        exporter.write_environment();
    }
    return exporter.out;
}

Export export_lock(const project::Project& project, const std::optional<std::string>& target,
                   ExportFormat format, project::Services& services) {
    const Manifest manifest = project::read_manifest(project);
    const Lock lock = fresh_lock(project, manifest);
    return export_text(manifest, lock, installing::choose_target(manifest, lock, target, services),
                       format);
}

Lock fresh_lock(const project::Project& project, const Manifest& manifest) {
    std::optional<Lock> lock = project::read_lock(project);
    const locking::LockCheck check = locking::check_lock(manifest, lock);
    if (!lock || !check.is_fresh) {
        throw Error({fmt::format("envpm.lock is out of date: {}", check.reasons.front()),
                     project.lock_file().string(), "run `envpm lock`"},
                    ExitCode::lock_out_of_date);
    }
    return *std::move(lock);
}

namespace {

void Exporter::write_explicit() {
    if (conda.empty()) {
        throw Error({fmt::format("an explicit list has conda packages only, and target `{}` of "
                                 "this lock has none",
                                 target.target.name),
                     "envpm.lock", "`--format environment-yml` has wheels too"});
    }
    out.text = fmt::format("# made by envpm {} from envpm.lock, target {}\n# platform: {}\n"
                           "@EXPLICIT\n",
                           ENVPM_VERSION, target.target.name, to_text(target.target.platform));
    for (const LockedPackage* package : conda) {
        out.text +=
            fmt::format("{}/{}/{}#sha256:{}\n", without_last_slash(channel_of(*package).url),
                        package->subdir, package->file, package->sha256.hex());
    }
    if (!wheels.empty()) {
        std::vector<std::string> names;
        for (const LockedPackage* wheel : wheels) {
            names.push_back(wheel->name.string() + " " + wheel->version);
        }
        leave(fmt::format("wheels: {}", fmt::join(names, ", ")),
              "an explicit list has conda packages only; `--format environment-yml` has wheels");
    }
    if (target.python && !target.python->is_package) {
        leave(fmt::format("python {}", target.python->version),
              "it is this machine's, not a conda package");
    }
}

void Exporter::write_environment() {
    out.text = fmt::format("# made by envpm {} from envpm.lock, target {} ({})\n", ENVPM_VERSION,
                           target.target.name, to_text(target.target.platform));
    out.text += fmt::format("name: {}\n", yaml_text(manifest.name));
    write_channels();
    out.text += "dependencies:\n";
    write_dependencies();
    write_wheels();
    write_variables();
    leave("digests",
          "an environment.yml has none; `--format explicit` has those of conda packages");
}

/// pip may take any of the files that have one of the digests: here there is one.
void Exporter::write_requirements() {
    if (wheels.empty()) {
        throw Error({fmt::format("a requirements file has wheels only, and target `{}` of this "
                                 "lock has none",
                                 target.target.name),
                     "envpm.lock", "`--format explicit` has conda packages"});
    }
    out.text = fmt::format("# made by envpm {} from envpm.lock, target {} ({}{})\n", ENVPM_VERSION,
                           target.target.name, to_text(target.target.platform),
                           target.python ? ", python " + target.python->version : "");
    write_indexes("");
    for (const LockedPackage* wheel : wheels) {
        out.text += fmt::format("{}=={} \\\n    --hash=sha256:{}\n", wheel->name.string(),
                                wheel->version, wheel->sha256.hex());
    }
    if (!conda.empty()) {
        leave(counted_packages(conda), "pip has no conda packages; `--format explicit` lists them");
    }
}

void Exporter::write_channels() {
    out.text += "channels:\n";
    for (const ChannelEntry& channel : manifest.channels) {
        if (channel.is_listed) {
            out.text += fmt::format("  - {}\n", channel_text(channel));
        }
    }
    if (manifest.channels.empty()) {
        out.text += "  - conda-forge\n";
        leave("no channel", "conda needs one, at least for python: conda-forge is written");
    }
    out.text += "  - nodefaults\n";
}

/// The channel stands before a package where the list of channels does not say it.
void Exporter::write_dependencies() {
    if (target.python && !target.python->is_package) {
        out.text += fmt::format("  - python={}\n", target.python->version);
        leave(fmt::format("python {}", target.python->version),
              "it is this machine's; conda takes one of that version from a channel");
    }
    for (const LockedPackage* package : conda) {
        const ChannelEntry& channel = channel_of(*package);
        const auto name = conda::ArchiveName::parse(package->file);
        const std::string before =
            manifest.channels.size() == 1 ? "" : channel_text(channel) + "::";
        out.text += fmt::format("  - {}{}={}={}\n", before, package->name.string(),
                                package->version, name ? name->build : "*");
    }
}

void Exporter::write_wheels() {
    if (wheels.empty()) {
        return;
    }
    out.text += "  - pip:\n";
    std::set<std::string> sources;
    for (const LockedPackage* wheel : wheels) {
        sources.insert(wheel->source);
    }
    write_indexes("      - ");
    for (const LockedPackage* wheel : wheels) {
        out.text += fmt::format("      - {}=={}\n", wheel->name.string(), wheel->version);
    }
    if (sources.size() > 1) {
        leave("the index of each wheel", "pip takes a version from any index that has it");
    }
}

/// The manifest's in its order, then those of PyTorch's builds. In a requirements file, where each
/// line is one of pip, a comment says what comes from one that is not the default.
void Exporter::write_indexes(std::string_view margin) {
    std::map<std::string, std::set<std::string>> served;
    for (const LockedPackage* wheel : wheels) {
        served[wheel->source].insert(wheel->name.string());
    }
    const auto write = [&](const std::string& name, const std::string& url) {
        if (margin.empty()) {
            out.text +=
                fmt::format("# the index `{}`: {}\n", name, fmt::join(served.at(name), ", "));
        }
        out.text += fmt::format("{}--extra-index-url {}\n", margin, without_credentials(url));
        served.erase(name);
    };
    for (const IndexEntry& index : manifest.indexes) {
        if (index.name == "pypi") {
            out.text += fmt::format("{}--index-url {}\n", margin, without_credentials(index.url));
        } else if (served.contains(index.name)) {
            write(index.name, index.url);
        }
    }
    served.erase("pypi");
    for (const auto& [name, names] : std::map(served)) {
        if (const auto url = project::torch_index_url(name)) {
            write(name, *url);
        } else {
            leave(fmt::format("the index `{}`", name),
                  "the manifest has no URL of it; give it to pip by `--extra-index-url`");
        }
    }
}

/// conda sets a variable to the very text.
void Exporter::write_variables() {
    std::string lines;
    for (const auto& [name, value] : manifest.activation_variables) {
        std::string text = value;
        for (std::size_t at = text.find('$'); at != std::string::npos;
             at = text.find('$', at + 1)) {
            if (text.compare(at, 2, "$$") != 0) {
                leave(fmt::format("variable `{}`", name),
                      "it is made of others, and conda sets a variable to the very text");
                text.clear();
                break;
            }
            text.erase(at, 1);
        }
        if (!text.empty() || value.empty()) {
            lines += fmt::format("  {}: {}\n", name, to_text(Json(text)));
        }
    }
    out.text += lines.empty() ? "" : "variables:\n" + lines;
}

const ChannelEntry& Exporter::channel_of(const LockedPackage& package) const {
    const auto found =
        std::find_if(manifest.channels.begin(), manifest.channels.end(),
                     [&](const ChannelEntry& channel) { return channel.name == package.source; });
    if (found == manifest.channels.end()) {
        throw Error({fmt::format("`{}` is locked from the channel `{}`, which is not in the "
                                 "manifest",
                                 package.name.string(), package.source),
                     manifest.file.string(), "run `envpm lock`"},
                    ExitCode::lock_out_of_date);
    }
    return *found;
}

/// Its name, if conda looks it up at the same place.
std::string Exporter::channel_text(const ChannelEntry& channel) const {
    const std::string url = without_last_slash(channel.url);
    const std::string place(manifest::public_channels);
    return url.starts_with(place) ? url.substr(place.size()) : url;
}

void Exporter::leave(std::string what, std::string why) {
    out.left.push_back({{"envpm.lock", 0, 0}, std::move(what), std::move(why)});
}

/// Puts packages behind what they need, depth first and without recursion.
class NeedsFirst {
  public:
    explicit NeedsFirst(const std::vector<const LockedPackage*>& all) {
        for (const LockedPackage* package : all) {
            by_name_.emplace(package->name, package);
        }
    }

    void add(const LockedPackage& package) {
        enter(package.name);
        while (!open_.empty()) {
            auto& [top, next] = open_.back();
            if (next == top->dependencies.size()) {
                out.push_back(top);
                open_.pop_back();
                continue;
            }
            const std::string& text = top->dependencies[next++];
            if (const auto name =
                    PackageName::parse_conda(text.substr(0, text.find_first_of(" [")))) {
                enter(*name);
            }
        }
    }

    std::vector<const LockedPackage*> out;

  private:
    void enter(const PackageName& name) {
        const auto found = by_name_.find(name);
        if (found != by_name_.end() && seen_.insert(name).second) {
            open_.emplace_back(found->second, 0);
        }
    }

    std::map<PackageName, const LockedPackage*> by_name_;
    std::set<PackageName> seen_;
    std::vector<std::pair<const LockedPackage*, std::size_t>> open_;
};

/// Old tools link in the order of the list. Of packages that need each other the first by name
/// comes last.
std::vector<const LockedPackage*> in_order_of_needs(const std::vector<const LockedPackage*>& all) {
    NeedsFirst order(all);
    for (const LockedPackage* package : all) {
        order.add(*package);
    }
    return std::move(order.out);
}

std::string counted_packages(const std::vector<const LockedPackage*>& packages) {
    return fmt::format("{} conda package{}", packages.size(), packages.size() == 1 ? "" : "s");
}

std::string without_last_slash(std::string url) {
    while (url.ends_with('/')) {
        url.pop_back();
    }
    return url;
}

/// Quoted, unless it is a word that YAML cannot take for anything else.
std::string yaml_text(const std::string& text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const std::set<std::string> words = {"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
    const bool is_word =
        !text.empty() &&
        text.find_first_not_of(std::string(letters) + "0123456789_-") == std::string::npos &&
        letters.find(text.front()) != std::string_view::npos;
    return is_word && !words.contains(text) ? text : to_text(Json(text));
}

} // namespace

} // namespace envpm::pipeline
