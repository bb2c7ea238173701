#pragma once

#include "conda/fake_channel.h"
#include "solver/solve.h"
#include "universe/package_universe.h"
#include "universe/world_for_tests.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace envpm::universe::test {

using Entries = std::vector<conda::test::Entry>;

inline conda::test::Entry needing(conda::test::Entry one, const std::vector<std::string>& depends) {
    Json::Array list;
    for (const std::string& text : depends) {
        list.emplace_back(text);
    }
    return conda::test::with(std::move(one), {{"depends", std::move(list)}});
}

/// A manifest over channels and the index `pypi`, all in memory.
class Mixed {
  public:
    FakeIndexes indexes;

    void add(const std::string& channel, const Entries& entries) {
        const std::string url = "https://" + channel + ".example.org/";
        indexes.transport.files[url + "linux-64/repodata.json"] = conda::test::repodata(entries);
        indexes.transport.files[url + "noarch/repodata.json"] =
            conda::test::repodata({}, {{"info", Json::Object{{"subdir", "noarch"}}}});
    }

    /// "name version subdir", of wheels "name version wheel"; sorted, and empty if there is no
    /// answer. The host's Python is not among them.
    std::vector<std::string> chosen(const std::string& manifest_text) {
        solve(manifest_text);
        std::vector<std::string> out;
        if (const auto* resolution = std::get_if<Resolution>(&answer)) {
            for (const CandidateId id : resolution->chosen) {
                const Candidate& candidate = universe->candidate(id);
                if (const CondaCandidate* const package = universe->package(id)) {
                    out.push_back(package->record->name + " " + candidate.version + " " +
                                  package->record->subdir);
                } else if (universe->wheel(id) != nullptr) {
                    out.push_back(universe->slot(candidate.slot).name + " " + candidate.version +
                                  " wheel");
                }
            }
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    std::vector<std::string> asked() const {
        std::vector<std::string> urls;
        for (const auto& batch : indexes.transport.batches) {
            for (const HttpRequest& request : batch) {
                urls.push_back(request.url);
            }
        }
        return urls;
    }

    Answer answer;
    std::optional<PackageUniverse> universe;
    std::optional<Listings> listings;
    std::optional<Manifest> manifest;
    std::optional<Requests> requests;
    std::optional<UniverseRequest> question;
    conda::PypiNames names = conda::PypiNames::parse("pytorch torch\n", "the test");
    std::optional<CondaRecords> records;

  private:
    void solve(const std::string& manifest_text) {
        manifest = manifest_of(manifest_text);
        requests = read_requests(*manifest);
        client.emplace(indexes.transport, folder.path() / "index", CachePolicy());
        listings.emplace(*client, std::vector<pypi::Index>{FakeIndexes::index("pypi")}, Bindings());
        CondaRecordsRequest wanted;
        wanted.priority = manifest->channel_priority;
        wanted.exclude_newer = manifest->exclude_newer;
        for (const ChannelEntry& channel : manifest->channels) {
            (channel.is_listed ? wanted.listed : wanted.declared)
                .push_back({channel.name, {channel.url}});
        }
        for (const CondaRequest& request : requests->conda) {
            if (request.channel) {
                wanted.bound.emplace(request.name.string(), *request.channel);
            }
        }
        records.emplace(wanted, names, [this](std::vector<conda::Channel> channels) {
            return std::make_unique<conda::Channels>(indexes.transport, folder.path() / "channels",
                                                     CachePolicy(), std::move(channels),
                                                     Platform::linux_64);
        });
        const std::vector<std::string> python = {"python"};
        records->load(python);
        CondaPythons pythons = conda_pythons(records->find("python"), requests->conda);
        question.emplace(
            UniverseRequest{*requests, manifest->targets.front(), std::move(pythons.choices),
                            std::move(pythons.packages), manifest->exclude_newer,
                            manifest->prereleases, manifest->channel_priority,
                            gpu_machine(*manifest, manifest->targets.front(), facts), &facts});
        if (question->conda_pythons.empty()) {
            question->pythons = {python_of(11)};
        }
        universe.emplace(*question, *listings, &*records);
        answer = solver::solve({universe->roots(), universe->constraints(), {}}, *universe, {});
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    FactsTable facts{std::nullopt};
    std::optional<pypi::IndexClient> client;
};

inline const std::string channel_a = "[workspace]\nname = \"x\"\nchannels = [\"a\"]\n"
                                     "[channels]\na = \"https://a.example.org\"\n";

inline Entries pythons() {
    using conda::test::entry;
    return {entry("python", "3.11.5", "h0_cpython"), entry("python", "3.12.4", "h0_cpython"),
            entry("python", "3.12.4", "h9_73_pypy"), entry("python", "3.13.1", "h0_cp313t")};
}

inline Entries with_pythons(Entries more) {
    for (conda::test::Entry& one : pythons()) {
        more.push_back(std::move(one));
    }
    return more;
}

} // namespace envpm::universe::test
