#include "fetch/libcurl.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/exit_code.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

namespace envpm::fetch {

namespace {

/// The interface that libcurl has kept since 2006.
constexpr const char* library_name = "libcurl.so.4";

void* load();
CurlFunctions functions_of(void* library);
[[noreturn]] void throw_unusable(const std::string& what);

} // namespace

LibCurl::LibCurl()
    : functions_(functions_of(load())) {
    ENVPM_ASSERT(functions_.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

LibCurl::~LibCurl() {
    functions_.global_cleanup();
}

namespace {

/// Never unloaded: the libraries that come with it register what runs at the end of the process.
void* load() {
    void* const library = ::dlopen(library_name, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) {
        const char* const why = ::dlerror(); // NOLINT(concurrency-mt-unsafe): it is per thread
        throw_unusable(why != nullptr ? why : library_name);
    }
    return library;
}

template <class Function> void find(Function& function, void* library, const char* name) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    if (function == nullptr) {
        throw_unusable(fmt::format("{} is too old: it has no `{}`", library_name, name));
    }
}

CurlFunctions functions_of(void* library) {
    CurlFunctions functions{};
    find(functions.global_init, library, "curl_global_init");
    find(functions.global_cleanup, library, "curl_global_cleanup");
    find(functions.easy_init, library, "curl_easy_init");
    find(functions.easy_cleanup, library, "curl_easy_cleanup");
    find(functions.easy_setopt, library, "curl_easy_setopt");
    find(functions.easy_getinfo, library, "curl_easy_getinfo");
    find(functions.easy_header, library, "curl_easy_header");
    find(functions.easy_pause, library, "curl_easy_pause");
    find(functions.easy_strerror, library, "curl_easy_strerror");
    find(functions.multi_init, library, "curl_multi_init");
    find(functions.multi_cleanup, library, "curl_multi_cleanup");
    find(functions.multi_setopt, library, "curl_multi_setopt");
    find(functions.multi_add_handle, library, "curl_multi_add_handle");
    find(functions.multi_remove_handle, library, "curl_multi_remove_handle");
    find(functions.multi_poll, library, "curl_multi_poll");
    find(functions.multi_perform, library, "curl_multi_perform");
    find(functions.multi_info_read, library, "curl_multi_info_read");
    find(functions.multi_wakeup, library, "curl_multi_wakeup");
    find(functions.share_init, library, "curl_share_init");
    find(functions.share_cleanup, library, "curl_share_cleanup");
    find(functions.share_setopt, library, "curl_share_setopt");
    find(functions.slist_append, library, "curl_slist_append");
    find(functions.slist_free_all, library, "curl_slist_free_all");
    return functions;
}

void throw_unusable(const std::string& what) {
    throw Error({"the network cannot be used: " + what, library_name,
                 "install libcurl 7.85 or later (Debian: `apt install libcurl4`)"},
                ExitCode::network);
}

} // namespace

} // namespace envpm::fetch
