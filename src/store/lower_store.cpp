#include "store/lower_store.h"

#include "base/files.h"
#include "base/waiting.h"
#include "store/format.h"
#include "store/tree_file.h"

#include <fcntl.h>

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

namespace envpm::store {

namespace {

bool take_objects(int objects, const Tree& tree, ObjectStage& stage, ThreadPool& pool,
                  const std::stop_token& stop);

} // namespace

std::set<Sha256> take_from_lower(const StorePaths& lower, const std::set<Sha256>& wanted,
                                 ObjectStage& stage, ThreadPool& pool,
                                 const std::stop_token& stop) {
    if (wanted.empty() || !std::filesystem::exists(lower.root())) {
        return {};
    }
    require_format(lower);
    if (!std::filesystem::exists(lower.objects())) {
        return {}; // a store with nothing in it yet
    }
    const Fd objects = open_file(lower.objects(), O_RDONLY | O_DIRECTORY);
    std::set<Sha256> had;
    const auto path_of = [&lower](const Sha256& archive) { return lower.tree(archive); };
    for (const Tree& tree : read_trees(wanted, path_of)) {
        if (take_objects(objects.get(), tree, stage, pool, stop) && stage.put_tree(tree)) {
            had.insert(tree.archive);
        }
    }
    return had;
}

namespace {

bool take_objects(int objects, const Tree& tree, ObjectStage& stage, ThreadPool& pool,
                  const std::stop_token& stop) {
    std::atomic<bool> is_whole = true;
    parallel_for(pool, tree.files.size(), [&](std::size_t i) {
        throw_if_stopped(stop);
        const TreeFile& file = tree.files[i];
        const std::string path = StorePaths::object_below(file.object, file.is_executable);
        if (!stage.take_over(objects, path, {file.object, file.is_executable}, file.size_bytes)) {
            is_whole = false;
        }
    });
    return is_whole;
}

} // namespace

} // namespace envpm::store
