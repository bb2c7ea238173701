#include "base/error.h"
#include "base/files.h"
#include "store/care.h"
#include "store/format.h"
#include "store/tree_file.h"
#include "store/walk.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

namespace envpm::store {

namespace {

using Sizes = std::map<ObjectName, std::uint64_t>;

/// What the trees say of objects, and what is wrong with the trees themselves.
class TreeFacts {
  public:
    TreeFacts(const std::vector<FoundTree>& found, ThreadPool& pool);

    [[nodiscard]] const Sizes& sizes() const { return sizes_; }

    [[nodiscard]] const std::vector<Damage>& damages() const { return damages_; }

    /// Damage of every tree that names an object which is not there.
    void find_missing(const std::vector<FoundObject>& objects);

  private:
    std::vector<std::pair<std::filesystem::path, Tree>> trees_;
    Sizes sizes_;
    std::vector<Damage> damages_;
};

std::optional<std::string> fault_of(const FoundObject& object, const Sizes& sizes,
                                    VerifyDepth depth);

} // namespace

std::vector<Damage> verify(const StorePaths& paths, VerifyDepth depth, ThreadPool& pool,
                           Progress& progress) {
    require_format(paths);
    const FileLock lock(paths.lock(), LockKind::shared);
    const StoreContent content = list_content(paths);
    TreeFacts trees(content.trees, pool);
    trees.find_missing(content.objects);

    std::vector<std::optional<std::string>> faults(content.objects.size());
    progress.begin("verifying", content.objects.size(), ProgressUnit::items);
    parallel_for(pool, content.objects.size(), [&](std::size_t i) {
        faults[i] = fault_of(content.objects[i], trees.sizes(), depth);
        progress.advance(1);
    });
    progress.end();

    std::vector<Damage> damages = trees.damages();
    for (std::size_t i = 0; i < faults.size(); ++i) {
        if (faults[i]) {
            damages.push_back({content.objects[i].path, *faults[i]});
        }
    }
    for (const std::filesystem::path& stranger : content.strangers) {
        damages.push_back({stranger, "not from envpm"});
    }
    std::sort(damages.begin(), damages.end(), [](const Damage& a, const Damage& b) {
        return std::tie(a.path, a.what) < std::tie(b.path, b.what);
    });
    return damages;
}

namespace {

TreeFacts::TreeFacts(const std::vector<FoundTree>& found, ThreadPool& pool) {
    std::vector<std::optional<Tree>> trees(found.size());
    parallel_for(pool, found.size(), [&](std::size_t i) {
        trees[i] = parse_tree(read_file(found[i].path), found[i].archive);
    });
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (!trees[i]) {
            damages_.push_back({found[i].path, "not what was written"});
            continue;
        }
        for (const TreeFile& file : trees[i]->files) {
            sizes_.emplace(ObjectName{file.object, file.is_executable}, file.size_bytes);
        }
        trees_.emplace_back(found[i].path, std::move(*trees[i]));
    }
}

void TreeFacts::find_missing(const std::vector<FoundObject>& objects) {
    const auto is_there = [&objects](const ObjectName& name) {
        const auto at = std::lower_bound(objects.begin(), objects.end(), name,
                                         [](const FoundObject& object, const ObjectName& wanted) {
                                             return object.name < wanted;
                                         });
        return at != objects.end() && at->name == name;
    };
    for (const auto& [path, tree] : trees_) {
        for (const TreeFile& file : tree.files) {
            if (!is_there({file.object, file.is_executable})) {
                damages_.push_back(
                    {path, fmt::format("the object of `{}` is missing", file.path.string())});
            }
        }
    }
}

std::optional<std::string> fault_of(const FoundObject& object, const Sizes& sizes,
                                    VerifyDepth depth) {
    struct stat status {};

    if (::lstat(object.path.c_str(), &status) != 0) {
        throw_system_error("cannot look at an object", object.path.string(), errno);
    }
    if (std::optional<std::string> fault = fault_of_object(status, object.name)) {
        return fault;
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const auto expected = sizes.find(object.name);
    if (expected != sizes.end() && expected->second != size) {
        return fmt::format("{} bytes instead of {}", size, expected->second);
    }
    if (depth == VerifyDepth::full && sha256_of_file(object.path) != object.name.digest) {
        return "its bytes were changed";
    }
    return std::nullopt;
}

} // namespace

} // namespace envpm::store
