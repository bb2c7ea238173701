#include "base/error.h"
#include "base/inflate.h"
#include "store/object_stage.h"
#include "store/open_archive.h"
#include "store/other_stages.h"
#include "store/package_unpacking.h"
#include "store/space.h"
#include "store/store.h"
#include "store/tree_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

// How archives become objects. `add` queues; a task opens the archive, judges its directory and
// makes one task of each file; of all files that wait, the largest goes first, so that at the end
// no thread sits on a large one while the others idle. Each file is inflated, checked, hashed and
// written in one pass, piece by piece while it is in the cache.

namespace envpm::store {

namespace {

/// For members that are inflated at once, with their headers.
constexpr std::size_t room_bytes = Inflater::whole_limit_bytes + MemberReader::least_room_bytes;

/// What a thread needs to unpack a file, kept from one file to the next.
struct Bench {
    Inflater inflater;
    Sha256Hasher hasher;
    std::vector<char> room = std::vector<char>(room_bytes);
};

/// An archive on its way into the store.
class Unpacking {
  public:
    Unpacking(const std::filesystem::path& file, const Archive& named)
        : archive(file, named.label),
          sha256(named.sha256),
          objects(archive.files().size()),
          files_left(archive.files().size()) {}

    OpenArchive archive;
    Sha256 sha256;
    std::vector<std::optional<Sha256>> objects; ///< each written by one task only
    std::atomic<std::size_t> files_left;

    [[nodiscard]] Tree tree() const;
};

/// Calls `end` whatever happens.
class ShownTask {
  public:
    ShownTask(Progress& progress, std::uint64_t total_bytes)
        : progress_(progress) {
        progress_.begin("unpacking", total_bytes, ProgressUnit::bytes);
    }

    ShownTask(const ShownTask&) = delete;
    ShownTask& operator=(const ShownTask&) = delete;

    ~ShownTask() { progress_.end(); }

  private:
    Progress& progress_;
};

void check_crc(std::uint32_t crc32, const ArchiveFile& file);
Space space_of(const OpenArchive& archive);

} // namespace

class Intake::Work {
  public:
    Work(const Store& store, ThreadPool& pool, Progress& progress, OnStaged on_staged)
        : progress_(progress),
          pool_(pool),
          on_staged_(std::move(on_staged)),
          temporary_(store.paths().temporary()),
          stage_(store.paths()),
          space_(store.paths().temporary()),
          tasks_(pool) {}

    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    ~Work() { is_dropped_ = true; }

    std::set<Sha256> take_over(const std::set<Sha256>& wanted, const std::stop_token& stop);
    void add(Archive archive);
    [[nodiscard]] std::uint64_t waiting_bytes() const;
    void publish();

  private:
    void run(std::function<void()> task, std::uint64_t weight);
    void finish(Tree tree);
    void open(const Archive& archive);
    void open_wheel(const Archive& archive);
    void unpack_package(const Archive& archive);
    void unpack(const std::shared_ptr<Unpacking>& unpacking, std::size_t index);
    void unpack_file(Unpacking& unpacking, std::size_t index);
    void unpack_at_once(Bench& bench, MemberReader& reader, const ArchiveFile& file,
                        std::optional<Sha256>& object);
    void unpack_in_pieces(Bench& bench, MemberReader& reader, const ArchiveFile& file,
                          std::optional<Sha256>& object);
    void show(std::uint64_t bytes);

