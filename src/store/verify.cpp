#include "store/verify.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/hash_two.h"
#include "base/progress_task.h"
#include "store/format.h"
#include "store/store.h"
#include "store/tree_file.h"
#include "store/walk.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace envpm::store {

namespace {

constexpr const char* unreadable = "it cannot be read";

/// What trees say of an object.
struct Claim {
    std::uint64_t size_bytes = 0;
    std::set<Sha256> archives;
};

using Claims = std::map<ObjectName, Claim>;

struct Fault {
    std::string what;
    DamageKind kind = DamageKind::object;
};

/// What was found of an object.
struct Finding {
    std::optional<Fault> fault;
    std::optional<FileIdentity> sound; ///< its bytes were read, and are right
};

/// What the trees say of objects, and what is wrong with the trees themselves.
class TreeFacts {
  public:
    TreeFacts(const std::vector<FoundTree>& found, ThreadPool& pool);

    [[nodiscard]] const Claims& claims() const { return claims_; }

    [[nodiscard]] const std::vector<Damage>& damages() const { return damages_; }

    /// Adds the objects that some tree names and that are not there.
    void find_missing(const StorePaths& paths, const std::vector<FoundObject>& objects);

  private:
    Claims claims_;
    std::vector<Damage> damages_;
};

std::vector<struct stat> status_of_all(const std::vector<FoundObject>& objects, ThreadPool& pool);
std::vector<std::size_t> largest_first(const std::vector<struct stat>& statuses);

/// What is looked at, and how closely.
struct Matter {
    const std::vector<FoundObject>& objects;
    const Claims& claims;
    VerifyDepth depth;
};

std::vector<Finding> findings_of(const Matter& matter, ThreadPool& pool, ProgressTask& task);
std::optional<Finding> look_at(const FoundObject& object, const struct stat& status,
                               const Claims& claims, VerifyDepth depth);
std::vector<std::optional<Sha256>> digests_of(const std::vector<std::filesystem::path>& files);
void read(const std::vector<FoundObject>& objects, const std::vector<struct stat>& statuses,
          const std::vector<std::size_t>& unread, std::vector<Finding>& findings);
std::optional<std::string> fault_of_size(const struct stat& status, const ObjectName& name,
                                         const Claims& claims);
std::vector<Sha256> archives_of(const Claim& claim);
Damage damage_of(const FoundObject& object, const Fault& fault, const Claims& claims);

} // namespace

StoreVerdict verify(const StorePaths& paths, VerifyDepth depth, ThreadPool& pool,
                    Progress& progress) {
    require_format(paths);
    const StoreContent content = list_content(paths);
    TreeFacts trees(content.trees, pool);
    trees.find_missing(paths, content.objects);

    std::vector<Finding> findings;
    {
        ProgressTask task(progress, "verifying", content.objects.size(), ProgressUnit::items);
        findings = findings_of({content.objects, trees.claims(), depth}, pool, task);
    }

    StoreVerdict verdict{trees.damages(), {}};
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const FoundObject& object = content.objects[i];
        if (findings[i].fault) {
            verdict.damages.push_back(damage_of(object, *findings[i].fault, trees.claims()));
        }
        if (findings[i].sound) {
            verdict.sound.add(*findings[i].sound, object.name.digest);
        }
    }
    for (const std::filesystem::path& stranger : content.strangers) {
        verdict.damages.push_back({stranger, "not from envpm", DamageKind::stranger});
    }
    for (const std::filesystem::path& lost : content.lost_folders) {
        verdict.damages.push_back({lost, unreadable, DamageKind::stranger});
    }
    std::sort(verdict.damages.begin(), verdict.damages.end(), [](const auto& a, const auto& b) {
        return std::tie(a.path, a.what) < std::tie(b.path, b.what);
    });
    return verdict;
}

namespace {

/// Two at a time, of about one size.
std::vector<Finding> findings_of(const Matter& matter, ThreadPool& pool, ProgressTask& task) {
    const std::vector<FoundObject>& objects = matter.objects;
    const std::vector<struct stat> statuses = status_of_all(objects, pool);
    const std::vector<std::size_t> order = largest_first(statuses);
    std::vector<Finding> findings(objects.size());
    parallel_for(pool, (order.size() + 1) / 2, [&](std::size_t i) {
        std::vector<std::size_t> unread;
        const std::size_t end = std::min(order.size(), 2 * i + 2);
        for (std::size_t k = 2 * i; k < end; ++k) {
            const std::size_t at = order[k];
            auto found = look_at(objects[at], statuses[at], matter.claims, matter.depth);
            if (found) {
                findings[at] = std::move(*found);
            } else {
                unread.push_back(at);
            }
        }
        read(objects, statuses, unread, findings);
        task.advance(end - 2 * i);
    });
    return findings;
}

TreeFacts::TreeFacts(const std::vector<FoundTree>& found, ThreadPool& pool) {
    std::vector<std::optional<Tree>> trees(found.size());
    parallel_for(pool, found.size(), [&](std::size_t i) {
        const std::optional<std::string> text = read_file_unless_lost(found[i].path);
        trees[i] = text ? parse_tree(*text, found[i].archive) : std::nullopt;
    });
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Sha256& archive = found[i].archive;
        if (!trees[i]) {
            const char* const what =
                has_lost_bytes(found[i].path) ? unreadable : "not what was written";
            damages_.push_back({found[i].path, what, DamageKind::tree, {archive}});
            continue;
        }
        for (const TreeFile& file : trees[i]->files) {
            Claim& claim = claims_[{file.object, file.is_executable}];
            claim.size_bytes = file.size_bytes;
            claim.archives.insert(archive);
        }
    }
}

