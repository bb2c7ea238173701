#include "realize/generations.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/parse_number.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <map>
#include <set>

// The order of every change is the order of what must be on disk first: the store knows of the
// project, the generation is whole (its json before its link) and so are the names of the folders
// that lead to it, then `current` moves. A crash
// between leaves a generation that nobody uses, or a json without a link, which counts for nothing
// and is removed by the next switch.

namespace envpm::realize {

namespace {

constexpr int record_version = 1;
constexpr int most_generations = 1'000'000'000; ///< no number is as large

std::optional<int> parse_generation(const std::string& text);
std::optional<std::filesystem::path> read_link(const std::filesystem::path& link);
bool is_absence(const std::error_code& failure);
void replace_link(const std::filesystem::path& link, const std::filesystem::path& target);
std::filesystem::path root_link(const StorePaths& store, const std::filesystem::path& folder);
bool is_root(const StorePaths& store, const std::filesystem::path& folder);
void register_root(const StorePaths& store, const std::filesystem::path& folder);
void sync_way_to(std::filesystem::path folder);
std::set<int> numbers_in(const std::filesystem::path& folder);
std::optional<Generation> read_generation(const std::filesystem::path& gens, int number);
void write_generation(const std::filesystem::path& gens, const Generation& generation);
void make_current(const std::filesystem::path& folder, int number);
int next_number(const std::set<int>& numbers);
void remove_old(const std::filesystem::path& gens, int current);
bool is_gone(const std::filesystem::path& prefix);
bool has_record(const std::filesystem::path& gens, int number);

/// All generations of a folder, and those that are damaged or that the disk does not give: unless
/// it is the current one, none of them stands in anybody's way.
struct Found {
    std::vector<Generation> generations; ///< ascending
    std::map<int, std::exception_ptr> unreadable;
    int current = 0;

    /// Of the one that is wanted, or of one before the current, says why.
    void throw_if_unreadable(std::optional<int> wanted) const;
};

Found read_all(const std::filesystem::path& folder);

/// Which generations stay, told from the newest on. Of one environment that is the newest; what is
/// not there takes no place of what is, and yet may come back, as with a store on another disk.
class Kept {
  public:
    explicit Kept(const std::filesystem::path& gens)
        : gens_(gens) {}

    /// Whether this one stays, which then counts.
    bool take(int number);

    /// One that stays anyhow.
    void count(int number);

