#include "gpu/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace envpm::gpu {

namespace {

/// A library that is nowhere in the prefix, and who needs it.
struct Missing {
    Severity severity = Severity::note;
    std::vector<const PrefixBinary*> needed_by;
};

using Binaries = std::set<const PrefixBinary*>;

Binaries surely_loaded(const Audit& audit);
bool is_start(const PrefixBinary& binary);
Severity severity_of(std::string_view soname, bool is_surely_loaded);
bool is_left_to_hosts(std::string_view soname);
void tell(const std::string& soname, Missing missing, Audit& audit);
void check_program(const PrefixBinary& program, Audit& audit);

} // namespace

void check_linking(Audit& audit) {
    const Binaries loaded = surely_loaded(audit);
    std::map<std::string, Missing> missing;
    for (const PrefixBinary& binary : audit.request.binaries) {
        for (const std::string& soname : binary.facts.needed) {
            if (is_of_system(soname) || audit.is_allowed(soname) ||
                audit.search.find_anywhere(soname, binary) != nullptr) {
                continue;
            }
            Missing& entry = missing[soname];
            entry.severity =
                std::max(entry.severity, severity_of(soname, loaded.contains(&binary)));
            entry.needed_by.push_back(&binary);
        }
        if (binary.facts.is_executable) {
            check_program(binary, audit);
        }
    }
    for (auto& [soname, entry] : missing) {
        tell(soname, std::move(entry), audit);
    }
}

namespace {

/// What an import or a command loads for sure, and not only if somebody asks for a plugin.
Binaries surely_loaded(const Audit& audit) {
    Binaries loaded;
    std::vector<const PrefixBinary*> open;
    const auto reach = [&](const PrefixBinary* binary) {
        if (binary != nullptr && loaded.insert(binary).second) {
            open.push_back(binary);
        }
    };
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (is_start(binary)) {
            reach(&binary);
        }
    }
    while (!open.empty()) {
        const PrefixBinary* const binary = open.back();
        open.pop_back();
        for (const std::string& soname : binary->facts.needed) {
            reach(audit.search.find_anywhere(soname, *binary));
        }
    }
    return loaded;
}

/// A command, or an extension module by the names that setuptools and others give them (PEP 3149).
bool is_start(const PrefixBinary& binary) {
    const std::string_view name = name_of(binary.path);
    const bool is_module = name.ends_with(".abi3.so") ||
                           (name.ends_with(".so") && name.find(".cpython-") != name.npos);
    return is_module || (binary.facts.is_executable && folder_of(binary.path) == "bin");
}

Severity severity_of(std::string_view soname, bool is_surely_loaded) {
    if (soname == "libz.so.1") {
        return Severity::note; // no Linux is without it
    }
    return is_left_to_hosts(soname) || !is_surely_loaded ? Severity::warning : Severity::error;
}

/// What wheels may expect of every machine (PEP 600 and the lists of auditwheel), beyond what
/// `is_of_system` names, and the host's Python.
bool is_left_to_hosts(std::string_view soname) {
    constexpr std::array<std::string_view, 12> names = {
        "libatomic.so.1", "libX11.so.6",         "libXext.so.6",     "libXrender.so.1",
        "libICE.so.6",    "libSM.so.6",          "libGL.so.1",       "libgobject-2.0.so.0",
        "libexpat.so.1",  "libgthread-2.0.so.0", "libglib-2.0.so.0", "libz.so.1"};
    return std::find(names.begin(), names.end(), soname) != names.end() ||
           soname.starts_with("libpython3");
}

/// One finding a library, at the first file that needs it.
void tell(const std::string& soname, Missing missing, Audit& audit) {
    const std::size_t count = missing.needed_by.size();
    const std::string more = count == 1 ? "" : fmt::format(" ({} files need it)", count);
    const std::string hint = is_left_to_hosts(soname)
                                 ? fmt::format("`{}` must come from the machine", soname)
                             : missing.severity == Severity::error
                                 ? std::string("add the package that has it, or name it in "
                                               "`audit-allow` of `[gpu]` if each machine has it")
                                 : std::string("only those who load this file miss it");
    audit.add(missing.severity, Rule::missing_library, *missing.needed_by.front(),
              fmt::format("it needs `{}`, which the environment does not have{}", soname, more),
              hint);
}

/// A program has nobody who loaded libraries before it: each must be on a path of its own.
void check_program(const PrefixBinary& program, Audit& audit) {
    std::vector<LibrarySearch::Loaders> open = {{&program}};
    std::set<std::string, std::less<>> loaded;
    while (!open.empty()) {
        const LibrarySearch::Loaders loaders = std::move(open.back());
        open.pop_back();
        for (const std::string& soname : loaders.front()->facts.needed) {
            if (is_of_system(soname) || audit.is_allowed(soname) || !loaded.insert(soname).second) {
                continue;
            }
            if (const PrefixBinary* const found = audit.search.find(soname, loaders)) {
                LibrarySearch::Loaders next = {found};
                next.insert(next.end(), loaders.begin(), loaders.end());
                open.push_back(std::move(next));
            } else if (!audit.search.all(soname).empty()) {
                audit.add(Severity::warning, Rule::missing_library, program,
                          fmt::format("it needs `{}`, which is in the environment but on no path "
                                      "that the program searches",
                                      soname),
                          fmt::format("it lies at `{}`", audit.search.all(soname).front()->path));
            }
        }
    }
}

} // namespace

} // namespace envpm::gpu
