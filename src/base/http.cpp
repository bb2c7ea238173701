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
