#include "base/assert.h"
#include "fuzz.h"
#include "lockfiles/canonical.h"
#include "lockfiles/lock_file.h"

#include <fuzzer/FuzzedDataProvider.h>

namespace envpm::fuzz {

namespace {

Lock lock_of(FuzzedDataProvider& input);
LockedTarget target_of(FuzzedDataProvider& input);
LockedPackage package_of(FuzzedDataProvider& input, const std::vector<LockedTarget>& targets);
PackageName name_of(FuzzedDataProvider& input);

} // namespace

/// Fields of a lock: it is read back as it was, in the canonical order, or refused. (A text that is
/// mutated seldom has the right env digest; this one always has.)
void read(std::string_view input) {
    FuzzedDataProvider provider(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    const Lock lock = lock_of(provider);
    const std::string text = lockfiles::to_text(lock);
    const auto again = if_accepted([&text] { return lockfiles::parse(text, "envpm.lock"); });
    if (again) {
        ENVPM_ASSERT(*again == lockfiles::in_canonical_order(lock));
        ENVPM_ASSERT(lockfiles::to_text(*again) == text);
    }
}

namespace {

Lock lock_of(FuzzedDataProvider& input) {
    Lock lock{sha256_of("manifest"), {}, {}};
    for (int i = input.ConsumeIntegralInRange(0, 3); i > 0; --i) {
        lock.targets.push_back(target_of(input));
    }
    for (int i = input.ConsumeIntegralInRange(0, 5); i > 0; --i) {
        lock.packages.push_back(package_of(input, lock.targets));
    }
    for (LockedTarget& target : lock.targets) {
        target.env = lockfiles::env_digest(lock, target);
    }
    return lock;
}

LockedTarget target_of(FuzzedDataProvider& input) {
    LockedTarget target{
        {input.ConsumeRandomLengthString(20),
         input.ConsumeBool() ? Platform::linux_64 : Platform::linux_aarch64,
         {2, input.ConsumeIntegralInRange(0, 60)}},
        LockedPython{{"cpython", 3, input.ConsumeIntegralInRange(0, 20), "cp312"}, "3.12.4"},
        sha256_of(""),
        std::nullopt};
    if (input.ConsumeBool()) {
        target.python->version = input.ConsumeRandomLengthString(10);
        target.python->abi.abi = input.ConsumeRandomLengthString(10);
        target.contents = sha256_of("contents");
    }
    return target;
}

LockedPackage package_of(FuzzedDataProvider& input, const std::vector<LockedTarget>& targets) {
    const PackageName name = name_of(input);
    const std::string version = input.ConsumeRandomLengthString(8);
    LockedPackage package{name,
                          version,
                          "pypi",
                          name.string() + "-" + version + "-py3-none-any.whl",
                          input.ConsumeIntegral<std::uint32_t>(),
                          sha256_of(version),
                          {},
                          {},
                          {},
                          input.ConsumeBool()};
    for (const LockedTarget& target : targets) {
        if (input.ConsumeBool()) {
            package.targets.push_back(target.target.name);
        }
    }
    for (int i = input.ConsumeIntegralInRange(0, 2); i > 0; --i) {
        package.extras.push_back(name_of(input));
        package.dependencies.push_back(input.ConsumeRandomLengthString(30));
    }
    if (input.ConsumeBool()) {
        package.source = input.ConsumeRandomLengthString(10);
        package.file = input.ConsumeRandomLengthString(40);
    }
    return package;
}

PackageName name_of(FuzzedDataProvider& input) {
    return PackageName::parse(input.ConsumeRandomLengthString(10))
        .value_or(*PackageName::parse("demo"));
}

} // namespace

} // namespace envpm::fuzz
