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

/// The system's are those that it was built with.
Authorities LibCurl::authorities(const std::string& file, const std::string& folder) const {
    const curl_version_info_data* const built = functions_.version_info(CURLVERSION_NOW);
    const auto chosen = [](const std::string& configured, const char* own) {
        return configured.empty() && own != nullptr ? std::string(own) : configured;
    };
    return {chosen(file, built->cainfo), chosen(folder, built->capath)};
}

ResponseHead read_head(const CurlFunctions& curl, CURL* easy) {
    ResponseHead head;
    long status = 0;
    const char* url = nullptr;
    curl_off_t length = -1;
    long redirects = 0;
    long version = CURL_HTTP_VERSION_NONE;
    curl.easy_getinfo(easy, CURLINFO_REDIRECT_COUNT, &redirects);
    curl.easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl.easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    curl.easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    const auto field = [&](const char* name) {
        curl_header* found = nullptr;
        const CURLHcode code = curl.easy_header(easy, name, 0, CURLH_HEADER, -1, &found);
        return code == CURLHE_OK ? std::string(found->value) : std::string();
    };
    head.status = static_cast<int>(status);
    head.is_redirected = redirects > 0;
    head.is_multiplexed = version == CURL_HTTP_VERSION_2_0;
    head.url = url != nullptr ? url : "";
    head.content_type = field("Content-Type");
    head.content_encoding = field("Content-Encoding");
    head.content_range = field("Content-Range");
    head.retry_after = field("Retry-After");
    head.etag = field("ETag");
    head.last_modified = field("Last-Modified");
    head.cache_control = field("Cache-Control");
    head.server = field("Server");
    head.artifactory_id = field("X-Artifactory-Id");
    if (head.artifactory_id.empty()) {
        head.artifactory_id = field("X-JFrog-Version");
    }
    if (length >= 0) {
        head.content_length = static_cast<std::uint64_t>(length);
    }
    return head;
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
    find(functions.version_info, library, "curl_version_info");
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
