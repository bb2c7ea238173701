#include "base/http.h"

#include <iterator>

namespace envpm {

void HttpTransport::follow(std::vector<HttpRequest> first, HttpFollower& follower) {
    std::size_t number = 0;
    while (!first.empty()) {
        std::vector<HttpResponse> responses = get(first);
        first.clear();
        for (HttpResponse& response : responses) {
            follower.read(number, response);
            std::vector<HttpRequest> more = follower.next(number++);
            first.insert(first.end(), std::make_move_iterator(more.begin()),
                         std::make_move_iterator(more.end()));
        }
    }
}

} // namespace envpm
