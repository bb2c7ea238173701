#include "universe/requests.h"

#include "base/ascii.h"
#include "base/error.h"
#include "pypi/requirement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <type_traits>

namespace envpm::universe {

namespace {

bool is_place(std::string_view text);
[[noreturn]] void refuse_place(const std::string& text, const SourceLocation& location);
void refuse_lone_version(const std::string& text, const std::string& behind,
                         const SourceLocation& location);
Request read_request(const ManifestRequirement& requirement);
Request read_python(const Manifest& manifest);
CondaRequest read_conda_request(const CondaRequirement& requirement);
std::string conda_specifier(const CondaRequirement& requirement);
std::string python_specifier(const std::string& text);
pypi::SpecifierSet specifiers_at(const std::string& text, const SourceLocation& location);
std::string line_of(std::string_view kind, const Request& request);
GpuRequests read_gpu_requests(const Manifest& manifest);
void note_versions(const PackageName& name, Pin named, Requests& requests);
std::optional<AskedAccelerator> follows_from(const DeclaredGpu& declared, const std::string& name);
std::optional<GpuPinRequest> read_pin(const char* name, const std::optional<GpuPin>& pin);
void add_gpu_lines(const Manifest& manifest, const Requests& requests,
                   std::vector<std::string>& lines);

/// Calls `read`, and gives what it throws the place in the manifest.
template <class Read>
std::invoke_result_t<Read> with_place(const SourceLocation& location, Read read);

} // namespace

std::string Request::text() const {
    std::string out = name.string();
    for (std::size_t i = 0; i < extras.size(); ++i) {
        out += (i == 0 ? "[" : ",") + extras[i].string() + (i + 1 == extras.size() ? "]" : "");
    }
    return specifiers.is_any() ? out : out + " " + specifiers.text();
}

std::string CondaRequest::text() const {
    if (spec.build_number || !spec.fields.empty()) {
        return spec.text(); // what asks for more must not read like what does not
    }
    std::string out = name.string();
    out += spec.version ? " " + spec.version->text() : spec.build ? " *" : "";
    return spec.build ? out + " " + spec.build->text() : out;
}

AskedAccelerator accelerator_for(const Manifest& manifest, const Target& target) {
    const auto found = manifest.declared_gpus.find(target.name);
    const DeclaredGpu declared =
        found == manifest.declared_gpus.end() ? DeclaredGpu{} : found->second;
    if (const auto& own = declared.accelerator) {
        return {*own,
                fmt::format("`accelerator` of target `{}` is \"{}\"", target.name, to_text(*own))};
    }
    if (const auto& common = manifest.gpu.accelerator) {
        return {*common, fmt::format("`[gpu] accelerator` is \"{}\"", to_text(*common))};
    }
    if (auto follows = follows_from(declared, target.name)) {
        return *follows;
    }
    // Who names its version means to have it.
    return manifest.gpu.cuda ? AskedAccelerator{Accelerator::cuda, "`[gpu]` pins CUDA"}
                             : AskedAccelerator{};
}

Requests read_requests(const Manifest& manifest) {
    Requests requests{read_python(manifest), {}, {}, {}, {}, {}};
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        requests.packages.push_back(read_request(requirement));
    }
    if (!manifest.channels.empty()) {
        for (const CondaRequirement& requirement : manifest.dependencies) {
            requests.conda.push_back(read_conda_request(requirement));
        }
    }
    requests.gpu = read_gpu_requests(manifest);
    for (const ManifestRequirement& requirement : manifest.constraints) {
        requests.constraints.push_back(read_request(requirement));
    }
    for (const Override& replaced : manifest.overrides) {
        requests.overrides.emplace(replaced.name,
                                   specifiers_at(replaced.specifier, replaced.location));
    }
    for (const auto* list : {&requests.packages, &requests.constraints}) {
        for (const Request& request : *list) {
            note_versions(request.name, {request.specifiers, request.marker}, requests);
        }
    }
    for (const auto& [name, specifiers] : requests.overrides) {
        note_versions(name, {specifiers}, requests);
    }
    return requests;
}

