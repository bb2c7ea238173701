#include "base/http.h"

#include <iterator>
#include <utility>

namespace envpm {

namespace {

void add(std::vector<HttpRequest>& all, std::vector<HttpRequest> more);

} // namespace

bool says_absent(const HttpResponse& response) {
    return response.status == 404 || response.status == 410 ||
           (response.status == 403 &&
            response.body.find("<Code>AccessDenied</Code>") != std::string::npos);
}

std::optional<std::string> way_out_of(std::string_view reasons) {
    const auto say = [reasons](std::string_view words) {
        return reasons.find(words) != std::string_view::npos;
    };
    if (say("answered 401")) {
        return "the user and password that it wants go into `~/.netrc`, for that host";
    }
    if (say(expired_words) || say(not_yet_valid_words)) {
        return "compare `date` with another clock; if this machine's is right, whoever runs the "
               "server must renew the certificate, and until then another mirror in `[mirrors]` "
               "helps";
    }
    if (say(not_trusted_words)) {
        return "correct its URL, name the file of its authority in ENVPM_CA_FILE, or name another "
               "mirror in `[mirrors]`";
    }
    return std::nullopt;
}

void HttpTransport::follow(std::vector<HttpRequest> first, HttpFollower& follower) {
    std::size_t number = 0;
    add(first, follower.more());
    while (!first.empty()) {
        std::vector<HttpResponse> responses = get(std::exchange(first, {}));
        for (HttpResponse& response : responses) {
            follower.read(number, response);
            add(first, follower.next(number++));
        }
        add(first, follower.more());
    }
}

namespace {

void add(std::vector<HttpRequest>& all, std::vector<HttpRequest> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

} // namespace

} // namespace envpm
