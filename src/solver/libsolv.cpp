#include "solver/libsolv.h"

#include "base/assert.h"

#include <limits>

extern "C" {
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/solver.h>
}

namespace envpm::solver {

namespace {

/// libsolv's growing array of ids, freed at the end of the scope.
class IdQueue {
  public:
    IdQueue() { queue_init(&queue_); }

    IdQueue(const IdQueue&) = delete;
    IdQueue(IdQueue&&) = delete;
    IdQueue& operator=(const IdQueue&) = delete;
    IdQueue& operator=(IdQueue&&) = delete;

    ~IdQueue() { queue_free(&queue_); }

    [[nodiscard]] Queue* get() { return &queue_; }

    [[nodiscard]] std::span<const Id> ids() const {
        return {queue_.elements, static_cast<std::size_t>(queue_.count)};
    }

  private:
    Queue queue_{};
};

int id(Solvable solvable) {
    return static_cast<int>(solvable);
}

int id(Dep dep) {
    return static_cast<int>(dep);
}

::Solvable& solvable_of(s_Pool* pool, Solvable solvable) {
    return pool->solvables[id(solvable)];
}

ProofStep step_of(s_Solver* solver, Id rule);

} // namespace

void Pool::Free::operator()(s_Pool* pool) const noexcept {
    pool_free(pool);
}

Pool::Pool()
    : pool_(pool_create()),
      repo_(repo_create(pool_.get(), "candidates")) {
    pool_setdebuglevel(pool_.get(), 0);
    pool_setdebugmask(pool_.get(), SOLV_DEBUG_TO_STDERR);
}

Pool::~Pool() = default;

Dep Pool::dep(const std::string& name) {
    return Dep{pool_str2id(pool_.get(), name.c_str(), 1)};
}

Dep Pool::only_if(Dep need, Dep condition) {
    return Dep{pool_rel2id(pool_.get(), id(need), id(condition), REL_COND, 1)};
}

Solvable Pool::add(std::size_t count) {
    // Ids are 32 bit; half of them is far beyond what memory holds.
    ENVPM_ASSERT(count < std::numeric_limits<int>::max() / 2U);
    return Solvable{repo_add_solvable_block(repo_, static_cast<int>(count))};
}

void Pool::define(Solvable solvable, Dep name, std::size_t rank, Dep provided) {
    ::Solvable& entry = solvable_of(pool_.get(), solvable);
    entry.name = id(name);
    entry.evr = version(rank);
    entry.arch = pool_->solvables[SYSTEMSOLVABLE].arch;
    provide(solvable, provided);
}

int Pool::version(std::size_t rank) {
    while (versions_.size() <= rank) {
        versions_.push_back(pool_str2id(pool_.get(), std::to_string(versions_.size()).c_str(), 1));
    }
    return versions_[rank];
}

// repo_addid_dep may move the array of ids but not the solvables, so the reference holds.
void Pool::provide(Solvable solvable, Dep dep) {
    ::Solvable& entry = solvable_of(pool_.get(), solvable);
    entry.dep_provides = repo_addid_dep(repo_, entry.dep_provides, id(dep), 0);
}

void Pool::need(Solvable solvable, Dep dep) {
    ::Solvable& entry = solvable_of(pool_.get(), solvable);
    entry.dep_requires = repo_addid_dep(repo_, entry.dep_requires, id(dep), 0);
}

void Pool::conflict(Solvable solvable, Dep dep) {
    ::Solvable& entry = solvable_of(pool_.get(), solvable);
    entry.dep_conflicts = repo_addid_dep(repo_, entry.dep_conflicts, id(dep), 0);
}

void Pool::index() {
    pool_createwhatprovides(pool_.get());
}

Job Job::choose(Solvable solvable) {
    return {SOLVER_INSTALL | SOLVER_SOLVABLE, id(solvable)};
}

Job Job::choose_one_of(Dep dep) {
    return {SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, id(dep)};
}

Job Job::prefer(Solvable solvable) {
    return {SOLVER_INSTALL | SOLVER_SOLVABLE | SOLVER_WEAK, id(solvable)};
}

Job Job::forbid(Solvable solvable) {
    return {SOLVER_ERASE | SOLVER_SOLVABLE, id(solvable)};
}

void Sat::Free::operator()(s_Solver* solver) const noexcept {
    solver_free(solver);
}

Sat::Sat(Pool& pool)
    : solver_(solver_create(pool.pool_.get())) {
    solver_set_flag(solver_.get(), SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
    solver_set_flag(solver_.get(), SOLVER_FLAG_NO_INFARCHCHECK, 1);
}

Sat::~Sat() = default;

bool Sat::run(std::span<const Job> jobs) {
    IdQueue queue;
    for (const Job& job : jobs) {
        queue_push2(queue.get(), job.how_, job.what_);
    }
    ++runs_;
    return solver_solve(solver_.get(), queue.get()) == 0;
}

std::vector<Solvable> Sat::chosen() const {
    IdQueue queue;
    solver_get_decisionqueue(solver_.get(), queue.get());
    std::vector<Solvable> chosen;
    for (const Id decision : queue.ids()) {
        if (decision > SYSTEMSOLVABLE) { // a negative one was decided against
            chosen.push_back(Solvable{decision});
        }
    }
    return chosen;
}

std::vector<ProofStep> Sat::proof() const {
    std::vector<ProofStep> steps;
    if (solver_problem_count(solver_.get()) == 0) {
        return steps;
    }
    IdQueue rules;
    solver_findallproblemrules(solver_.get(), 1, rules.get());
    for (const Id rule : rules.ids()) {
        steps.push_back(step_of(solver_.get(), rule));
    }
    return steps;
}

namespace {

ProofStep step_of(s_Solver* solver, Id rule) {
    Id from = 0;
    Id to = 0;
    Id dep = 0;
    const SolverRuleinfo info = solver_ruleinfo(solver, rule, &from, &to, &dep);
    ProofStep step;
    if (info == SOLVER_RULE_PKG_REQUIRES) {
        step.kind = ProofStep::Kind::needs;
    } else if (info == SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP) {
        step.kind = ProofStep::Kind::nothing_provides;
    }
    step.from = Solvable{from};
    step.dep = Dep{dep};
    return step;
}

} // namespace

} // namespace envpm::solver