Sha256 manifest_digest(const Manifest& manifest, const Requests& requests) {
    std::vector<std::string> lines;
    lines.push_back(line_of("python", requests.python));
    for (const Request& request : requests.packages) {
        lines.push_back(line_of("package", request));
    }
    for (const CondaRequest& request : requests.conda) {
        lines.push_back(
            fmt::format("conda {} @ {}", request.spec.text(), request.channel.value_or("any")));
    }
    for (const Request& request : requests.constraints) {
        lines.push_back(line_of("constraint", request));
    }
    for (const auto& [name, specifiers] : requests.overrides) {
        lines.push_back(fmt::format("override {} {}", name.string(), specifiers.text()));
    }
    for (const FileRule& rule : manifest.files) {
        lines.push_back(fmt::format("file {} {}", rule.path.text(), rule.package));
    }
    for (const Target& target : manifest.targets) {
        lines.push_back(fmt::format("target {} {} glibc {}", target.name, to_text(target.platform),
                                    target.glibc.text()));
    }
    add_gpu_lines(manifest, requests, lines);
    std::sort(lines.begin(), lines.end());
    // The order of the indexes is their priority, so it counts.
    for (const IndexEntry& index : manifest.indexes) {
        lines.push_back(fmt::format("index {} {} {}", index.name, index.url,
                                    index.is_explicit ? "explicit" : "general"));
    }
    for (const ChannelEntry& channel : manifest.channels) {
        lines.push_back(fmt::format("channel {} {} {}", channel.name, channel.url,
                                    channel.is_listed ? "listed" : "declared"));
    }
    if (manifest.channel_priority != ChannelPriority::strict) {
        lines.push_back("channel-priority flexible");
    }
    lines.push_back("exclude-newer " + manifest.exclude_newer.value_or("never"));
    lines.push_back(fmt::format("prereleases {}", static_cast<int>(manifest.prereleases)));
    Sha256Hasher hasher;
    hasher.update("envpm-manifest-v1\n");
    for (const std::string& line : lines) {
        hasher.update(line);
        hasher.update("\n");
    }
    return hasher.finish();
}

ManifestRequirement requirement_from_text(const std::string& text) {
    const SourceLocation location{"the command line", 0, 0};
    if (is_place(text)) {
        refuse_place(text, location);
    }
    const pypi::Requirement parsed = [&] {
        try {
            return pypi::Requirement::parse(text);
        } catch (const Error& error) {
            const std::string& hint = error.text().hint;
            throw Error(
                {error.text().what, location.file,
                 hint.empty() ? "write it as `name`, `name==1.2` or `name[extra]>=1.2,<3`" : hint},
                ExitCode::usage);
        }
    }();
    if (!parsed.url.empty()) {
        refuse_lone_version(text, parsed.url, location);
        refuse_place(text, location);
    }
    return {parsed.name,   parsed.specifiers.text(),
            parsed.extras, parsed.marker.text(),
            std::nullopt,  location};
}