  private:
    const std::filesystem::path& gens_;
    std::set<std::filesystem::path> prefixes_;
    std::size_t there_ = 0; ///< or may be
    std::size_t gone_ = 0;
};

void remove_unfinished_links(const std::filesystem::path& gens);
bool is_of(const Generation& generation, const std::optional<std::string>& target);
const Generation* before_with_another_environment(const std::vector<Generation>& all,
                                                  const Generation& current,
                                                  const std::optional<std::string>& target);
void require_usable(const Generation& chosen, const std::optional<std::string>& target);
[[noreturn]] void throw_no_generation(const std::vector<Generation>& all,
                                      std::optional<int> number);

} // namespace

Generations::Generations(const std::filesystem::path& project, const std::string& environment)
    : folder_(std::filesystem::absolute(project).lexically_normal() / ".envpm" / "envs" /
              environment) {}

std::vector<Generation> Generations::all() const {
    return read_all(folder_).generations;
}

std::optional<Generation> Generations::current() const {
    const std::optional<std::filesystem::path> link = read_link(current_link());
    const std::optional<int> number =
        link ? parse_generation(link->filename().string()) : std::nullopt;
    std::optional<Generation> generation =
        number ? read_generation(generations_folder(folder_), *number) : std::nullopt;
    if (generation) {
        generation->is_current = true;
    }
    return generation;
}

bool Generations::keep_alive(const StorePaths& store,
                             const std::function<void()>& before_waiting) const {
    if (is_root(store, folder_)) {
        return true;
    }
    const FileLock no_collector(store.lock(), LockKind::shared, before_waiting);
    const FileLock lock(folder_ / "lock", LockKind::exclusive);
    register_root(store, folder_);
    return false;
}

Generation Generations::switch_to(const StorePaths& store, const NewGeneration& wanted) {
    const FileLock lock(folder_ / "lock", LockKind::exclusive);
    register_root(store, folder_);
    sync_folder(store.roots()); // a link that was there may be a killed run's
    const std::optional<Generation> before = current();
    if (before && before->prefix == wanted.prefix && before->env == wanted.env &&
        before->target == wanted.target) {
        sync_way_to(folder_); // who made it current may have been killed before it came to that
        return *before;
    }
    const std::set<int> numbers = numbers_in(generations_folder(folder_));
    Generation next{next_number(numbers), wanted.prefix, wanted.env,
                    wanted.now,           wanted.target, true};
    write_generation(generations_folder(folder_), next);
    sync_way_to(folder_);
    make_current(folder_, next.number);
    remove_old(generations_folder(folder_), next.number);
    return next;
}

Generation Generations::roll_back(std::optional<int> number,
                                  const std::optional<std::string>& target) {
    const FileLock lock(folder_ / "lock", LockKind::exclusive);
    const Found found = read_all(folder_);
    const Generation* chosen = nullptr;
    for (const Generation& generation : found.generations) {
        if (number ? generation.number == *number : generation.is_current) {
            chosen = &generation;
        }
    }
    if (!number && chosen != nullptr) {
        chosen = before_with_another_environment(found.generations, *chosen, target);
    }
    if (chosen == nullptr) {
        found.throw_if_unreadable(number);
        throw_no_generation(found.generations, number);
    }
    require_usable(*chosen, target);
    make_current(folder_, chosen->number);
    Generation result = *chosen;
    result.is_current = true;
    return result;
}

namespace {

Found read_all(const std::filesystem::path& folder) {
    const std::optional<std::filesystem::path> link = read_link(folder / "current");
    Found found;
    found.current = link ? parse_generation(link->filename().string()).value_or(0) : 0;
    for (const int number : numbers_in(generations_folder(folder))) {
        try {
            if (auto generation = read_generation(generations_folder(folder), number)) {
                generation->is_current = number == found.current;
                found.generations.push_back(std::move(*generation));
            }
        } catch (const Error&) {
            if (number == found.current) {
                throw;
            }
            found.unreadable.emplace(number, std::current_exception());
        }
    }
    return found;
}

void Found::throw_if_unreadable(std::optional<int> wanted) const {
    for (const auto& [number, failure] : unreadable) {
        if (wanted ? number == *wanted : number < current) {
            std::rethrow_exception(failure);
        }
    }
}

/// An install after a rollback makes a generation of the same environment.
const Generation* before_with_another_environment(const std::vector<Generation>& all,
                                                  const Generation& current,
                                                  const std::optional<std::string>& target) {
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const Generation& one) {
        return one.number < current.number && one.env != current.env && is_of(one, target);
    });
    return found == all.rend() ? nullptr : &*found;
}

bool is_of(const Generation& generation, const std::optional<std::string>& target) {
    return !target || generation.target.empty() || generation.target == *target;
}

void require_usable(const Generation& chosen, const std::optional<std::string>& target) {
    if (!is_of(chosen, target)) {
        throw Error({fmt::format("generation `{}` is of target `{}`, not of `{}`", chosen.number,
                                 chosen.target, *target),
                     "--target", "`envpm gens` shows which is of which target"},
                    ExitCode::usage);
    }
    if (!std::filesystem::is_directory(chosen.prefix)) {
        throw Error({fmt::format("the environment of generation `{}` is no longer in the store",
                                 chosen.number),
                     chosen.prefix.string(), "`envpm install` makes the locked one anew"});
    }
}

std::optional<int> parse_generation(const std::string& text) {
    const auto number = parse_number<int>(text);
    return number && *number > 0 && *number < most_generations && std::to_string(*number) == text
               ? number
               : std::nullopt;
}

