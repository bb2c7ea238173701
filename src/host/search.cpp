#include "host/search.h"

#include "base/handle.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <tuple>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

/// How a name is preferred within its folder; nothing for what is no interpreter's name.
std::optional<std::tuple<int, int, std::string>> rank_of(const std::string& name);
std::vector<fs::path> programs_in(const fs::path& folder);
std::vector<fs::path> folders_below(const fs::path& parent);
std::string stamp_of_file(const fs::path& path);
std::string first_bytes(const fs::path& path);
fs::path environment_of(const fs::path& program);
bool is_windows_folder(const fs::path& folder);

} // namespace

Search::Search(const Variables& variables)
    : variables_(variables) {
    const std::string home = variables.find("HOME").value_or("");
    pyenv_root_ =
        variables.find("PYENV_ROOT").value_or(home.empty() ? std::string() : home + "/.pyenv");
    pyenv_choice_ =
        variables.find("PYENV_VERSION").value_or("") + "|" + stamp_of_file(pyenv_root_ / "version");
}

std::vector<Program> Search::programs() const {
    std::vector<Program> out;
    std::set<std::string> keys;
    std::set<fs::path> seen;
    for (const fs::path& folder : folders()) {
        if (!folder.is_absolute() || is_windows_folder(folder) || !seen.insert(folder).second) {
            continue;
        }
        for (const fs::path& path : programs_in(folder)) {
            std::optional<Program> program = examine(path);
            if (program && keys.insert(program->key).second) {
                out.push_back(std::move(*program));
            }
        }
    }
    return out;
}

std::optional<Program> Search::examine(const fs::path& path) const {
    std::error_code failure;
    const fs::path real = fs::canonical(path, failure);
    if (!path.is_absolute() || failure || !fs::is_regular_file(real, failure) ||
        ::access(real.c_str(), X_OK) != 0) {
        return std::nullopt;
    }
    const std::string begin = first_bytes(real);
    if (begin == "MZ") {
        return std::nullopt;
    }
    const std::string environment = environment_of(path).string();
    const std::string choice = begin == "#!" ? pyenv_choice_ : std::string();
    return Program{path, real.string() + "|" + environment,
                   fmt::format("{}|{}|{}", stamp_of_file(real), environment, choice)};
}

std::vector<fs::path> Search::folders() const {
    std::vector<fs::path> out;
    const std::string path = variables_.find("PATH").value_or("");
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        out.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    out.insert(out.end(), {"/usr/bin", "/usr/local/bin"});
    const fs::path home = variables_.find("HOME").value_or("");
    const fs::path data =
        variables_.find("XDG_DATA_HOME").value_or((home / ".local/share").string());
    const fs::path uv =
        variables_.find("UV_PYTHON_INSTALL_DIR").value_or((data / "uv/python").string());
    for (const fs::path& parent : {pyenv_root_ / "versions", uv}) {
        for (const fs::path& folder : folders_below(parent)) {
            out.push_back(folder / "bin");
        }
    }
    if (const auto conda = variables_.find("CONDA_EXE")) {
        out.push_back(fs::path(*conda).parent_path().parent_path() / "bin");
    }
    for (const fs::path& parent : {home, fs::path("/opt")}) {
        for (const char* name :
             {"conda", "miniconda3", "anaconda3", "miniforge3", "mambaforge", "miniconda"}) {
            out.push_back(parent / name / "bin");
        }
    }
    return out;
}

namespace {

std::optional<std::tuple<int, int, std::string>> rank_of(const std::string& name) {
    if (name == "python3") {
        return std::tuple(0, 0, name);
    }
    if (name == "python") {
        return std::tuple(1, 0, name);
    }
    constexpr std::string_view stem = "python3.";
    if (!name.starts_with(stem)) {
        return std::nullopt;
    }
    int minor = -1;
    const char* const end = name.data() + name.size();
    const auto [rest, failure] = std::from_chars(name.data() + stem.size(), end, minor);
    const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
    if (failure != std::errc() || minor < 0 || (!suffix.empty() && suffix != "t")) {
        return std::nullopt;
    }
    return std::tuple(2, -minor, name);
}

std::vector<fs::path> programs_in(const fs::path& folder) {
    std::vector<std::tuple<int, int, std::string>> ranked;
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
         at.increment(failure)) {
        if (auto rank = rank_of(at->path().filename().string())) {
            ranked.push_back(std::move(*rank));
        }
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<fs::path> out;
    out.reserve(ranked.size());
    for (const auto& [kind, minor, name] : ranked) {
        out.push_back(folder / name);
    }
    return out;
}

std::vector<fs::path> folders_below(const fs::path& parent) {
    std::vector<fs::path> out;
    std::error_code failure;
    for (fs::directory_iterator at(parent, failure), end; !failure && at != end;
         at.increment(failure)) {
        out.push_back(at->path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string stamp_of_file(const fs::path& path) {
    struct stat status {};

    if (::stat(path.c_str(), &status) != 0) {
        return "absent";
    }
    return fmt::format("{}:{}:{}:{}.{:09}", status.st_dev, status.st_ino, status.st_size,
                       status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

std::string first_bytes(const fs::path& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 2> bytes{};
    const ssize_t got = file ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

/// One binary answers differently from within a venv, by the name that it is called by.
fs::path environment_of(const fs::path& program) {
    std::error_code failure;
    const fs::path folder = program.parent_path();
    if (fs::exists(folder / "pyvenv.cfg", failure)) {
        return folder;
    }
    const fs::path above = folder.parent_path();
    const bool is_environment =
        fs::exists(above / "pyvenv.cfg", failure) || fs::exists(above / "conda-meta", failure);
    return is_environment ? above : fs::path();
}

/// WSL appends Windows' PATH; what is called python there opens a shop window.
bool is_windows_folder(const fs::path& folder) {
    const std::string text = folder.string();
    const bool is_drive =
        text.size() >= 6 && text.starts_with("/mnt/") && (text.size() == 6 || text[6] == '/');
    return is_drive || text.find("WindowsApps") != std::string::npos;
}

} // namespace

} // namespace envpm::host
