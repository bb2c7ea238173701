#include "installing/generations.h"

#include "base/error.h"
#include "installing/installed.h"

#include <map>
#include <utility>

namespace envpm::installing {

realize::Generation current_generation(const project::Project& project) {
    if (auto current = project::generations_of(project).current()) {
        return *current;
    }
    throw Error({"nothing is installed for this project yet", project.folder().string(),
                 "run `envpm install`"});
}

std::vector<realize::Generation> generations(const project::Project& project) {
    return project::generations_of(project).all();
}

std::vector<State> states(const project::Project& project) {
    std::vector<State> states;
    std::optional<std::map<std::string, std::string>> before;
    for (realize::Generation& generation : generations(project)) {
        auto packages = packages_in(generation.prefix);
        State state{std::move(generation)};
        if (before && packages) {
            state.changes = changes_between(*before, *packages);
        }
        before = std::move(packages);
        states.push_back(std::move(state));
    }
    return states;
}

realize::Generation roll_back(const project::Project& project, std::optional<int> number) {
    realize::Generation generation = project::generations_of(project).roll_back(number);
    remember_rollback(project, generation.prefix);
    return generation;
}

} // namespace envpm::installing
