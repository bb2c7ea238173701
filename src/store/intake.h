#pragma once

#include "base/hash.h"
#include "base/hash_pairs.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/tree.h"
#include "store/object_name.h"
#include "store/quarantine.h"
#include "store/store.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

namespace envpm::store {

/// A verified archive on disk: its bytes have the size and sha256 that it goes by.
struct Archive {
    std::filesystem::path file;
    Sha256 sha256;
    std::string label;          ///< for messages: "torch 2.9.1"
    std::string file_name = {}; ///< as locked: `.conda` and `.tar.bz2` are conda packages
};

/// Unpacks archives (wheels, conda packages) into the store as one transaction: they are inflated
/// by all cores into a folder of this intake's own, and `publish` makes objects and then trees
/// visible after one durability barrier. After a crash there are no half objects under final names.
/// The archives are read, never changed or removed.
///
/// With `on_staged`, no archive is unpacked twice, whatever happens to the intake: what it was told
/// of stays in the folder if the intake fails or is killed, and a later one takes it over. Only a
/// failed barrier, a collector, and a power cut before the barrier undo that.
class Intake {
  public:
    using OnStaged = std::function<void(const Tree& tree)>;

    /// `on_staged`: this tree's archive has been unpacked whole and is not read any more. Any
    /// thread; not for those that were taken over.
    Intake(const Store& store, ThreadPool& pool, Progress& progress, OnStaged on_staged = {});
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    ~Intake(); ///< without `publish`, what `on_staged` was not told of is dropped

    /// Before the first `add`: of these archives, those that an earlier intake had unpacked whole
    /// when it ended, each file hashed again. They will be published with the others.
    std::set<Sha256> take_over(const std::set<Sha256>& wanted, const std::stop_token& stop);

    /// Before the first `add`: of these archives, those that another store has whole, which is only
    /// read. Each file is hashed, and linked, or copied where that is not possible. That an archive
    /// holds what that store says is believed, so it must be trusted.
    std::set<Sha256> take_from(const StorePaths& lower, const std::set<Sha256>& wanted,
                               const std::stop_token& stop);

    /// Before the first `add`: these objects of the store are damaged, whatever they look like.
    /// What is brought in again takes their place by a rename, after they got a second name in the
    /// quarantine, which must outlive this.
    void replace(std::set<ObjectName> damaged, Quarantine& quarantine);

    /// A large wheel begins to arrive in `archive.file`. It is unpacked while it does, and `add`
    /// then waits for the rest only; without that nothing of it is published. Any thread, as the
    /// next two.
    void expect(Archive archive, std::uint64_t size_bytes);

    /// These bytes of it are in the file; nothing need be right with them. Quick. For those that
    /// are not expected (any more) nothing happens.
    void arrived(const Sha256& archive, std::uint64_t first, std::uint64_t count);

    /// What was told of is void: what was unpacked from it is dropped, and `add` begins anew.
    void forget(const Sha256& archive);

    /// Queues an archive; any thread. What is wrong with it (an Error of code 6 naming archive and
    /// member) is thrown by `publish`, which then publishes nothing.
    void add(Archive archive);

    /// How many bytes of the queued archives have not been unpacked yet; none once something is
    /// wrong. Any thread.
    [[nodiscard]] std::uint64_t waiting_bytes() const;

    /// Waits for the queued archives, makes them durable, then visible. `unpacked` is called, by
    /// the calling thread, when all is unpacked: what follows leaves the processor almost idle.
    void publish(const std::function<void()>& unpacked = {});

    /// Where an object of a staged tree stands: at the first of these places until it is published,
    /// then at the second.
    [[nodiscard]] std::array<std::filesystem::path, 2> places(const ObjectName& name) const;

    /// With these the intake hashes two streams at a time. Who brings the archives hashes too, and
    /// uses them as well, so that his streams find partners. Lives as long as this.
    [[nodiscard]] HashPairs& hash_pairs();

  private:
    class Work;
    std::unique_ptr<Work> work_;
};

} // namespace envpm::store
