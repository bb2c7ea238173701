#include "installing/install.h"

#include "base/error.h"
#include "base/moment.h"
#include "host/this_machine.h"
#include "installing/archives.h"
#include "installing/installed.h"
#include "installing/layout_cache.h"
#include "installing/layouts.h"
#include "installing/lease.h"
#include "installing/lock_in_use.h"
#include "installing/locked_target.h"
#include "installing/lower_prefix.h"
#include "installing/seal_check.h"
#include "installing/target_choice.h"
#include "installing/turn.h"
#include "locking/gpu_needs.h"
#include "project/own_folder.h"
#include "realize/build.h"
#include "realize/check.h"
#include "realize/generations.h"
#include "store/store.h"
#include "universe/gpu_machine.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::installing {

namespace {

/// What is installed, from where to where.
struct Job {
    const InstallRequest& request;
    const Manifest& manifest;
    const LockedTarget& target;
    const std::vector<LockedPackage>& packages;
    const store::Store& store;
    std::optional<Interpreter> interpreter;
};

/// What the environment consists of, all of it in the store, and what was fetched for that.
struct Plan {
    Layout layout;
    /// Done: every byte was verified against the lock when it came into the store.
    realize::ObjectCheck check = realize::ObjectCheck::done;
    std::uint64_t fetched_packages = 0;
    std::uint64_t fetched_bytes = 0;
};

/// A prefix of the store, and what it was made from, if that is known.
struct MadePrefix {
    const std::filesystem::path& path;
    const Layout* layout = nullptr;
};

/// What became of a plan.
struct Realised {
    realize::PrefixReport prefix;
    std::optional<AuditReport> audit;
};

std::optional<InstallReport> if_current(const InstallRequest& request,
                                        const project::Services& services);
void note_other_store(const InstallRequest& request, const Sha256& env,
                      project::Services& services);
std::optional<InstallReport> install_from_lower(const InstallRequest& request,
                                                const Manifest& manifest, const Lock& lock,
                                                const LockedTarget& target,
                                                project::Services& services);
void make_current(const std::filesystem::path& prefix, const LockedTarget& target,
                  const InstallRequest& request, const store::Store& store,
                  project::Services& services);
void tell_target(InstallReport& report, const LockedTarget& target,
                 const std::filesystem::path& prefix);
void tell_counts(InstallReport& report, const Plan& plan, const realize::PrefixReport& prefix);
void require_this_machine(const LockedTarget& target);
std::optional<Plan> kept_plan(const Job& job, project::Services& services);
Plan new_plan(const Job& job, project::Services& services);
realize::PrefixRequest
order_for(const Job& job, const Plan& plan,
          std::function<void(const std::filesystem::path& made)> before_visible,
          const project::Services& services);
Realised realise(const Job& job, const Plan& plan, project::Services& services);
std::optional<Realised> realise_kept(const Job& job, const Plan& plan, project::Services& services);
bool can_be_kept(const std::vector<LockedPackage>& packages);
Fetched fetch(const Job& job, project::Services& services);
CheckPolicy audit_policy(const InstallRequest& request, const Manifest& manifest);
std::optional<AuditReport> audit_made(const InstallRequest& request, const Manifest& manifest,
                                      const LockedTarget& target, const MadePrefix& prefix,
                                      project::Services& services);

} // namespace

