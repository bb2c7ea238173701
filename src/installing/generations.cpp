#include "installing/generations.h"

#include "base/error.h"
#include "installing/installed.h"

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

namespace envpm::installing {

namespace {

bool may_be_there(const std::filesystem::path& prefix);
bool is_same_folder(const std::filesystem::path& one, const std::filesystem::path& other);

} // namespace

realize::Generation current_generation(const project::Project& project) {
    if (auto current = project::generations_of(project).current()) {
        return *current;
    }
    throw Error({"nothing is installed for this project yet", project.folder().string(),
                 "run `envpm install`"});
}

realize::Generation present_generation(const project::Project& project) {
    realize::Generation current = current_generation(project);
    if (!may_be_there(current.prefix)) {
        throw Error({"the environment is gone", current.prefix.string(),
                     "run `envpm install`, which makes it anew"});
    }
    return current;
}

std::vector<realize::Generation> generations(const project::Project& project) {
    return project::generations_of(project).all();
}

std::vector<State> states(const project::Project& project, const std::optional<std::string>& target,
                          const std::filesystem::path& store_root) {
    std::vector<State> states;
    std::optional<std::map<std::string, std::string>> before;
    for (realize::Generation& generation : generations(project)) {
        if (target && generation.target != *target) {
            continue;
        }
        auto packages = packages_in(generation.prefix);
        State state{std::move(generation)};
        state.is_there = may_be_there(state.generation.prefix);
        state.is_elsewhere = !is_same_folder(state.generation.store_root(), store_root);
        if (before && packages) {
            state.changes = changes_between(*before, *packages);
        }
        before = std::move(packages);
        states.push_back(std::move(state));
    }
    return states;
}

realize::Generation roll_back(const project::Project& project, std::optional<int> number,
                              const std::optional<std::string>& target) {
    realize::Generation generation = project::generations_of(project).roll_back(number, target);
    remember_rollback(project, generation.prefix);
    return generation;
}

namespace {

bool may_be_there(const std::filesystem::path& prefix) {
    std::error_code failure;
    return std::filesystem::exists(prefix, failure) || failure;
}

/// By their names if they are not there.
bool is_same_folder(const std::filesystem::path& one, const std::filesystem::path& other) {
    std::error_code failure;
    return std::filesystem::equivalent(one, other, failure) ||
           one.lexically_normal() == other.lexically_normal();
}

} // namespace

} // namespace envpm::installing
