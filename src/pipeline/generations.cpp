#include "pipeline/generations.h"

#include "base/error.h"
#include "pipeline/installed.h"

namespace envpm::pipeline {

realize::Generation current_generation(const Project& project) {
    if (auto current = generations_of(project).current()) {
        return *current;
    }
    throw Error({"nothing is installed for this project yet", project.folder().string(),
                 "run `envpm install`"});
}

std::vector<realize::Generation> generations(const Project& project) {
    return generations_of(project).all();
}

realize::Generation roll_back(const Project& project, std::optional<int> number) {
    realize::Generation generation = generations_of(project).roll_back(number);
    remember_rollback(project, generation.prefix);
    return generation;
}

} // namespace envpm::pipeline
