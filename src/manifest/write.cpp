#include "manifest/write.h"

#include "base/ascii.h"
#include "base/toml.h"
#include "manifest/channels.h"
#include "manifest/quoted.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::manifest {

namespace {

/// `key = value`, the value in TOML already.
struct Line {
    std::string key;
    std::string value;
};

using Lines = std::vector<Line>;

Lines workspace_lines(const Manifest& manifest);
Lines dependency_lines(const std::vector<CondaRequirement>& requirements);
Lines wheel_lines(const std::vector<ManifestRequirement>& requirements);
Lines index_lines(const std::vector<IndexEntry>& indexes);
Lines channel_lines(const std::vector<ChannelEntry>& channels);
Lines override_lines(const std::vector<Override>& overrides);
Lines gpu_lines(const GpuPolicy& gpu);
Lines target_lines(const Target& target, const DeclaredGpu& gpu);
Lines task_lines(const std::vector<Task>& tasks);
Lines activation_lines(const Manifest& manifest);
Lines variable_lines(const Manifest& manifest);
std::string table(const std::string& header, const Lines& lines);
std::string inline_table(const Lines& fields);
std::string list(const std::vector<std::string>& texts);
std::string key_text(const std::string& key);

} // namespace

std::string to_text(const Manifest& manifest) {
    std::string out = table("workspace", workspace_lines(manifest));
    out += table("dependencies", dependency_lines(manifest.dependencies));
    out += table("pypi-dependencies", wheel_lines(manifest.pypi_dependencies));
    out += table("constraints", wheel_lines(manifest.constraints));
    out += table("overrides", override_lines(manifest.overrides));
    out += table("gpu", gpu_lines(manifest.gpu));
    out += table("channels", channel_lines(manifest.channels));
    out += table("indexes", index_lines(manifest.indexes));
    for (const Target& target : manifest.targets) {
        const auto declared = manifest.declared_gpus.find(target.name);
        const DeclaredGpu gpu =
            declared == manifest.declared_gpus.end() ? DeclaredGpu{} : declared->second;
        if (target != Target{} || gpu.driver || gpu.cuda || gpu.gpus) {
            out += table("targets." + key_text(target.name), target_lines(target, gpu));
        }
    }
    out += table("tasks", task_lines(manifest.tasks));
    out += table("activation", activation_lines(manifest));
    out += table("activation.env", variable_lines(manifest));
    return out.substr(1);
}