InstallReport install(const InstallRequest& request, project::Services& services) {
    const auto start = std::chrono::steady_clock::now();
    if (auto current = if_current(request, services)) {
        return *current;
    }
    InstallInputs inputs = inputs_of(request); // before they are read
    const Manifest manifest = project::read_manifest(request.project);
    InstallReport report;
    LockInUse in_use = lock_in_use(request, manifest, services);
    inputs.lock = in_use.report ? inputs_of(request).lock : inputs.lock;
    report.lock = std::move(in_use.report);
    if (!in_use.lock) {
        return report;
    }
    const LockedTarget& target = choose_target(manifest, *in_use.lock, request.target, services);
    require_this_machine(target);
    if (!request.target && in_use.lock->targets.size() > 1) {
        inputs.machine = machine_stamp(services.variables());
    }
    const std::vector<LockedPackage> packages = packages_of(*in_use.lock, target);
    if (auto there = install_from_lower(request, manifest, *in_use.lock, target, services)) {
        remember_install(request, inputs, there->prefix);
        there->lock = std::move(report.lock);
        there->seconds = project::seconds_since(start);
        return *there;
    }
    const store::Store store = services.open_store();
    note_other_store(request, target.env, services);
    // From here on this process works for all that want the same environment; the others wait.
    const std::optional<ByteLocks> turn = turn_to_make(target.env, store, services);
    Job job{.request = request,
            .manifest = manifest,
            .target = target,
            .packages = packages,
            .store = store,
            .interpreter = {}};
    TaskGroup asking(services.pool());
    asking.run([&] { job.interpreter = interpreter_for(target, services); });
    std::optional<Plan> plan = kept_plan(job, services);
    asking.wait();
    services.throw_if_stopped();
    std::optional<Realised> realised = plan ? realise_kept(job, *plan, services) : std::nullopt;
    if (!realised) {
        plan = new_plan(job, services);
        realised = realise(job, *plan, services);
    }
    const realize::PrefixReport& prefix = realised->prefix;
    report.audit = std::move(realised->audit);
    // The prefix is whole and durable: now the project may point to it.
    make_current(prefix.prefix, target, request, store, services);
    remember_install(request, inputs, prefix.prefix);

    tell_target(report, target, prefix.prefix);
    report.copy = request.prefix;
    report.packages = packages.size();
    tell_counts(report, *plan, prefix);
    report.seconds = project::seconds_since(start);
    return report;
}

