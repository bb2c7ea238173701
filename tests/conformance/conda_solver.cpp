// Solves manifests over conda channels, one a line, so that scripts can check the answers and the
// time (conda_solve.py):
//
//     conda_solver CACHE < REQUESTS
//
// A line is a JSON string, the text of an `envpm.toml`. All list the same channels, which are
// opened for the first one and stay open. It is what `envpm lock` does from the manifest's text to
// the answer, but that Python comes from the channels alone. The answer is a JSON object with
// `chosen`, the files as `subdir/file`; or with `conflict`, the requirements that clash; or with
// `error`. It has `seconds`, those of the processor too, how many `rounds` were solved, and the
// most memory that the program had so far.
//
// A later line may be a list of names instead: the answer has under `names` how many `candidates`
// the channels have of each, and which files are `unusable`.

#include "base/error.h"
#include "base/json.h"
#include "manifest/read.h"
#include "project/conda_sources.h"
#include "solver/solve.h"
#include "universe/package_universe.h"

#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <string>

namespace envpm::project {

namespace {

using Seconds = std::chrono::duration<double>;

/// A manifest and what it asks for.
struct Question {
    Manifest manifest;
    universe::Requests requests;

    explicit Question(const std::string& text)
        : manifest(manifest::parse(text, "envpm.toml", Platform::linux_64)),
          requests(universe::read_requests(manifest)) {}
};

double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::uint64_t most_memory_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// What stays open from one question to the next.
class Solver {
  public:
    explicit Solver(const std::filesystem::path& cache)
        : services_(settings_with(cache), surroundings(), progress_),
          client_(services_.network(), services_.cache("index"), {}),
          listings_(client_, {}, {}) {}

    Json::Object answer(const std::string& text) {
        const auto start = std::chrono::steady_clock::now();
        const double processor_start = processor_seconds();
        Json::Object out;
        try {
            out = solve(Question(text));
        } catch (const Error& error) {
            out["error"] = error.text().what + ": " + error.text().subject;
        }
        out["processor_seconds"] = processor_seconds() - processor_start;
        out["seconds"] = Seconds(std::chrono::steady_clock::now() - start).count();
        out["memory_bytes"] = most_memory_bytes();
        return out;
    }

    Json::Object listing(const std::vector<std::string>& names) {
        records().load(names);
        Json::Object out;
        for (const std::string& name : names) {
            const universe::CondaListing& listing = records().find(name);
            Json::Array unusable;
            for (const conda::Unusable& file : listing.unusable) {
                unusable.emplace_back(file.file_name + ": " + file.why);
            }
            const auto count = static_cast<std::uint64_t>(listing.candidates.size());
            out[name] = Json::Object{{"candidates", count}, {"unusable", std::move(unusable)}};
        }
        return {{"names", std::move(out)}};
    }

    /// Reads the pages of the channels, so that no answer has to.
    void open(const std::string& text) {
        first_ = std::make_unique<Question>(text);
        sources_ = std::make_unique<CondaSources>(first_->manifest, first_->requests, false,
                                                  std::nullopt, services_);
        const std::vector<std::string> python = {"python"};
        records().load(python);
    }

  private:
    static Settings settings_with(const std::filesystem::path& cache) {
        Settings settings;
        settings.cache_root = cache;
        return settings;
    }

    static Surroundings surroundings() {
        Surroundings surroundings;
        surroundings.now = std::chrono::system_clock::now();
        return surroundings;
    }

    universe::CondaRecords& records() {
        return *sources_->records_for(first_->manifest.targets.front().platform);
    }

    Json::Object solve(const Question& question) {
        universe::CondaPythons pythons =
            universe::conda_pythons(records().find("python"), question.requests.conda);
        universe::UniverseRequest wanted{
            question.requests, question.manifest.targets.front(), {}, {}, {}};
        wanted.pythons = std::move(pythons.choices);
        wanted.conda_pythons = std::move(pythons.packages);
        universe::PackageUniverse universe(std::move(wanted), listings_, &records());
        solver::SolveStatistics statistics;
        const Answer answer = solver::solve({universe.roots(), universe.constraints(), {}},
                                            universe, {}, &statistics);
        Json::Object out;
        out["rounds"] = statistics.rounds;
        out["runs"] = statistics.solver_runs;
        out["described"] = static_cast<std::uint64_t>(statistics.described);
        if (const auto* resolution = std::get_if<Resolution>(&answer)) {
            out["chosen"] = files(*resolution, universe);
        } else {
            out["conflict"] = clash(std::get<Conflict>(answer), universe);
        }
        return out;
    }

    static Json::Array files(const Resolution& resolution,
                             const universe::PackageUniverse& universe) {
        Json::Array files;
        for (const CandidateId id : resolution.chosen) {
            if (const universe::CondaCandidate* package = universe.package(id)) {
                files.emplace_back(package->record->subdir + "/" + package->record->file_name);
            }
        }
        return files;
    }

    static Json::Array clash(const Conflict& conflict, const universe::PackageUniverse& universe) {
        Json::Array texts;
        for (const RequirementId id : conflict.roots) {
            texts.emplace_back(universe.requirement(id).text);
        }
        return texts;
    }

    SilentProgress progress_;
    Services services_;
    pypi::IndexClient client_;
    universe::Listings listings_;
    std::unique_ptr<Question> first_;
    std::unique_ptr<CondaSources> sources_;
};

Json::Object answer(const Json& question, Solver& solver) {
    if (const auto* text = question.get_if<std::string>()) {
        return solver.answer(*text);
    }
    std::vector<std::string> names;
    for (const Json& name : *question.get_if<Json::Array>()) {
        names.push_back(*name.get_if<std::string>());
    }
    return solver.listing(names);
}

void run(const std::filesystem::path& cache) {
    Solver solver(cache);
    bool is_open = false;
    for (std::string line; std::getline(std::cin, line);) {
        const Json question = parse_json(line, "a request");
        if (!is_open) {
            solver.open(*question.get_if<std::string>());
            is_open = true;
        }
        std::cout << to_text(Json(answer(question, solver))) << std::endl;
    }
}

} // namespace

} // namespace envpm::project

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: conda_solver CACHE < REQUESTS\n";
        return 2;
    }
    try {
        envpm::project::run(argv[1]);
        return 0;
    } catch (const envpm::Error& error) {
        std::cerr << error.text().what << ": " << error.text().subject << '\n';
        return 1;
    }
}