namespace {

Lines workspace_lines(const Manifest& manifest) {
    Lines lines;
    if (!manifest.name.empty()) {
        lines.push_back({"name", toml_quoted(manifest.name)});
    }
    std::vector<std::string> channels;
    for (const ChannelEntry& channel : manifest.channels) {
        if (channel.is_listed) {
            channels.push_back(channel.name);
        }
    }
    if (!channels.empty()) {
        lines.push_back({"channels", list(channels)});
    }
    if (manifest.channel_priority != ChannelPriority::strict) {
        lines.push_back({"channel-priority", quoted("flexible")});
    }
    if (manifest.exclude_newer) {
        lines.push_back({"exclude-newer", quoted(*manifest.exclude_newer)});
    }
    if (manifest.prereleases != Prereleases::if_necessary) {
        const bool allows = manifest.prereleases == Prereleases::allow;
        lines.push_back({"prereleases", quoted(allows ? "allow" : "never")});
    }
    if (manifest.requires_envpm) {
        lines.push_back({"requires-envpm", quoted(*manifest.requires_envpm)});
    }
    return lines;
}

Lines dependency_lines(const std::vector<CondaRequirement>& requirements) {
    Lines lines;
    for (const CondaRequirement& requirement : requirements) {
        std::string value = quoted(requirement.specifier);
        if (!requirement.build.empty() && !requirement.channel) {
            value = quoted(requirement.specifier + " " + requirement.build);
        } else if (requirement.channel) {
            Lines fields = {{"version", value}};
            if (!requirement.build.empty()) {
                fields.push_back({"build", quoted(requirement.build)});
            }
            fields.push_back({"channel", quoted(*requirement.channel)});
            value = inline_table(fields);
        }
        lines.push_back({requirement.name.string(), value});
    }
    return lines;
}

Lines wheel_lines(const std::vector<ManifestRequirement>& requirements) {
    Lines lines;
    for (const ManifestRequirement& requirement : requirements) {
        Lines fields = {
            {"version", quoted(requirement.specifier.empty() ? "*" : requirement.specifier)}};
        if (!requirement.extras.empty()) {
            std::vector<std::string> extras;
            for (const PackageName& extra : requirement.extras) {
                extras.push_back(extra.string());
            }
            fields.push_back({"extras", list(extras)});
        }
        if (!requirement.marker.empty()) {
            fields.push_back({"marker", quoted(requirement.marker)});
        }
        if (requirement.index) {
            fields.push_back({"index", quoted(*requirement.index)});
        }
        const bool is_plain = fields.size() == 1;
        lines.push_back(
            {requirement.name.string(), is_plain ? fields.front().value : inline_table(fields)});
    }
    return lines;
}

Lines index_lines(const std::vector<IndexEntry>& indexes) {
    Lines lines;
    for (const IndexEntry& index : indexes) {
        const std::string url = quoted(index.url);
        lines.push_back({index.name, index.is_explicit
                                         ? inline_table({{"url", url}, {"explicit", "true"}})
                                         : url});
    }
    return lines;
}

/// Those that their name alone does not lead to, and those that are not listed.
Lines channel_lines(const std::vector<ChannelEntry>& channels) {
    Lines lines;
    for (const ChannelEntry& channel : channels) {
        if (!channel.is_listed || channel.url != std::string(public_channels) + channel.name) {
            lines.push_back({channel.name, quoted(channel.url)});
        }
    }
    return lines;
}

Lines override_lines(const std::vector<Override>& overrides) {
    Lines lines;
    for (const Override& replaced : overrides) {
        lines.push_back({replaced.name.string(), quoted(replaced.specifier)});
    }
    return lines;
}

Lines gpu_lines(const GpuPolicy& gpu) {
    Lines lines;
    if (gpu.accelerator) {
        lines.push_back({"accelerator", quoted(std::string(to_text(*gpu.accelerator)))});
    }
    for (const auto& [key, pin] :
         {std::pair("cuda", &gpu.cuda), {"cudnn", &gpu.cudnn}, {"nccl", &gpu.nccl}}) {
        if (*pin) {
            lines.push_back({key, quoted((*pin)->text)});
        }
    }
    if (gpu.chooses_torch_variants) {
        lines.push_back({"torch-variants", quoted("auto")});
    }
    for (const auto& [key, policy] :
         {std::pair("self-test", gpu.self_test), std::pair("audit", gpu.audit)}) {
        if (policy != CheckPolicy::warn) {
            lines.push_back({key, quoted(policy == CheckPolicy::strict ? "strict" : "off")});
        }
    }
    if (!gpu.audit_allow.empty()) {
        lines.push_back({"audit-allow", list(gpu.audit_allow)});
    }
    return lines;
}

Lines target_lines(const Target& target, const DeclaredGpu& gpu) {
    Lines lines = {{"platform", quoted(std::string(to_text(target.platform)))}};
    if (target.glibc != GlibcVersion{}) {
        lines.push_back({"glibc", quoted(target.glibc.text())});
    }
    if (gpu.driver) {
        lines.push_back({"driver", quoted(gpu.driver->text())});
    }
    if (gpu.cuda) {
        lines.push_back({"cuda", quoted(gpu.cuda->text())});
    }
    if (gpu.gpus) {
        lines.push_back({"gpus", gpu.gpus->empty() ? quoted("none") : list(*gpu.gpus)});
    }
    if (gpu.accelerator) {
        lines.push_back({"accelerator", quoted(std::string(to_text(*gpu.accelerator)))});
    }
    return lines;
}

Lines task_lines(const std::vector<Task>& tasks) {
    Lines lines;
    for (const Task& task : tasks) {
        lines.push_back({task.name, quoted(task.command)});
    }
    return lines;
}

Lines activation_lines(const Manifest& manifest) {
    return manifest.sources_conda_scripts ? Lines{{"conda-scripts", "true"}} : Lines();
}

Lines variable_lines(const Manifest& manifest) {
    Lines lines;
    for (const auto& [name, value] : manifest.activation_variables) {
        lines.push_back({name, quoted(value)});
    }
    return lines;
}

/// Nothing for a table with nothing in it.
std::string table(const std::string& header, const Lines& lines) {
    if (lines.empty()) {
        return {};
    }
    std::string out = fmt::format("\n[{}]\n", header);
    for (const Line& line : lines) {
        out += fmt::format("{} = {}\n", key_text(line.key), line.value);
    }
    return out;
}

std::string inline_table(const Lines& fields) {
    std::string out;
    for (const Line& field : fields) {
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", field.key, field.value);
    }
    return "{ " + out + " }";
}

std::string list(const std::vector<std::string>& texts) {
    std::vector<std::string> items;
    items.reserve(texts.size());
    for (const std::string& text : texts) {
        items.push_back(quoted(text));
    }
    return fmt::format("[{}]", fmt::join(items, ", "));
}

/// Dots would make a table of it.
std::string key_text(const std::string& key) {
    const bool is_bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '_';
    });
    return is_bare ? key : quoted(key);
}

} // namespace

} // namespace envpm::manifest