namespace {

/// A project that was moved is another root than before, so the root is renewed here too.
std::optional<InstallReport> if_current(const InstallRequest& request,
                                        const project::Services& services) {
    const auto prefix = up_to_date_prefix(request, services.variables());
    if (!prefix) {
        return std::nullopt;
    }
    if (request.purpose == InstallPurpose::go_forward &&
        is_in_another_store(*prefix, services.settings())) {
        return std::nullopt;
    }
    // Who only uses it does so in the store that it lies in (`p/<name>`), whatever is configured.
    // Into a lower one nothing is written: its prefixes are its owner's care.
    if (!is_in_lower_store(*prefix, services.settings())) {
        const StorePaths paths(prefix->parent_path().parent_path());
        const bool was_root =
            project::generations_of(request.project)
                .keep_alive(paths, store::tell_of_collection(paths.lock(), services.progress()));
        const bool was_leased = renew_lease(request.project, *prefix, services);
        // Without a root or a lease until now, `gc` may have begun to remove the prefix: look
        // again.
        if (!(was_root && was_leased) && !realize::is_usable(*prefix)) {
            return std::nullopt;
        }
    }
    InstallReport report;
    report.was_current = true;
    report.env = prefix->filename().string();
    report.prefix = *prefix;
    return report;
}

/// Once the store is open, into which the environment now comes.
void note_other_store(const InstallRequest& request, const Sha256& env,
                      project::Services& services) {
    const auto current = project::generations_of(request.project).current();
    if (current && request.purpose == InstallPurpose::go_forward && current->env == env &&
        is_in_another_store(current->prefix, services.settings()) &&
        realize::is_usable(current->prefix)) {
        services.progress().note(fmt::format(
            "the environment lies in another store, `{}`: it is installed anew, with `{}`",
            current->store_root().string(), services.settings().store_root.string()));
    }
}

/// What stands whole in the lower store is used from there; but a copy elsewhere comes from one's
/// own store.
std::optional<InstallReport> install_from_lower(const InstallRequest& request,
                                                const Manifest& manifest, const Lock& lock,
                                                const LockedTarget& target,
                                                project::Services& services) {
    const auto prefix = request.prefix ? std::nullopt : lower_prefix(target, services);
    if (!prefix) {
        return std::nullopt;
    }
    InstallReport report;
    report.audit = audit_made(request, manifest, target, {*prefix}, services);
    services.throw_if_stopped();
    const store::Store store = services.open_store();
    note_other_store(request, target.env, services);
    make_current(*prefix, target, request, store, services);
    tell_target(report, target, *prefix);
    report.is_from_lower = true;
    report.packages = packages_of(lock, target).size();
    return report;
}

void make_current(const std::filesystem::path& prefix, const LockedTarget& target,
                  const InstallRequest& request, const store::Store& store,
                  project::Services& services) {
    renew_lease(request.project, prefix, services);
    project::ignore_own_folder(request.project);
    project::generations_of(request.project)
        .switch_to(store.paths(),
                   {prefix, target.env, to_rfc3339(services.now()), target.target.name});
}

void tell_target(InstallReport& report, const LockedTarget& target,
                 const std::filesystem::path& prefix) {
    report.target = target.target.name;
    report.env = short_name(target.env);
    report.prefix = prefix;
    report.is_sealed = target.contents.has_value();
    report.needs = locking::describe_needs(target);
}

void tell_counts(InstallReport& report, const Plan& plan, const realize::PrefixReport& prefix) {
    report.fetched_packages = plan.fetched_packages;
    report.fetched_bytes = plan.fetched_bytes;
    report.files = prefix.files;
    report.size_bytes = prefix.size_bytes;
}

void require_this_machine(const LockedTarget& target) {
    const std::optional<Target> machine = host::detect_target();
    if (machine && runs_on(target.target, *machine)) {
        return;
    }
    throw Error(
        {fmt::format("target `{}` is for {} with glibc {} or later, and this machine has {}",
                     target.target.name, to_text(target.target.platform),
                     target.target.glibc.text(), describe(machine)),
         "--target", "install it on such a machine"});
}

/// For wheels alone it is known from the last time. Whether the store still has each object shows
/// when it is placed.
std::optional<Plan> kept_plan(const Job& job, project::Services& services) {
    if (!can_be_kept(job.packages)) {
        return std::nullopt;
    }
    const LayoutCache cache(services.cache("layouts"));
    auto layout = cache.find(job.target.env, archives_of(job.packages), job.store, services.pool());
    return layout ? std::optional(Plan{std::move(*layout), realize::ObjectCheck::size})
                  : std::nullopt;
}

Plan new_plan(const Job& job, project::Services& services) {
    Fetched fetched = fetch(job, services);
    services.throw_if_stopped();
    Plan plan{.layout = layout_of({job.packages, job.target, job.manifest},
                                  std::move(fetched.trees), job.store, services),
              .check = realize::ObjectCheck::done,
              .fetched_packages = fetched.packages,
              .fetched_bytes = fetched.bytes};
    if (can_be_kept(job.packages)) {
        LayoutCache(services.cache("layouts")).put(job.target.env, plan.layout);
    }
    return plan;
}

realize::PrefixRequest
order_for(const Job& job, const Plan& plan,
          std::function<void(const std::filesystem::path& made)> before_visible,
          const project::Services& services) {
    return {.env = job.target.env,
            .layout = plan.layout,
            .interpreter = job.interpreter,
            .archives = archives_of(job.packages),
            .link_mode = services.settings().link_mode,
            .object_check = plan.check,
            .syncing = job.store.policy().syncing,
            .before_visible = std::move(before_visible)};
}

/// In the store, and in a copy besides if `--prefix` asks for one.
Realised realise(const Job& job, const Plan& plan, project::Services& services) {
    services.throw_if_stopped();
    const StorePaths& paths = job.store.paths();
    const auto prove = [&](const std::filesystem::path& prefix) {
        check_seal(job.target, plan.layout, prefix, services);
    };
    const realize::PrefixRequest in_store = order_for(job, plan, prove, services);
    Realised realised{realize::build(paths, in_store, services.pool(), services.progress()), {}};
    if (realised.prefix.was_there) {
        prove(realised.prefix.prefix);
    }
    services.throw_if_stopped();
    const auto audit = [&] {
        realised.audit = audit_made(job.request, job.manifest, job.target,
                                    {realised.prefix.prefix, &plan.layout}, services);
    };
    if (job.request.prefix) {
        const auto prove_and_test = [&](const std::filesystem::path& made) {
            prove(made);
            audit();
            if (job.request.while_copying) {
                job.request.while_copying(realised.prefix.prefix);
            }
        };
        realize::lay_out(paths, order_for(job, plan, prove_and_test, services), *job.request.prefix,
                         services.pool(), services.progress());
    } else {
        audit();
    }
    return realised;
}

/// Nothing if the store lacks one of the objects, even if the prefix is there: the caller then
/// fetches the packages again.
std::optional<Realised> realise_kept(const Job& job, const Plan& plan,
                                     project::Services& services) {
    const bool stands = realize::is_usable(job.store.paths().prefix(job.target.env));
    if (stands && !job.request.prefix && !has_all(job.store, plan.layout, services.pool())) {
        return std::nullopt;
    }
    try {
        return realise(job, plan, services);
    } catch (const Error& failure) {
        if (failure.code() != ExitCode::integrity ||
            has_all(job.store, plan.layout, services.pool())) {
            throw;
        }
    }
    return std::nullopt;
}

/// Laying out wheels prints no notes, so using the kept layout loses none.
bool can_be_kept(const std::vector<LockedPackage>& packages) {
    return std::none_of(packages.begin(), packages.end(), [](const LockedPackage& package) {
        return package.is_conda() || !package.wins.empty();
    });
}

/// If there is to be an audit, what it will ask for is read as well.
Fetched fetch(const Job& job, project::Services& services) {
    if (audit_policy(job.request, job.manifest) == CheckPolicy::off) {
        return fetch_missing(job.packages, job.manifest, job.store, nullptr, services);
    }
    AuditAhead ahead(gpu::BinaryCache(services.cache("audit")), services.pool(), services.stop());
    return fetch_missing(job.packages, job.manifest, job.store, &ahead, services);
}

CheckPolicy audit_policy(const InstallRequest& request, const Manifest& manifest) {
    return request.audit.value_or(manifest.gpu.audit);
}

/// For the GPUs and the driver that the target declares. What was read of a binary is kept by its
/// digest, so that only new ones are opened.
std::optional<AuditReport> audit_made(const InstallRequest& request, const Manifest& manifest,
                                      const LockedTarget& target, const MadePrefix& prefix,
                                      project::Services& services) {
    const CheckPolicy policy = audit_policy(request, manifest);
    if (policy == CheckPolicy::off) {
        return std::nullopt;
    }
    const gpu::TargetMachine machine =
        universe::gpu_machine(manifest, target.target, services.facts());
    AuditOrder order;
    order.allowed = manifest.gpu.audit_allow;
    order.locked = target.gpu;
    order.layout = prefix.layout;
    AuditReport report =
        audit_prefix(prefix.path,
                     {.gpus = machine.gpus.value_or(std::vector<ComputeCapability>()),
                      .glibc = target.target.glibc,
                      .driver = machine.cuda},
                     order, services);
    if (policy == CheckPolicy::strict && report.has_error()) {
        const gpu::Finding& worst = report.findings.front();
        throw Error(
            {fmt::format("the environment did not pass the audit: {}", worst.text),
             worst.package.empty() ? worst.file : fmt::format("{} ({})", worst.file, worst.package),
             fmt::format("{}; `envpm audit --prefix {}` shows all, `envpm install --audit warn` "
                         "installs it all the same",
                         worst.hint, prefix.path.string())},
            ExitCode::integrity);
    }
    return report;
}

} // namespace

} // namespace envpm::installing
