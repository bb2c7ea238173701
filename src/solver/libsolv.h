#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct s_Pool;
struct s_Repo;
struct s_Solver;

namespace envpm::solver {

// libsolv's two kinds of ids. A solvable is something that can be chosen; a dep is a name that
// solvables provide, need or conflict with.
enum class Solvable : int {};
enum class Dep : int {};

/// Everything that can be chosen, as libsolv's pool holds it. It only grows. Nothing here knows of
/// versions: a solvable has a rank, and of those with one name the highest rank is preferred.
class Pool {
  public:
    Pool();
    Pool(const Pool&) = delete;
    Pool(Pool&&) = delete;
    Pool& operator=(const Pool&) = delete;
    Pool& operator=(Pool&&) = delete;
    ~Pool();

    /// The dep of this name, made if it is new. A name must not begin with what has a meaning
    /// inside libsolv ("patch:", "pattern:", "product:", "application:", "rpmlib(").
    Dep dep(const std::string& name);

    /// Holds if `need` holds or nothing that provides `condition` is chosen.
    Dep only_if(Dep need, Dep condition);

    /// Adds solvables with consecutive ids and gives the first.
    Solvable add(std::size_t count = 1);

    /// Says what a new solvable is. A later `provide` adds to `provided`.
    void define(Solvable solvable, Dep name, std::size_t rank, Dep provided);
    void provide(Solvable solvable, Dep dep);
    void need(Solvable solvable, Dep dep);
    void conflict(Solvable solvable, Dep dep);

    /// Must be called after additions and before a `Sat` is made.
    void index();

  private:
    friend class Sat;

    struct Free {
        void operator()(s_Pool* pool) const noexcept;
    };

    std::unique_ptr<s_Pool, Free> pool_;
    int version(std::size_t rank);

    s_Repo* repo_ = nullptr;    ///< owned by the pool
    std::vector<int> versions_; ///< by rank: libsolv's id of its text
};

/// One thing that a solution must contain, or must not. Earlier jobs are decided first, each with
/// the highest rank that is possible, so a solution is lexicographically the best in the order of
/// the jobs.
class Job {
  public:
    static Job choose(Solvable solvable);
    static Job choose_one_of(Dep dep);
    /// Given up if it conflicts with other jobs; of several the last one is given up.
    static Job prefer(Solvable solvable);
    /// Must not be in the solution.
    static Job forbid(Solvable solvable);

    friend bool operator==(const Job&, const Job&) = default;

  private:
    friend class Sat;

    Job(int how, int what)
        : how_(how),
          what_(what) {}

    int how_;
    int what_;
};

/// One rule of libsolv's proof that the jobs cannot be met.
struct ProofStep {
    enum class Kind {
        needs,            ///< `from` needs `dep`
        nothing_provides, ///< `from` needs `dep`, which nothing provides
        other,            ///< a job, a conflict
    };

    Kind kind = Kind::other;
    Solvable from{};
    Dep dep{};
};

/// Solves one pool for any number of job lists, which is cheaper than a new one each time. It is
/// bound to what was in the pool when it was made: after additions make a new one.
class Sat {
  public:
    explicit Sat(Pool& pool);
    Sat(const Sat&) = delete;
    Sat(Sat&&) = delete;
    Sat& operator=(const Sat&) = delete;
    Sat& operator=(Sat&&) = delete;
    ~Sat();

    /// Whether there is a solution.
    bool run(std::span<const Job> jobs);

    [[nodiscard]] int runs() const { return runs_; }

    /// What the last run chose, if it found a solution; in the order of decision.
    [[nodiscard]] std::vector<Solvable> chosen() const;

    /// The proof of the last run, if it found none.
    [[nodiscard]] std::vector<ProofStep> proof() const;

  private:
    struct Free {
        void operator()(s_Solver* solver) const noexcept;
    };

    std::unique_ptr<s_Solver, Free> solver_;
    int runs_ = 0;
};

} // namespace envpm::solver