/// Nothing if it is no link, or not there. What cannot be read is a failure: taken for nothing, a
/// disk's fault would let a generation that is in use be removed.
std::optional<std::filesystem::path> read_link(const std::filesystem::path& link) {
    std::error_code failure;
    std::filesystem::path target = std::filesystem::read_symlink(link, failure);
    if (!failure) {
        return target;
    }
    if (failure == std::errc::invalid_argument || is_absence(failure)) {
        return std::nullopt;
    }
    throw_system_error("cannot read a link", link.string(), failure.value());
}

bool is_absence(const std::error_code& failure) {
    return failure == std::errc::no_such_file_or_directory || failure == std::errc::not_a_directory;
}

/// A new link under another name and one rename: readers see the old target or the new one. The
/// name is fixed, since all who come here hold the project's lock: a crash leaves no second one.
void replace_link(const std::filesystem::path& link, const std::filesystem::path& target) {
    std::error_code failure;
    std::filesystem::create_directories(link.parent_path(), failure);
    const std::filesystem::path temporary =
        link.parent_path() / fmt::format(".{}.new", link.filename().string());
    ::unlink(temporary.c_str());
    if (::symlink(target.c_str(), temporary.c_str()) != 0) {
        throw_system_error("cannot make a link", link.string(), errno);
    }
    if (::rename(temporary.c_str(), link.c_str()) != 0) {
        const int fault = errno;
        ::unlink(temporary.c_str());
        throw_system_error("cannot replace a link", link.string(), fault);
    }
    sync_folder(link.parent_path());
}

std::filesystem::path root_link(const StorePaths& store, const std::filesystem::path& folder) {
    return store.roots() / sha256_of(folder.string()).hex();
}

bool is_root(const StorePaths& store, const std::filesystem::path& folder) {
    return read_link(root_link(store, folder)) == folder;
}

void register_root(const StorePaths& store, const std::filesystem::path& folder) {
    if (!is_root(store, folder)) {
        replace_link(root_link(store, folder), folder);
    }
}

/// The names in an environment's folder and in those above it, up to the project: whoever made them
/// may have been killed before it came to that.
void sync_way_to(std::filesystem::path folder) {
    constexpr int folders = 4; // itself, `envs`, `.envpm` and the project
    for (int i = 0; i < folders; ++i) {
        sync_folder(folder);
        folder = folder.parent_path();
    }
}

/// Of generations, and of what is left of some.
std::set<int> numbers_in(const std::filesystem::path& folder) {
    std::set<int> numbers;
    std::error_code failure;
    std::filesystem::directory_iterator entries(folder, failure);
    for (; !failure && entries != std::filesystem::directory_iterator();
         entries.increment(failure)) {
        const std::filesystem::path name = entries->path().filename();
        const bool is_record = name.extension() == ".json";
        if (const std::optional<int> number =
                parse_generation((is_record ? name.stem() : name).string())) {
            numbers.insert(*number);
        }
    }
    if (failure && !is_absence(failure)) {
        throw_system_error("cannot read a folder", folder.string(), failure.value());
    }
    return numbers;
}

std::optional<Generation> read_generation(const std::filesystem::path& gens, int number) {
    std::optional<std::filesystem::path> prefix = read_link(gens / std::to_string(number));
    const std::filesystem::path record = gens / fmt::format("{}.json", number);
    const std::optional<std::string> text =
        prefix ? read_file_if_present(record) : std::optional<std::string>();
    if (!text) {
        return std::nullopt;
    }
    try {
        const Json json = parse_json(*text, record.string());
        const std::optional<Sha256> env = Sha256::parse(json.text("env"));
        if (json.number("version") == record_version && env) {
            const Json* const target = json.find("target");
            return Generation{number,
                              std::move(*prefix),
                              *env,
                              json.text("created"),
                              target == nullptr ? std::string() : json.text("target"),
                              false};
        }
    } catch (const Error&) {
        // no JSON, or not all of it: the same as one of another version
    }
    throw Error({"the record of a generation cannot be used", record.string(),
                 "remove it, and `envpm install` makes a new one"});
}

