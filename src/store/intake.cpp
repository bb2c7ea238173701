#include "store/intake.h"

#include "base/error.h"
#include "base/progress_task.h"
#include "store/arriving_wheel.h"
#include "store/lower_store.h"
#include "store/object_stage.h"
#include "store/open_archive.h"
#include "store/other_stages.h"
#include "store/package_unpacking.h"
#include "store/portions.h"
#include "store/space.h"
#include "store/wheel_unpacking.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>

// How archives become objects. `add` queues; a task opens the archive, judges its directory and
// makes one task of each file, or of several small ones; of all files that wait, the largest goes
// first, so that at the end no thread sits on a large one while the others idle. Of a wheel that
// still arrives (`expect`) the same is done bit by bit, and `add` ends it.

namespace envpm::store {

namespace {

/// An archive may claim what it likes before it is proven, so no more than this is believed then;
/// of what inflates further the proof is waited for.
constexpr std::uint64_t believed_ratio = 16;

/// A large file is unpacked so many bytes at a time; in between it may be given up.
constexpr std::uint64_t longest_turn_bytes = 8U << 20U;

/// Opening an archive goes before all files: the order of those is right only when all are known.
constexpr std::uint64_t first_of_all = std::numeric_limits<std::uint64_t>::max();

} // namespace

class Intake::Work {
  public:
    Work(const Store& store, ThreadPool& pool, Progress& progress, OnStaged on_staged)
        : progress_(progress),
          pool_(pool),
          on_staged_(std::move(on_staged)),
          paths_(store.paths()),
          stage_(store.paths(), store.policy().syncing),
          space_(store.paths().temporary()),
          tasks_(pool) {}

    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    ~Work() { is_dropped_ = true; }

    std::set<Sha256> take_over(const std::set<Sha256>& wanted, const std::stop_token& stop);
    std::set<Sha256> take_from(const StorePaths& lower, const std::set<Sha256>& wanted,
                               const std::stop_token& stop);
    void replace(std::set<ObjectName> damaged, Quarantine& quarantine);
    void expect(Archive archive, std::uint64_t size_bytes);
    void arrived(const Sha256& archive, std::uint64_t first, std::uint64_t count);
    void forget(const Sha256& archive);
    void add(Archive archive);
    [[nodiscard]] std::uint64_t waiting_bytes() const;
    void publish(const std::function<void()>& unpacked);
    [[nodiscard]] std::array<std::filesystem::path, 2> places(const ObjectName& name) const;

    [[nodiscard]] HashPairs& hash_pairs() { return hash_pairs_; }

  private:
    template <class Task> void run(Task task, std::uint64_t weight);
    std::shared_ptr<ArrivingWheel> arriving(const Sha256& archive);
    void take_step(const std::shared_ptr<ArrivingWheel>& wheel, const ArrivingWheel::Step& step);
    void open_arriving(const std::shared_ptr<ArrivingWheel>& wheel);
    void unpack_arriving(ArrivingWheel& wheel, WheelUnpacking& unpacking, std::size_t index);
    void open(const Archive& archive);
    void open_wheel(const Archive& archive);
    void unpack(WheelUnpacking& unpacking, std::size_t index);
    void unpack_package(const Archive& archive);
    bool unpack_large(ArrivingWheel& wheel, WheelUnpacking& unpacking, std::size_t index);
    void end_part(WheelUnpacking& unpacking);
    void finish(Tree tree);
    void stage_trees();
    void show(std::uint64_t bytes);

