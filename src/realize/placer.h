#pragma once

#include "base/handle.h"
#include "model/layout.h"
#include "model/store_paths.h"
#include "realize/build.h"
#include "realize/link_mode.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace envpm::realize {

/// Gives a file, a folder or a link itself the `store_time`; throws.
void set_store_time(int folder, const char* name);

/// As throw_system_error. Only we write to the folders that we fill: where a name is taken, the
/// file system takes two names of the environment for one.
[[noreturn]] void throw_not_placed(const std::string& what, const std::string& path, int fault);

/// Puts files into folders of one file system. Any thread may call it once it is made.
class Placer {
  public:
    /// Finds out by one try, in `target_folder`, how files can get from the store to there, if
    /// `wanted` leaves it open. Throws an Error if the way that was asked for is not possible.
    Placer(const StorePaths& store, LinkMode wanted, ObjectCheck check,
           const std::filesystem::path& target_folder);

    [[nodiscard]] LinkMode mode() const { return mode_; }

    /// Makes `name` in `folder` the object's content. An object that is missing or, as far as that
    /// is checked, has another size is an Error of code 6 that names it and its owner.
    void place_object(const LayoutEntry& entry, int folder, const std::string& name) const;

    /// An object for reading, checked as by `place_object`.
    [[nodiscard]] Fd open_object(const LayoutEntry& entry, const ObjectFile& object) const;

    static void place_text(std::string_view text, const LayoutEntry& entry, int folder,
                           const std::string& name);
    /// The same, part by part until one is empty; each stays until the next is asked for.
    static void place_parts(const std::function<std::string_view()>& next_part,
                            const LayoutEntry& entry, int folder, const std::string& name);
    static void place_link(const std::string& target, int folder, const std::string& name);

  private:
    [[nodiscard]] static std::string name_of(const LayoutEntry& entry, const ObjectFile& object);
    [[nodiscard]] LinkMode probe(const std::filesystem::path& target_folder) const;

    const StorePaths& store_;
    LinkMode wanted_;
    ObjectCheck check_;
    Fd objects_;
    LinkMode mode_;
};

} // namespace envpm::realize