void write_generation(const std::filesystem::path& gens, const Generation& generation) {
    const Json record(Json::Object{
        {"created", generation.created},
        {"env", generation.env.hex()},
        {"prefix", generation.prefix.string()},
        {"target", generation.target},
        {"version", record_version},
    });
    write_file(gens / fmt::format("{}.json", generation.number), to_text(record, 2) + "\n");
    replace_link(gens / std::to_string(generation.number), generation.prefix);
}

void make_current(const std::filesystem::path& folder, int number) {
    replace_link(folder / "current", generations_folder("") / std::to_string(number));
}

/// Behind the greatest that has room behind it: one that is not from here may have the last number.
int next_number(const std::set<int>& numbers) {
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
        const int next = *number + 1;
        if (next < most_generations && !numbers.contains(next)) {
            return next;
        }
    }
    return 1;
}

/// The link first: what has no link counts for nothing.
void remove_old(const std::filesystem::path& gens, int current) {
    const std::set<int> numbers = numbers_in(gens);
    Kept kept(gens);
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
        if (*number == current) {
            kept.count(*number);
        } else if (!kept.take(*number)) {
            ::unlink((gens / std::to_string(*number)).c_str());
            ::unlink((gens / fmt::format("{}.json", *number)).c_str());
        }
    }
    remove_unfinished_links(gens);
}

bool Kept::take(int number) {
    std::error_code failure;
    const auto prefix = std::filesystem::read_symlink(gens_ / std::to_string(number), failure);
    const bool is_left = there_ >= kept_generations || is_absence(failure) ||
                         prefixes_.contains(prefix) ||
                         (is_gone(prefix) && gone_ >= kept_generations);
    if (!is_left) {
        count(number);
    }
    return !is_left;
}

/// That a link or a record cannot be read now is no reason to remove it, nor its like.
void Kept::count(int number) {
    std::error_code failure;
    const auto prefix = std::filesystem::read_symlink(gens_ / std::to_string(number), failure);
    ++(is_gone(prefix) ? gone_ : there_);
    if (!failure && has_record(gens_, number)) {
        prefixes_.insert(prefix);
    }
}

/// Not if that cannot be told.
bool is_gone(const std::filesystem::path& prefix) {
    std::error_code failure;
    return !prefix.empty() && !std::filesystem::exists(prefix, failure) &&
           (!failure || is_absence(failure));
}

bool has_record(const std::filesystem::path& gens, int number) {
    try {
        return read_generation(gens, number).has_value();
    } catch (const Error&) {
        return false;
    }
}

/// What a kill left of `replace_link`: it would keep its prefix alive.
void remove_unfinished_links(const std::filesystem::path& gens) {
    std::error_code unreadable; // then they stay until the next time
    std::filesystem::directory_iterator entries(gens, unreadable);
    for (; !unreadable && entries != std::filesystem::directory_iterator();
         entries.increment(unreadable)) {
        const std::string name = entries->path().filename().string();
        if (name.starts_with('.') && name.ends_with(".new")) {
            ::unlink(entries->path().c_str());
        }
    }
}

void throw_no_generation(const std::vector<Generation>& all, std::optional<int> number) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const Generation& generation : all) {
        names.push_back(
            fmt::format("`{}`{}", generation.number, generation.is_current ? " (current)" : ""));
    }
    throw Error({number ? fmt::format("there is no generation `{}`", *number)
                        : "there is no other environment before the current generation",
                 number ? "the command line" : "",
                 names.empty() ? "`envpm install` makes the first one"
                               : fmt::format("there are {}", fmt::join(names, ", "))},
                number ? ExitCode::usage : ExitCode::failed);
}

} // namespace

} // namespace envpm::realize