    Progress& progress_;
    ThreadPool& pool_;
    OnStaged on_staged_;
    StorePaths paths_;
    ObjectStage stage_;
    SpaceLedger space_;
    HashPairs hash_pairs_;
    Guarded<std::vector<Tree>> unstaged_; ///< another archive's task still writes a file of theirs
    std::atomic<std::size_t> archives_ = 0;
    Guarded<std::map<Sha256, std::shared_ptr<ArrivingWheel>>> arriving_;
    Guarded<std::vector<std::unique_ptr<PackageUnpacking>>> packages_;
    IdleBenches benches_;
    std::atomic<std::uint64_t> waiting_bytes_ = 0; ///< of packages
    std::atomic<std::uint64_t> total_bytes_ = 0;   ///< of the archives
    std::atomic<std::uint64_t> done_bytes_ = 0;
    std::atomic<std::uint64_t> unshown_bytes_ = 0;
    std::atomic<bool> is_failed_ = false;
    std::atomic<bool> is_shown_ = false;
    std::atomic<bool> is_dropped_ = false;
    TaskGroup tasks_; ///< last: it ends before what its tasks use
};

template <class Task> void Intake::Work::run(Task task, std::uint64_t weight) {
    tasks_.run(
        [this, task = std::move(task)] {
            try {
                task();
            } catch (...) {
                is_failed_ = true;
                throw;
            }
        },
        weight);
}

Intake::Intake(const Store& store, ThreadPool& pool, Progress& progress, OnStaged on_staged)
    : work_(std::make_unique<Work>(store, pool, progress, std::move(on_staged))) {}

Intake::~Intake() = default;

std::set<Sha256> Intake::take_over(const std::set<Sha256>& wanted, const std::stop_token& stop) {
    return work_->take_over(wanted, stop);
}

std::set<Sha256> Intake::take_from(const StorePaths& lower, const std::set<Sha256>& wanted,
                                   const std::stop_token& stop) {
    return work_->take_from(lower, wanted, stop);
}

void Intake::replace(std::set<ObjectName> damaged, Quarantine& quarantine) {
    work_->replace(std::move(damaged), quarantine);
}

void Intake::expect(Archive archive, std::uint64_t size_bytes) {
    work_->expect(std::move(archive), size_bytes);
}

void Intake::arrived(const Sha256& archive, std::uint64_t first, std::uint64_t count) {
    work_->arrived(archive, first, count);
}

void Intake::forget(const Sha256& archive) {
    work_->forget(archive);
}

void Intake::add(Archive archive) {
    work_->add(std::move(archive));
}

std::uint64_t Intake::waiting_bytes() const {
    return work_->waiting_bytes();
}

void Intake::publish(const std::function<void()>& unpacked) {
    work_->publish(unpacked);
}

std::array<std::filesystem::path, 2> Intake::places(const ObjectName& name) const {
    return work_->places(name);
}

HashPairs& Intake::hash_pairs() {
    return work_->hash_pairs();
}

void Intake::Work::replace(std::set<ObjectName> damaged, Quarantine& quarantine) {
    stage_.replace(std::move(damaged), quarantine);
}

void Intake::Work::expect(Archive archive, std::uint64_t size_bytes) {
    const Sha256 sha256 = archive.sha256;
    auto wheel = std::make_shared<ArrivingWheel>(std::move(archive), size_bytes);
    arriving_.with([&](auto& all) { all.emplace(sha256, std::move(wheel)); });
}

void Intake::Work::arrived(const Sha256& archive, std::uint64_t first, std::uint64_t count) {
    if (const std::shared_ptr<ArrivingWheel> wheel = arriving(archive)) {
        take_step(wheel, wheel->arrived(first, count));
    }
}

void Intake::Work::forget(const Sha256& archive) {
    if (const std::shared_ptr<ArrivingWheel> wheel = arriving(archive)) {
        wheel->give_up();
        arriving_.with([&](auto& all) { all.erase(archive); });
    }
}

void Intake::Work::add(Archive archive) {
    std::error_code missing; // told by whoever opens it
    const std::uintmax_t size = std::filesystem::file_size(archive.file, missing);
    total_bytes_ += missing ? 0 : size;
    const std::shared_ptr<ArrivingWheel> wheel = arriving(archive.sha256);
    const ArrivingWheel::Step rest = wheel ? wheel->prove() : ArrivingWheel::Step();
    if (rest.unpacking) {
        show(wheel->take_showable(0));
        take_step(wheel, rest);
        run(
            [this, unpacking = rest.unpacking] {
                unpacking->check_folders();
                end_part(*unpacking);
            },
            first_of_all);
        return;
    }
    run([this, archive = std::move(archive)] { open(archive); }, first_of_all);
}

std::uint64_t Intake::Work::waiting_bytes() const {
    const std::uint64_t done = done_bytes_;
    const std::uint64_t total = total_bytes_;
    return is_failed_ || done >= total ? 0 : total - done;
}

std::set<Sha256> Intake::Work::take_over(const std::set<Sha256>& wanted,
                                         const std::stop_token& stop) {
    OtherStages stages(paths_.temporary(), stage_.folder());
    if (stages.empty()) {
        return {};
    }
    const ProgressTask shown(progress_, "checking what was unpacked before", 0,
                             ProgressUnit::bytes);
    std::set<Sha256> had = stages.hand_over(wanted, stage_, pool_, stop);
    if (!had.empty()) {
        progress_.trace(fmt::format("store: took over {} unpacked archives", had.size()));
        stage_.bequeath();
    }
    stages.forget(had);
    return had;
}

std::set<Sha256> Intake::Work::take_from(const StorePaths& lower, const std::set<Sha256>& wanted,
                                         const std::stop_token& stop) {
    const ProgressTask shown(progress_, "taking from the lower store", 0, ProgressUnit::bytes);
    std::set<Sha256> had = take_from_lower(lower, wanted, stage_, pool_, stop);
    progress_.trace(
        fmt::format("store: took {} archives from {}", had.size(), lower.root().string()));
    return had;
}

void Intake::Work::publish(const std::function<void()>& unpacked) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    const ProgressTask shown(progress_, "unpacking", total_bytes_, ProgressUnit::bytes);
    is_shown_ = true;
    show(0);
    tasks_.wait();
    stage_trees(); // of a given-up wheel's tasks none looks again
    const Clock::time_point unpacked_at = Clock::now();
    // Nothing is unpacked from here on, and who is called next needs the memory.
    arriving_.with([](auto& all) { all.clear(); });
    benches_.with([](auto& all) { all.clear(); });
    if (unpacked) {
        unpacked();
    }
    stage_.make_durable();
    const Clock::time_point durable = Clock::now();
    stage_.publish();
    const auto milliseconds = [](Clock::duration time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    progress_.trace(
        fmt::format("store: {} archives, {} new objects, unpacked {} ms, durable {} ms, "
                    "published {} ms",
                    archives_.load(), stage_.objects(), milliseconds(unpacked_at - start),
                    milliseconds(durable - unpacked_at), milliseconds(Clock::now() - durable)));
}

std::array<std::filesystem::path, 2> Intake::Work::places(const ObjectName& name) const {
    return {stage_.folder() / name.file(), paths_.object(name.digest, name.is_executable)};
}

std::shared_ptr<ArrivingWheel> Intake::Work::arriving(const Sha256& archive) {
    return arriving_.with([&](const auto& all) -> std::shared_ptr<ArrivingWheel> {
        const auto found = all.find(archive);
        return found == all.end() ? nullptr : found->second;
    });
}

void Intake::Work::take_step(const std::shared_ptr<ArrivingWheel>& wheel,
                             const ArrivingWheel::Step& step) {
    if (step.can_open) {
        run([this, wheel] { open_arriving(wheel); }, first_of_all);
    }
    if (step.files.empty()) {
        return;
    }
    for (Portion& portion : portions_of(step.unpacking->files(), step.files)) {
        run(
            [this, wheel, unpacking = step.unpacking, files = std::move(portion.files)] {
                for (const std::size_t i : files) {
                    unpack_arriving(*wheel, *unpacking, i);
                }
            },
            portion.cost);
    }
}

void Intake::Work::open_arriving(const std::shared_ptr<ArrivingWheel>& wheel) {
    if (is_dropped_ || wheel->is_given_up()) {
        return;
    }
    // Whatever is wrong, the proof is waited for: then it is an error, or was the network's.
    try {
        const Archive& named = wheel->archive();
        if (!wheel->note_directory(OpenArchive::directory_offset(named.file, named.label))) {
            return;
        }
        OpenArchive archive(named.file, named.label, OpenArchive::ArrivingFile());
        if (space_of(archive).bytes > wheel->size_bytes() * believed_ratio) {
            wheel->give_up();
            return;
        }
        take_step(wheel, wheel->opened(std::make_shared<WheelUnpacking>(
                             std::move(archive), named.sha256, space_, hash_pairs_)));
    } catch (const Error& failure) {
        progress_.trace(fmt::format("store: not unpacked while it arrives: {}", failure.what()));
        wheel->give_up();
    }
}

void Intake::Work::unpack_arriving(ArrivingWheel& wheel, WheelUnpacking& unpacking,
                                   std::size_t index) {
    if (is_dropped_ || wheel.is_given_up()) {
        return;
    }
    try {
        if (unpacking.is_large(index)) {
            if (!unpack_large(wheel, unpacking, index)) {
                return;
            }
        } else {
            const BenchLoan bench(benches_, hash_pairs_);
            unpacking.unpack(index, *bench, stage_,
                             [&](std::uint64_t used) { show(wheel.take_showable(used)); });
        }
    } catch (const Error& failure) {
        if (failure.code() != ExitCode::integrity || !wheel.give_up()) {
            throw;
        }
        progress_.trace(fmt::format("store: begun again when it is whole: {}", failure.what()));
        return;
    }
    end_part(unpacking);
}

/// As far as its bytes are there; true if that was all.
bool Intake::Work::unpack_large(ArrivingWheel& wheel, WheelUnpacking& unpacking,
                                std::size_t index) {
    const BenchLoan bench(benches_, hash_pairs_);
    while (!is_dropped_) {
        const std::uint64_t position = unpacking.position(index);
        const std::optional<std::uint64_t> there = wheel.available_or_wait(index, position);
        if (!there) {
            return false;
        }
        const std::uint64_t end = std::min(*there, position + longest_turn_bytes);
        if (unpacking.unpack_until(index, end, *bench, stage_,
                                   [&](std::uint64_t used) { show(wheel.take_showable(used)); })) {
            return true;
        }
    }
    return false;
}

void Intake::Work::open(const Archive& archive) {
    if (is_dropped_) {
        return;
    }
    try {
        if (is_conda_package(archive.file_name)) {
            unpack_package(archive);
        } else {
            open_wheel(archive);
        }
    } catch (Error& failure) {
        failure.add_context(
            fmt::format("while unpacking {} from `{}`", archive.label, archive.file.string()));
        throw;
    }
}

void Intake::Work::open_wheel(const Archive& archive) {
    const auto unpacking = std::make_shared<WheelUnpacking>(
        OpenArchive(archive.file, archive.label), archive.sha256, space_, hash_pairs_);
    std::vector<std::size_t> all(unpacking->files().size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (Portion& portion : portions_of(unpacking->files(), all)) {
        run(
            [this, unpacking, files = std::move(portion.files)] {
                for (const std::size_t i : files) {
                    unpack(*unpacking, i);
                }
            },
            portion.cost);
    }
    end_part(*unpacking);
}

void Intake::Work::unpack(WheelUnpacking& unpacking, std::size_t index) {
    if (!is_dropped_) {
        const BenchLoan bench(benches_, hash_pairs_);
        unpacking.unpack(index, *bench, stage_, [this](std::uint64_t used) { show(used); });
    }
    end_part(unpacking);
}

void Intake::Work::unpack_package(const Archive& archive) {
    std::unique_ptr<PackageUnpacking> unpacking = std::make_unique<PackageUnpacking>(
        archive, UnpackingTools{stage_, space_, waiting_bytes_,
                                [this](std::function<void()> task, std::uint64_t weight) {
                                    run(std::move(task), weight);
                                },
                                [this](std::uint64_t bytes) { show(bytes); },
                                [this] { return is_dropped_.load(); },
                                [this](Tree tree) { finish(std::move(tree)); }});
    PackageUnpacking& kept = *unpacking;
    packages_.with([&](std::vector<std::unique_ptr<PackageUnpacking>>& all) {
        all.push_back(std::move(unpacking));
    });
    kept.unpack();
}

void Intake::Work::end_part(WheelUnpacking& unpacking) {
    if (!is_dropped_ && unpacking.end_part()) {
        show(unpacking.overhead_bytes());
        finish(unpacking.tree());
    }
}

void Intake::Work::finish(Tree tree) {
    ++archives_;
    unstaged_.with([&](std::vector<Tree>& unstaged) { unstaged.push_back(std::move(tree)); });
    stage_trees();
}

/// A tree is staged when its last object has been written, by whichever archive's task that is; so
/// when all tasks have ended, all are.
void Intake::Work::stage_trees() {
    std::vector<Tree> staged;
    unstaged_.with([&](std::vector<Tree>& unstaged) {
        std::erase_if(unstaged, [&](Tree& waiting) {
            if (!stage_.put_tree(waiting)) {
                return false;
            }
            staged.push_back(std::move(waiting));
            return true;
        });
    });
    if (on_staged_ && !staged.empty()) {
        stage_.bequeath();
        std::for_each(staged.begin(), staged.end(), on_staged_);
    }
}

/// Nothing is drawn before `publish`, when no other task is open; what was done until then is made
/// up for.
void Intake::Work::show(std::uint64_t bytes) {
    done_bytes_ += bytes;
    unshown_bytes_ += bytes;
    if (is_shown_) {
        progress_.advance(unshown_bytes_.exchange(0));
    }
}

} // namespace envpm::store
