#pragma once

#include "base/hash.h"
#include "conda/match_spec.h"
#include "model/manifest.h"
#include "pypi/marker.h"
#include "pypi/specifier.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::universe {

/// A manifest requirement in the language of its world.
struct Request {
    PackageName name;
    std::vector<PackageName> extras;
    pypi::SpecifierSet specifiers;
    pypi::Marker marker;
    std::optional<std::string> index;
    SourceLocation location;

    /// `name[extras] specifier`, normalised.
    [[nodiscard]] std::string text() const;
};

/// A line of `[dependencies]` in conda's language.
struct CondaRequest {
    PackageName name;
    conda::MatchSpec spec;
    std::optional<std::string> channel; ///< the only one that may serve it
    SourceLocation location;

    /// As it reads in messages: `numpy >=1.26`.
    [[nodiscard]] std::string text() const;
};

/// A pin of `[gpu]`: `12.8` is any 12.8, `9.*` and `>=2.20` are as in PEP 440.
struct GpuPinRequest {
    std::string name; ///< its key: "cuda"
    pypi::SpecifierSet specifiers;
    SourceLocation location;
};

/// `[gpu]` as far as it decides the solve.
struct GpuRequests {
    /// What all targets ask for; `any` if they differ, too.
    Accelerator accelerator = Accelerator::any;
    std::optional<GpuPinRequest> cuda;
    std::optional<GpuPinRequest> cudnn;
    std::optional<GpuPinRequest> nccl;
};

/// To one version, where the marker holds.
struct Pin {
    pypi::SpecifierSet specifiers;
    pypi::Marker marker{};
};

/// Everything that the manifest asks of the solve.
struct Requests {
    Request python;                  ///< any version if the manifest does not say
    std::vector<Request> packages;   ///< to be met by wheels; in the manifest's order
    std::vector<CondaRequest> conda; ///< to be met by conda packages, `python` among them; as above
    std::vector<Request> constraints;
    std::map<PackageName, pypi::SpecifierSet> overrides;
    std::set<PackageName> named_prereleases; ///< some request of the name mentions a pre-release
    std::map<PackageName, std::vector<Pin>> pins{}; ///< by requests, constraints and overrides
    GpuRequests gpu{};
};

/// What the target's builds are to be for: what its `accelerator` says, else that of `[gpu]`, else
/// what follows from its declarations (GPUs or a driver: cuda; `gpus = "none"`: cpu, as a wish, for
/// many wheels have no other build and do without a GPU), else cuda if `[gpu]` pins its version.
AskedAccelerator accelerator_for(const Manifest& manifest, const Target& target);

/// Reads specifiers and markers; an Error (code 1) for a bad one names file:line:column.
Requests read_requests(const Manifest& manifest);

/// Over what decides the solve and nothing else: not comments, order within tables, tasks or
/// mirrors.
Sha256 manifest_digest(const Manifest& manifest, const Requests& requests);

/// Reads a requirement of the command line, as it is typed: `numpy`, `torch~=2.9.0`,
/// `transformers[torch]>=4 ; marker`. What is none, or names a URL, is an Error of code 2.
ManifestRequirement requirement_from_text(const std::string& text);

} // namespace envpm::universe
