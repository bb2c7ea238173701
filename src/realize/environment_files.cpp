#include "realize/environment_files.h"

#include <fmt/format.h>

namespace envpm::realize {

namespace {

Layout host_python_files(const PythonAbi& python);
LayoutEntry bytecode_entry(std::string_view site_packages);
LayoutEntry generated(std::string_view path, std::string content);
LayoutEntry link(std::string_view path, std::string target);

// A prefix never changes, so bytecode goes to a folder of the user, whichever way Python is started
// and whoever starts it. That is not possible from outside (`bin/python` may be called directly),
// but a line of a `.pth` file that begins with `import` runs at every start. Digits sort before
// letters, so that it runs before the lines of packages that import something.
//
// The folder must be ours: bytecode that someone else wrote is code that someone else runs as us.
// Where there is no such folder, or it cannot be written, nothing is written anywhere. Bytecode is
// found by the source's path, and valid by its time and size, which are no help where all times are
// equal and one `current` link leads to one prefix after the other: so each env has a folder.
//
// It is one expression statement and one string, because a `.pth` line is one line.
constexpr std::string_view bytecode_file = "00-envpm.pth";
constexpr std::string_view bytecode_line =
    R"(import os, sys; sys.pycache_prefix is None and exec()"
    R"("def place(env, path):\n)"
    R"( home = path.expanduser('~')\n)"
    R"( base = env.get('XDG_CACHE_HOME', '')\n)"
    R"( base = base if path.isabs(base) else home + '/.cache'\n)"
    R"( base = (env.get('ENVPM_CACHE') or base + '/envpm') + '/pycache'\n)"
    R"( try:\n)"
    R"(  if not path.isabs(base): raise OSError\n)"
    R"(  try: owner = os.stat(base).st_uid\n)"
    R"(  except OSError:\n)"
    R"(   os.makedirs(base, 0o700, exist_ok=True)\n)"
    R"(   owner = os.stat(base).st_uid\n)"
    R"(  if owner != os.geteuid(): raise OSError\n)"
    R"( except OSError:\n)"
    R"(  sys.dont_write_bytecode = True\n)"
    R"(  return\n)"
    R"( if not os.access(base, os.W_OK | os.X_OK): sys.dont_write_bytecode = True\n)"
    R"( try: base += '/' + os.readlink(sys.prefix + '/.envpm/env')\n)"
    R"( except OSError: pass\n)"
    R"( sys.pycache_prefix = base\n)"
    R"(place(os.environ, os.path)\n", {'os': os, 'sys': sys}))"
    "\n";

} // namespace

std::string interpreter_link(const PythonAbi& python) {
    return fmt::format("{}/{}", python_home_token, python.library_folder());
}

Layout environment_files(const PythonSource& python) {
    if (const auto* host = std::get_if<PythonAbi>(&python)) {
        return host_python_files(*host);
    }
    if (const auto* packaged = std::get_if<PackagedPython>(&python)) {
        return {{bytecode_entry(packaged->site_packages)}};
    }
    return {};
}

namespace {

Layout host_python_files(const PythonAbi& python) {
    Layout layout;
    layout.entries = {
        generated("pyvenv.cfg", fmt::format("home = {}\n"
                                            "include-system-site-packages = false\n"
                                            "version = {}\n",
                                            python_home_token, python.feature_version())),
        link("bin/python", interpreter_link(python)),
        link("bin/python3", "python"),
        link("bin/python" + python.feature_version(), "python"),
        link("lib64", "lib"),
        bytecode_entry(fmt::format("lib/{}/site-packages", python.library_folder())),
    };
    if (python.library_folder() != "python" + python.feature_version()) {
        layout.entries.push_back(link("bin/" + python.library_folder(), "python"));
    }
    return layout;
}

LayoutEntry bytecode_entry(std::string_view site_packages) {
    return generated(fmt::format("{}/{}", site_packages, bytecode_file),
                     std::string(bytecode_line));
}

LayoutEntry generated(std::string_view path, std::string content) {
    return {RelativePath::parse(path), GeneratedFile{std::move(content)}, false,
            std::string(environment_owner)};
}

LayoutEntry link(std::string_view path, std::string target) {
    return {RelativePath::parse(path), SymbolicLink{std::move(target)}, false,
            std::string(environment_owner)};
}

} // namespace

} // namespace envpm::realize
