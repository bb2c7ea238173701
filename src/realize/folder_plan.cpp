#include "realize/folder_plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace envpm::realize {

namespace {

/// Goes through sorted paths, of which those below one folder stand together: so a folder that was
/// left is never entered again.
class Planner {
  public:
    Planner()
        : folders_(1),
          way_{0} {}

    /// The folder at `path`, planned with those above it.
    PlannedFolder& enter(std::string_view path);

    std::vector<PlannedFolder> finish();

  private:
    [[nodiscard]] const std::string& here() const { return folders_[way_.back()].path; }

    std::vector<PlannedFolder> folders_;
    std::vector<std::size_t> way_; ///< from the prefix to where it is
};

bool is_within(std::string_view path, std::string_view folder);

} // namespace

const char* PlannedFolder::name() const {
    const std::size_t slash = path.rfind('/');
    return path.c_str() + (slash == std::string::npos ? 0 : slash + 1);
}

std::vector<PlannedFolder> plan_folders(const Layout& layout) {
    Planner planner;
    for (std::size_t i = 0; i < layout.entries.size(); ++i) {
        const LayoutEntry& entry = layout.entries[i];
        if (std::holds_alternative<EmptyFolder>(entry.content)) {
            planner.enter(entry.path.string());
        } else {
            planner.enter(entry.path.parent()).entries.push_back(i);
        }
    }
    return planner.finish();
}

namespace {

PlannedFolder& Planner::enter(std::string_view path) {
    while (!is_within(path, here())) {
        way_.pop_back();
    }
    while (here().size() < path.size()) {
        const std::size_t begin = here().empty() ? 0 : here().size() + 1;
        PlannedFolder folder;
        folder.path = path.substr(0, path.find('/', begin));
        folders_[way_.back()].children.push_back(folders_.size());
        way_.push_back(folders_.size());
        folders_.push_back(std::move(folder));
    }
    return folders_[way_.back()];
}

std::vector<PlannedFolder> Planner::finish() {
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
        folder->weight += folder->entries.size();
        for (const std::size_t child : folder->children) { // they come later, so they are known
            folder->weight += folders_[child].weight;
        }
    }
    return std::move(folders_);
}

/// Or the folder itself.
bool is_within(std::string_view path, std::string_view folder) {
    return folder.empty() || (path.starts_with(folder) &&
                              (path.size() == folder.size() || path[folder.size()] == '/'));
}

} // namespace

} // namespace envpm::realize
