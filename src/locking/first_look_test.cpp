#include "locking/first_look.h"

#include "project/conda_sources.h"
#include "universe/world_for_tests.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <condition_variable>
#include <functional>
#include <mutex>

namespace envpm::locking {

namespace {

using testing::IsEmpty;
using testing::SizeIs;
using universe::test::FakeIndexes;
using universe::test::name_of;

/// Whose servers are silent until its follower is woken.
class SleepingTransport final : public pypi::test::FakeTransport {
  public:
    std::function<void()> asleep; ///< called then
    bool is_woken = false;

    void follow(std::vector<HttpRequest> first, HttpFollower& follower) override {
        EXPECT_THAT(follower.more(), IsEmpty());
        asleep();
        {
            std::unique_lock lock(mutex_);
            // As long as a busy machine may take to start a Python.
            is_woken = changed_.wait_for(lock, std::chrono::minutes(1), [this] { return woken_; });
        }
        FakeTransport::follow(std::move(first), follower);
    }

    void wake() noexcept override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

/// The host's Python, which starts when it is let to.
class WaitingPython {
  public:
    explicit WaitingPython(const std::filesystem::path& folder)
        : folder_(folder) {
        const std::string pipe = (folder / "pipe").string();
        EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
        pipe_ = open_file(pipe, O_RDWR);
        write_file(folder / "python3",
                   "#!/bin/sh\nread line < '" + pipe +
                       "'\nPATH=/usr/bin:/bin:/usr/local/bin exec python3 \"$@\"\n",
                   Durability::cached, 0755);
    }

    [[nodiscard]] Variables variables() const {
        Variables variables;
        variables.set("PATH", folder_.string());
        return variables;
    }

    void start() const { write_all(pipe_.get(), "go\ngo\ngo\n", "a pipe"); }

  private:
    std::filesystem::path folder_;
    Fd pipe_;
};

TEST(FirstLook, TheOneThatAsksForPagesIsWokenWhenThePythonsAreKnown) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const WaitingPython python(folder.path());
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    SleepingTransport transport;
    transport.files = indexes.transport.files;
    transport.asleep = [&python] { python.start(); };

    const Manifest manifest = universe::test::manifest_of("[workspace]\nname = \"demo\"\n"
                                                          "[pypi-dependencies]\nalpha = \"*\"\n");
    const universe::Requests requests = universe::read_requests(manifest);
    project::Settings settings;
    settings.cache_root = folder.path() / "cache";
    SilentProgress progress;
    project::Services services(settings, {python.variables(), {}, {}}, progress);
    const std::vector<pypi::Index> sources = {FakeIndexes::index("pypi")};
    pypi::IndexClient client(transport, folder.path(), {});
    universe::Listings listings(client, sources, {});
    project::CondaSources conda(manifest, requests, false, {}, services);
    std::vector<pypi::PythonChoice> pythons;
    const SolveInputs inputs{manifest, requests, pythons, sources, manifest.exclude_newer};
    const std::optional<Lock> previous;
    const LockRequest request;
    std::vector<std::string> notes;

    FirstLook look(requests, services, pythons);
    const locking::Run run{manifest, requests, request,  previous, inputs,
                           listings, conda,    services, notes,    &look};
    const auto found = look.look(run, manifest.targets.front(), {name_of("alpha")});
    EXPECT_TRUE(transport.is_woken);
    EXPECT_THAT(pythons, SizeIs(1));
    EXPECT_TRUE(found.contains(name_of("alpha")));
}

} // namespace

} // namespace envpm::locking
