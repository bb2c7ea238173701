#include "base/http.h"

#include <iterator>
#include <utility>

namespace envpm {

void HttpTransport::follow(std::vector<HttpRequest> first, const HttpFollowUp& take) {
    std::size_t number = 0;
    while (!first.empty()) {
        std::vector<HttpResponse> responses = get(first);
        first.clear();
        for (HttpResponse& response : responses) {
            std::vector<HttpRequest> more = take(number++, std::move(response));
            first.insert(first.end(), std::make_move_iterator(more.begin()),
                         std::make_move_iterator(more.end()));
        }
    }
}

} // namespace envpm