    Progress& progress_;
    ThreadPool& pool_;
    OnStaged on_staged_;
    std::filesystem::path temporary_;
    ObjectStage stage_;
    SpaceLedger space_;
    Guarded<std::vector<Tree>> unstaged_; ///< another archive's task still writes a file of theirs
    std::atomic<std::size_t> archives_ = 0;
    Guarded<std::vector<std::unique_ptr<PackageUnpacking>>> packages_;
    Guarded<std::vector<std::unique_ptr<Bench>>> benches_;
    std::atomic<std::uint64_t> waiting_bytes_ = 0; ///< of packages
    std::atomic<std::uint64_t> total_bytes_ = 0;   ///< of the archives
    std::atomic<std::uint64_t> done_bytes_ = 0;
    std::atomic<std::uint64_t> unshown_bytes_ = 0;
    std::atomic<bool> is_failed_ = false;
    std::atomic<bool> is_shown_ = false;
    std::atomic<bool> is_dropped_ = false;
    TaskGroup tasks_; ///< last: it ends before what its tasks use
};

Intake::Intake(const Store& store, ThreadPool& pool, Progress& progress, OnStaged on_staged)
    : work_(std::make_unique<Work>(store, pool, progress, std::move(on_staged))) {}

Intake::~Intake() = default;

std::set<Sha256> Intake::take_over(const std::set<Sha256>& wanted, const std::stop_token& stop) {
    return work_->take_over(wanted, stop);
}

void Intake::add(Archive archive) {
    work_->add(std::move(archive));
}

std::uint64_t Intake::waiting_bytes() const {
    return work_->waiting_bytes();
}

void Intake::publish() {
    work_->publish();
}

void Intake::Work::add(Archive archive) {
    std::error_code missing; // told by whoever opens it
    const std::uintmax_t size = std::filesystem::file_size(archive.file, missing);
    total_bytes_ += missing ? 0 : size;
    // Before all files: the order of those is right only when all are known.
    constexpr std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
    run([this, archive = std::move(archive)] { open(archive); }, first);
}

void Intake::Work::run(std::function<void()> task, std::uint64_t weight) {
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

std::uint64_t Intake::Work::waiting_bytes() const {
    const std::uint64_t done = done_bytes_;
    const std::uint64_t total = total_bytes_;
    return is_failed_ || done >= total ? 0 : total - done;
}

std::set<Sha256> Intake::Work::take_over(const std::set<Sha256>& wanted,
                                         const std::stop_token& stop) {
    OtherStages stages(temporary_, stage_.folder());
    std::set<Sha256> had = stages.hand_over(wanted, stage_, pool_, stop);
    if (!had.empty()) {
        progress_.trace(fmt::format("store: took over {} unpacked archives", had.size()));
        stage_.bequeath();
    }
    stages.forget(had);
    return had;
}

/// An archive has been unpacked. Its tree is staged when its last object has been written, by
/// whichever archive that takes; so at the latest when the last archive ends, all are.
void Intake::Work::finish(Tree tree) {
    ++archives_;
    std::vector<Sha256> staged;
    unstaged_.with([&](std::vector<Tree>& unstaged) {
        unstaged.push_back(std::move(tree));
        std::erase_if(unstaged, [&](const Tree& waiting) {
            if (!stage_.put_tree(waiting)) {
                return false;
            }
            staged.push_back(waiting.archive);
            return true;
        });
    });
    if (on_staged_) {
        stage_.bequeath();
        std::for_each(staged.begin(), staged.end(), on_staged_);
    }
}

void Intake::Work::publish() {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    const ShownTask shown(progress_, total_bytes_);
    is_shown_ = true;
    show(0);
    tasks_.wait();
    const Clock::time_point unpacked = Clock::now();
    stage_.make_durable();
    const Clock::time_point durable = Clock::now();
    stage_.publish();
    const auto milliseconds = [](Clock::duration time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    progress_.trace(
        fmt::format("store: {} archives, {} new objects, unpacked {} ms, durable {} ms, "
                    "published {} ms",
                    archives_.load(), stage_.objects(), milliseconds(unpacked - start),
                    milliseconds(durable - unpacked), milliseconds(Clock::now() - durable)));
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
    const auto unpacking = std::make_shared<Unpacking>(archive.file, archive);
    space_.reserve(space_of(unpacking->archive));
    if (unpacking->objects.empty()) {
        finish(unpacking->tree());
    }
    for (std::size_t i = 0; i < unpacking->objects.size(); ++i) {
        run([this, unpacking, i] { unpack(unpacking, i); },
            unpacking->archive.files()[i].member.size_bytes);
    }
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

void Intake::Work::unpack(const std::shared_ptr<Unpacking>& unpacking, std::size_t index) {
    if (is_dropped_) {
        return;
    }
    unpack_file(*unpacking, index);
    if (--unpacking->files_left == 0) {
        unpacking->archive.close();
        finish(unpacking->tree());
    }
}

void Intake::Work::unpack_file(Unpacking& unpacking, std::size_t index) {
    const ArchiveFile& file = unpacking.archive.files()[index];
    std::unique_ptr<Bench> bench =
        benches_.with([](std::vector<std::unique_ptr<Bench>>& idle) -> std::unique_ptr<Bench> {
            if (idle.empty()) {
                return nullptr;
            }
            std::unique_ptr<Bench> last = std::move(idle.back());
            idle.pop_back();
            return last;
        });
    if (!bench) {
        bench = std::make_unique<Bench>();
    }
    try {
        MemberReader reader(unpacking.archive, file.member, file.end_offset, bench->room);
        if (reader.is_whole() && file.member.size_bytes <= Inflater::whole_limit_bytes) {
            unpack_at_once(*bench, reader, file, unpacking.objects[index]);
        } else {
            unpack_in_pieces(*bench, reader, file, unpacking.objects[index]);
        }
    } catch (Error& failure) {
        failure.add_context(fmt::format("while unpacking `{}` of {}", file.path.string(),
                                        unpacking.archive.label()));
        throw;
    }
    benches_.with(
        [&](std::vector<std::unique_ptr<Bench>>& idle) { idle.push_back(std::move(bench)); });
    space_.settle(space_of_file(file.member.size_bytes));
    show(file.member.compressed_bytes);
}

void Intake::Work::unpack_at_once(Bench& bench, MemberReader& reader, const ArchiveFile& file,
                                  std::optional<Sha256>& object) {
    const std::string_view data = reader.next();
    const std::span<const std::byte> content =
        file.member.method == 0
            ? std::as_bytes(std::span(data))
            : bench.inflater.inflate_whole(data, file.member.size_bytes, reader.label());
    check_crc(crc32_of(content), file);
    bench.hasher.update(content);
    object = bench.hasher.finish();
    stage_.put({*object, file.is_executable}, content);
}

void Intake::Work::unpack_in_pieces(Bench& bench, MemberReader& reader, const ArchiveFile& file,
                                    std::optional<Sha256>& object) {
    StagedFile staged = stage_.begin();
    std::uint32_t crc32 = 0;
    const auto take = [&](std::span<const std::byte> piece) {
        crc32 = crc32_of(piece, crc32);
        bench.hasher.update(piece);
        staged.write(piece);
    };
    if (file.member.method == 0) {
        for (std::string_view data = reader.next(); !data.empty(); data = reader.next()) {
            take(std::as_bytes(std::span(data)));
        }
    } else {
        bench.inflater.inflate_pieces([&reader] { return reader.next(); }, file.member.size_bytes,
                                      reader.label(), take);
    }
    check_crc(crc32, file);
    object = bench.hasher.finish();
    stage_.adopt(std::move(staged), {*object, file.is_executable});
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

namespace {

Tree Unpacking::tree() const {
    Tree tree{sha256, {}};
    tree.files.reserve(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const ArchiveFile& file = archive.files()[i];
        tree.files.push_back(
            {file.path, objects[i].value(), file.member.size_bytes, file.is_executable});
    }
    return tree;
}

void check_crc(std::uint32_t crc32, const ArchiveFile& file) {
    if (crc32 != file.member.crc32) {
        throw Error({"a member's checksum is wrong", file.path.string(), {}}, ExitCode::integrity);
    }
}

Space space_of(const OpenArchive& archive) {
    Space all;
    for (const ArchiveFile& file : archive.files()) {
        const Space one = space_of_file(file.member.size_bytes);
        all.bytes += one.bytes;
        all.files += one.files;
    }
    return all;
}

} // namespace

} // namespace envpm::store