void TreeFacts::find_missing(const StorePaths& paths, const std::vector<FoundObject>& objects) {
    const auto before = [](const FoundObject& object, const ObjectName& name) {
        return object.name < name;
    };
    for (const auto& [name, claim] : claims_) {
        const auto at = std::lower_bound(objects.begin(), objects.end(), name, before);
        if (at == objects.end() || at->name != name) {
            damages_.push_back({paths.object(name.digest, name.is_executable), "missing",
                                DamageKind::missing, archives_of(claim)});
        }
    }
}

/// What the disk does not give is zero: no file has such a mode.
std::vector<struct stat> status_of_all(const std::vector<FoundObject>& objects, ThreadPool& pool) {
    constexpr std::size_t objects_of_a_task = 256;
    std::vector<struct stat> statuses(objects.size());
    const std::size_t tasks = (objects.size() + objects_of_a_task - 1) / objects_of_a_task;
    parallel_for(pool, tasks, [&](std::size_t task) {
        const std::size_t end = std::min(objects.size(), (task + 1) * objects_of_a_task);
        for (std::size_t i = task * objects_of_a_task; i < end; ++i) {
            if (::lstat(objects[i].path.c_str(), &statuses[i]) == 0) {
                continue;
            }
            statuses[i] = {};
            if (!means_lost(errno)) {
                throw_system_error("cannot look at an object", objects[i].path.string(), errno);
            }
        }
    });
    return statuses;
}

/// So that at the end no thread reads a large one while the others idle.
std::vector<std::size_t> largest_first(const std::vector<struct stat>& statuses) {
    std::vector<std::size_t> order(statuses.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&statuses](std::size_t a, std::size_t b) {
        return statuses[a].st_size > statuses[b].st_size;
    });
    return order;
}

/// From outside; nothing if it must be read.
std::optional<Finding> look_at(const FoundObject& object, const struct stat& status,
                               const Claims& claims, VerifyDepth depth) {
    if (status.st_mode == 0) {
        return Finding{Fault{unreadable}, std::nullopt};
    }
    std::optional<std::string> looks = fault_of_object(status, object.name);
    std::optional<std::string> size = fault_of_size(status, object.name, claims);
    if (!S_ISREG(status.st_mode) || size || (looks && depth == VerifyDepth::quick)) {
        return Finding{Fault{looks ? std::move(*looks) : std::move(*size)}, std::nullopt};
    }
    if (depth == VerifyDepth::quick) {
        return Finding();
    }
    if (::access(object.path.c_str(), R_OK) != 0 && errno == EACCES) {
        return Finding{Fault{looks ? std::move(*looks) : "it may not be read"}, std::nullopt};
    }
    return std::nullopt;
}

Finding judge(const FoundObject& object, const struct stat& status, const Sha256& digest) {
    std::optional<std::string> looks = fault_of_object(status, object.name);
    if (digest != object.name.digest) {
        return {Fault{looks ? std::move(*looks) : "its bytes were changed"}, std::nullopt};
    }
    return {looks ? std::optional(Fault{std::move(*looks), DamageKind::looks}) : std::nullopt,
            FileIdentity{status.st_dev, status.st_ino}};
}

/// None, one or two of them.
void read(const std::vector<FoundObject>& objects, const std::vector<struct stat>& statuses,
          const std::vector<std::size_t>& unread, std::vector<Finding>& findings) {
    std::vector<std::filesystem::path> files;
    for (const std::size_t at : unread) {
        files.push_back(objects[at].path);
    }
    const std::vector<std::optional<Sha256>> digests = digests_of(files);
    for (std::size_t i = 0; i < unread.size(); ++i) {
        const std::size_t at = unread[i];
        findings[at] = digests[i] ? judge(objects[at], statuses[at], *digests[i])
                                  : Finding{Fault{unreadable}, std::nullopt};
    }
}

/// Of two together; if that fails each alone, and what the disk does not give has none.
std::vector<std::optional<Sha256>> digests_of(const std::vector<std::filesystem::path>& files) {
    if (files.size() == 2) {
        try {
            const auto [first, second] = sha256_of_two_files(files[0], files[1]);
            return {first, second};
        } catch (const Error&) {
            return {sha256_unless_lost(files[0]), sha256_unless_lost(files[1])};
        }
    }
    return files.empty() ? std::vector<std::optional<Sha256>>()
                         : std::vector{sha256_unless_lost(files[0])};
}

std::optional<std::string> fault_of_size(const struct stat& status, const ObjectName& name,
                                         const Claims& claims) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const auto claim = claims.find(name);
    if (claim == claims.end() || claim->second.size_bytes == size) {
        return std::nullopt;
    }
    return fmt::format("{} bytes instead of {}", size, claim->second.size_bytes);
}

std::vector<Sha256> archives_of(const Claim& claim) {
    return {claim.archives.begin(), claim.archives.end()};
}

Damage damage_of(const FoundObject& object, const Fault& fault, const Claims& claims) {
    Damage damage{object.path, fault.what, fault.kind};
    if (const auto claim = claims.find(object.name); claim != claims.end()) {
        damage.archives = archives_of(claim->second);
    }
    return damage;
}

} // namespace

} // namespace envpm::store
