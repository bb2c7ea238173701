#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// The absolute URL that a reference on a page means (RFC 3986, section 5), without fragment.
/// Nothing for what is no web address: another scheme than http and https (file too, if the page is
/// itself a file), a step down from https to http, control characters or spaces. The page's user
/// and password are not inherited.
std::optional<std::string> resolve_url(std::string_view page, std::string_view reference);

/// `resolve_url` for the many references of one page. If one differs from the one before in its
/// last part only, that alone is looked at. One thread at a time.
class UrlResolver {
  public:
    explicit UrlResolver(std::string page);

    std::optional<std::string> resolve(std::string_view reference);

  private:
    std::string page_;
    std::string folder_; ///< of the last reference, as it was written
    std::string resolved_folder_;
};

/// The URL without `user:password@`: the form for messages and for the cache.
std::string without_credentials(std::string_view url);

/// The URL with the credentials of `other` if both are on the same scheme, host and port.
std::string with_credentials_of(std::string_view url, std::string_view other);

/// Whether it is a `file:` URL: reading it is as good as reading the cache, so it needs neither
/// cache nor network.
bool is_local_url(std::string_view url);

/// The `file://` URL of an absolute path, whatever characters it has.
std::string file_url(const std::filesystem::path& path);

/// The last component of the path, percent-decoded; neither query nor fragment.
std::string file_name_of_url(std::string_view url);

} // namespace envpm
