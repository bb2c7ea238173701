#pragma once

#include "base/files.h"
#include "manifest/read.h"
#include "pypi/fake_index.h"
#include "solver/solve.h"
#include "universe/package_universe.h"

#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

// For tests only: a manifest and indexes in memory, and the universe that they make.

namespace envpm::universe::test {

inline PackageName name_of(const std::string& text) {
    return PackageName::parse(text).value();
}

inline Manifest manifest_of(const std::string& text) {
    return manifest::parse(text, "envpm.toml", Platform::linux_64);
}

inline pypi::PythonChoice python_of(int minor) {
    return {{"cpython", 3, minor, fmt::format("cp3{}", minor)}, fmt::format("3.{}.1", minor)};
}

/// How the names of wheels end that have code for x86-64 and CPython 3.11.
inline const std::string x86_end = "-cp311-cp311-manylinux_2_17_x86_64.whl";

/// One wheel on a page.
struct Release {
    std::string file;                        ///< "alpha-1.0-py3-none-any.whl"
    std::vector<std::string> requires_ = {}; ///< Requires-Dist
    std::string requires_python = {};
    bool is_yanked = false;
    std::string upload_time = {};
};

/// Indexes at `https://<name>.example.org/simple`, whose wheels have their metadata beside them.
class FakeIndexes {
  public:
    pypi::test::FakeTransport transport;

    static pypi::Index index(const std::string& name) {
        return {name, {"https://" + name + ".example.org/simple"}, false};
    }

    static std::string page_url(const std::string& index, const std::string& project) {
        return "https://" + index + ".example.org/simple/" + project + "/";
    }

    /// All that `index` has of `project`.
    void add(const std::string& index, const std::string& project,
             const std::vector<Release>& releases) {
        std::string files;
        for (const Release& release : releases) {
            const auto wheel = pypi::WheelName::parse(release.file).value();
            std::string metadata = fmt::format("Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
                                               wheel.name.string(), wheel.version.text());
            for (const std::string& requirement : release.requires_) {
                metadata += "Requires-Dist: " + requirement + "\n";
            }
            if (!release.requires_python.empty()) {
                metadata += "Requires-Python: " + release.requires_python + "\n";
            }
            const std::string url = "https://" + index + ".example.org/files/" + release.file;
            transport.files[url + ".metadata"] = metadata + "\n";
            files += fmt::format(
                R"({}{{"filename":"{}","url":"{}","hashes":{{"sha256":"{}"}},"size":{},)"
                R"("core-metadata":true,"yanked":{},"requires-python":"{}"{}}})",
                files.empty() ? "" : ",", release.file, url, sha256_of(index + release.file).hex(),
                1000 + release.file.size(), release.is_yanked, release.requires_python,
                release.upload_time.empty()
                    ? ""
                    : fmt::format(R"(,"upload-time":"{}")", release.upload_time));
        }
        transport.files[page_url(index, project)] = fmt::format(
            R"({{"meta":{{"api-version":"1.1"}},"name":"{}","files":[{}]}})", project, files);
    }
};

/// One manifest's universe over the index `pypi` of some indexes.
class World {
  public:
    World(FakeIndexes& indexes, const std::string& manifest_text,
          std::vector<pypi::PythonChoice> pythons = {python_of(11)})
        : folder(std::filesystem::temp_directory_path()),
          manifest(manifest_of(manifest_text)),
          requests(read_requests(manifest)),
          client(indexes.transport, folder.path(), {}),
          listings(client, {FakeIndexes::index("pypi")}, {}),
          question({requests,
                    manifest.targets.front(),
                    std::move(pythons),
                    {},
                    manifest.exclude_newer,
                    manifest.prereleases,
                    ChannelPriority::strict,
                    gpu_machine(manifest, manifest.targets.front(), facts),
                    &facts}),
          universe(question, listings, nullptr) {}

    Answer solve() {
        return solver::solve({universe.roots(), universe.constraints(), {}}, universe, {});
    }

    /// "alpha 1.0", "python 3.11.1": what was chosen, sorted; empty if there is no answer.
    std::vector<std::string> chosen() {
        const Answer answer = solve();
        std::vector<std::string> out;
        if (const auto* resolution = std::get_if<Resolution>(&answer)) {
            for (const CandidateId id : resolution->chosen) {
                const Candidate& candidate = universe.candidate(id);
                if (!candidate.version.empty()) {
                    out.push_back(universe.slot(candidate.slot).name + " " + candidate.version);
                }
            }
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    TemporaryFolder folder;
    FactsTable facts{std::nullopt};
    Manifest manifest;
    Requests requests;
    pypi::IndexClient client;
    Listings listings;
    UniverseRequest question;
    PackageUniverse universe;
};

} // namespace envpm::universe::test