namespace {

/// What pip would take for a URL or a path, and is no requirement to anybody.
bool is_place(std::string_view text) {
    return text.find("://") != std::string_view::npos || text.starts_with('/') ||
           text.starts_with("./") || text.starts_with("../") || text.starts_with("~/") ||
           text == "." || text == ".." || text.ends_with(".whl");
}

void refuse_place(const std::string& text, const SourceLocation& location) {
    throw Error({fmt::format("`{}` names a URL or a path, and wheels come from indexes only", text),
                 location.file,
                 "put the wheel on an index (a folder of `file://` pages will do) and name that "
                 "under `[indexes]`"},
                ExitCode::usage);
}

/// `name@1.0` is how other tools ask for a version.
void refuse_lone_version(const std::string& text, const std::string& behind,
                         const SourceLocation& location) {
    const std::string version(trimmed(behind));
    const bool is_compared = version.find_first_of("<>=!~") == 0;
    if (is_compared || pypi::Version::parse(version)) {
        const std::string name(trimmed(std::string_view(text).substr(0, text.find('@'))));
        throw Error({fmt::format("`{}` has a version where a URL stands, behind `@`", text),
                     location.file,
                     fmt::format("did you mean `{}{}{}`?", name, is_compared ? "" : "==", version)},
                    ExitCode::usage);
    }
}

Request read_request(const ManifestRequirement& requirement) {
    Request request{requirement.name,
                    requirement.extras,
                    specifiers_at(requirement.specifier, requirement.location),
                    {},
                    requirement.index,
                    requirement.location};
    if (!requirement.marker.empty()) {
        request.marker = with_place(requirement.location,
                                    [&] { return pypi::Marker::parse(requirement.marker); });
    }
    return request;
}

/// In the language of PEP 440, for the Pythons of the host; a channel's are asked for by a
/// CondaRequest, where more can be said.
Request read_python(const Manifest& manifest) {
    const PackageName python = *PackageName::parse("python");
    for (const CondaRequirement& requirement : manifest.dependencies) {
        if (requirement.name == python) {
            const std::string specifier =
                manifest.channels.empty() ? python_specifier(requirement.specifier) : "";
            return read_request({python, specifier, {}, {}, {}, requirement.location});
        }
    }
    return {python, {}, {}, {}, {}, {manifest.file.string(), 0, 0}};
}

CondaRequest read_conda_request(const CondaRequirement& requirement) {
    return with_place(requirement.location, [&] {
        const std::string text = fmt::format("{} {} {}", requirement.name.string(),
                                             conda_specifier(requirement), requirement.build);
        return CondaRequest{requirement.name, conda::MatchSpec::parse(text), requirement.channel,
                            requirement.location};
    });
}

/// `python = "3.12"` is any 3.12, here as for the host's.
std::string conda_specifier(const CondaRequirement& requirement) {
    const std::string& text = requirement.specifier;
    const bool is_series = requirement.name.string() == "python" && !text.empty() &&
                           text.find_first_not_of("0123456789.") == std::string::npos &&
                           std::count(text.begin(), text.end(), '.') < 2;
    return is_series ? text + ".*" : text.empty() ? "*" : text;
}

/// conda's short forms, as far as an interpreter's version needs them: `3.12` and `=3.12` are any
/// 3.12, `3.12.*` too, `3.12.1` is that one.
std::string python_specifier(const std::string& text) {
    std::string version = text;
    if (version.starts_with('=') && !version.starts_with("==")) {
        version.erase(0, 1);
    }
    if (version.empty() || version.find_first_not_of("0123456789.*") != std::string::npos ||
        version == "*") {
        return text;
    }
    if (version.ends_with(".*")) {
        return "==" + version;
    }
    const bool is_series = std::count(version.begin(), version.end(), '.') < 2;
    return "==" + version + (is_series ? ".*" : "");
}

pypi::SpecifierSet specifiers_at(const std::string& text, const SourceLocation& location) {
    return with_place(location, [&] { return pypi::SpecifierSet::parse(text); });
}

template <class Read>
std::invoke_result_t<Read> with_place(const SourceLocation& location, Read read) {
    try {
        return read();
    } catch (const Error& error) {
        throw Error({error.text().what, location.text(), error.text().hint}, error.code());
    }
}

/// Which releases a specifier lets in by naming them.
void note_versions(const PackageName& name, Pin named, Requests& requests) {
    if (named.specifiers.names_prerelease()) {
        requests.named_prereleases.insert(name);
    }
    if (named.specifiers.is_pin()) {
        requests.pins[name].push_back(std::move(named));
    }
}

GpuRequests read_gpu_requests(const Manifest& manifest) {
    const GpuPolicy& policy = manifest.gpu;
    // What a target only wishes for it can do without, so that rules nothing out.
    const auto demanded = [&](const Target& target) {
        const AskedAccelerator asked = accelerator_for(manifest, target);
        return asked.is_wish ? Accelerator::any : asked.value;
    };
    GpuRequests requests{demanded(manifest.targets.front()), read_pin("cuda", policy.cuda),
                         read_pin("cudnn", policy.cudnn), read_pin("nccl", policy.nccl)};
    for (const Target& target : manifest.targets) {
        if (demanded(target) != requests.accelerator) {
            requests.accelerator = Accelerator::any;
        }
    }
    return requests;
}

/// Nothing if the target leaves it open.
std::optional<AskedAccelerator> follows_from(const DeclaredGpu& declared, const std::string& name) {
    if (declared.gpus && declared.gpus->empty()) {
        return AskedAccelerator{Accelerator::cpu,
                                fmt::format("target `{}` has `gpus = \"none\"`", name), true};
    }
    if (declared.gpus || declared.driver || declared.cuda) {
        return AskedAccelerator{Accelerator::cuda,
                                fmt::format("target `{}` declares {}", name,
                                            declared.gpus ? "GPUs" : "an NVIDIA driver")};
    }
    return std::nullopt;
}

/// A version without an operator is that series, as in conda's `12.8.*`: whoever pins CUDA means no
/// patch of it.
std::optional<GpuPinRequest> read_pin(const char* name, const std::optional<GpuPin>& pin) {
    if (!pin) {
        return std::nullopt;
    }
    std::string text = pin->text;
    if (text.find(',') != std::string::npos &&
        text.find_first_not_of("0123456789,") == std::string::npos) {
        std::string meant = text;
        std::replace(meant.begin(), meant.end(), ',', '.');
        throw Error({fmt::format("`{}` is no version", text), pin->location.text(),
                     fmt::format("did you mean `{}`?", meant)});
    }
    if (!text.empty() && text.find_first_not_of("0123456789.") == std::string::npos) {
        text = "==" + text + ".*";
    } else if (text.ends_with(".*") &&
               text.find_first_not_of("0123456789.*") == std::string::npos) {
        text = "==" + text;
    }
    return GpuPinRequest{name, specifiers_at(text, pin->location), pin->location};
}

/// Only what is said, so that a manifest without it has the digest that it always had.
void add_gpu_lines(const Manifest& manifest, const Requests& requests,
                   std::vector<std::string>& lines) {
    const GpuRequests& gpu = requests.gpu;
    if (manifest.gpu.accelerator || gpu.cuda) {
        lines.push_back(fmt::format("gpu accelerator {}",
                                    to_text(manifest.gpu.accelerator.value_or(Accelerator::cuda))));
    }
    for (const auto& [name, pin] :
         {std::pair("cuda", &gpu.cuda), {"cudnn", &gpu.cudnn}, {"nccl", &gpu.nccl}}) {
        if (*pin) {
            lines.push_back(fmt::format("gpu {} {}", name, (*pin)->specifiers.text()));
        }
    }
    if (manifest.gpu.chooses_torch_variants) {
        lines.push_back("gpu torch-variants auto");
    }
    for (const auto& [target, declared] : manifest.declared_gpus) {
        if (declared.driver) {
            lines.push_back(fmt::format("driver of {} {}", target, declared.driver->text()));
        }
        if (declared.cuda) {
            lines.push_back(fmt::format("cuda of {} {}", target, declared.cuda->text()));
        }
        if (declared.gpus) {
            lines.push_back(fmt::format("gpus of {} {}", target, fmt::join(*declared.gpus, ", ")));
        }
        if (declared.accelerator) {
            lines.push_back(
                fmt::format("accelerator of {} {}", target, to_text(*declared.accelerator)));
        }
    }
}

std::string line_of(std::string_view kind, const Request& request) {
    return fmt::format("{} {} ; {} @ {}", kind, request.text(), request.marker.text(),
                       request.index.value_or("any"));
}

} // namespace

} // namespace envpm::universe
