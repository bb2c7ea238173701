#include "pypi/index_client.h"
#include "pypi/metadata_search.h"
#include "pypi/mirror_search.h"

#include <deque>
#include <iterator>
#include <utility>

namespace envpm::pypi {

namespace {

void add(Wanted& all, Wanted more);

} // namespace

/// An exploration on its way. Requests are known by their number.
class IndexClient::Exploration {
  public:
    /// What the first `needed` pages are asked for must be answered.
    Exploration(const IndexClient& client, Explorer& explorer, std::size_t needed)
        : client_(client),
          explorer_(explorer),
          needed_(needed) {}

    /// What the cache knows goes to the explorer at once, and so does what that leads to; the rest
    /// is to be requested.
    std::vector<HttpRequest> ask(Wanted wanted);

    std::vector<HttpRequest> take(std::size_t number, const HttpResponse& response);

  private:
    struct OpenWheel {
        explicit OpenWheel(const WheelFile& file)
            : wheel(file),
              search(wheel) {}

        WheelFile wheel;
        MetadataSearch search;
    };

    /// One of them.
    struct Asked {
        std::size_t page = none;
        std::size_t wheel = none;
    };

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void ask_page(const PageQuery& query, Wanted& leads, std::vector<HttpRequest>& requests);
    void ask_wheel(const WheelFile& wheel, Wanted& leads, std::vector<HttpRequest>& requests);
    std::vector<HttpRequest> go_on_with_page(std::size_t page);
    std::vector<HttpRequest> go_on_with_wheel(std::size_t wheel);

    const IndexClient& client_;
    Explorer& explorer_;
    std::deque<MirrorSearch> pages_;
    std::deque<OpenWheel> wheels_; ///< a search refers to its wheel
    std::vector<Asked> asked_;     ///< by request
    const std::size_t needed_;
};

void IndexClient::explore(const Wanted& first, Explorer& explorer) {
    Exploration exploration(*this, explorer, first.pages.size());
    std::vector<HttpRequest> requests = exploration.ask(first);
    if (!requests.empty()) {
        transport_.follow(std::move(requests), [&](std::size_t number, HttpResponse response) {
            return exploration.take(number, response);
        });
    }
}

std::vector<HttpRequest> IndexClient::Exploration::ask(Wanted wanted) {
    std::vector<HttpRequest> requests;
    while (!wanted.pages.empty() || !wanted.wheels.empty()) {
        Wanted leads;
        for (const PageQuery& query : wanted.pages) {
            ask_page(query, leads, requests);
        }
        for (const WheelFile& wheel : wanted.wheels) {
            ask_wheel(wheel, leads, requests);
        }
        wanted = std::move(leads);
    }
    return requests;
}

void IndexClient::Exploration::ask_page(const PageQuery& query, Wanted& leads,
                                        std::vector<HttpRequest>& requests) {
    MirrorSearch& search = pages_.emplace_back(query);
    client_.look_up(search);
    if (client_.is_to_be_asked(search)) {
        asked_.push_back({.page = pages_.size() - 1});
        requests.push_back(search.request());
    } else if (search.is_answered() || pages_.size() <= needed_) {
        add(leads, explorer_.take_page(query, search.take(client_.cached_.policy())));
    }
}

void IndexClient::Exploration::ask_wheel(const WheelFile& wheel, Wanted& leads,
                                         std::vector<HttpRequest>& requests) {
    if (const std::optional<MetadataAnswer> answer = client_.known_metadata(wheel)) {
        add(leads, explorer_.take_metadata(wheel, *answer));
    } else if (client_.may_ask(wheel)) {
        OpenWheel& open = wheels_.emplace_back(wheel);
        if (!open.search.wants_whole_file()) {
            asked_.push_back({.wheel = wheels_.size() - 1});
            requests.push_back(open.search.request());
        }
    }
}

std::vector<HttpRequest> IndexClient::Exploration::take(std::size_t number,
                                                        const HttpResponse& response) {
    const Asked asked = asked_.at(number);
    if (asked.page != none) {
        client_.accept(pages_[asked.page], response);
        return go_on_with_page(asked.page);
    }
    wheels_[asked.wheel].search.accept(response);
    return go_on_with_wheel(asked.wheel);
}

std::vector<HttpRequest> IndexClient::Exploration::go_on_with_page(std::size_t page) {
    MirrorSearch& search = pages_[page];
    if (client_.is_to_be_asked(search)) {
        asked_.push_back({.page = page});
        return {search.request()};
    }
    if (!search.is_answered() && page >= needed_) {
        return {};
    }
    return ask(explorer_.take_page(search.query(), search.take(client_.cached_.policy())));
}

std::vector<HttpRequest> IndexClient::Exploration::go_on_with_wheel(std::size_t wheel) {
    MetadataSearch& search = wheels_[wheel].search;
    switch (search.state()) {
    case MetadataSearch::State::open:
        if (search.wants_whole_file()) {
            return {};
        }
        asked_.push_back({.wheel = wheel});
        return {search.request()};
    case MetadataSearch::State::found:
        client_.store_found({&search});
        break;
    case MetadataSearch::State::unusable:
        break;
    case MetadataSearch::State::unreachable:
        return {};
    }
    return ask(explorer_.take_metadata(search.wheel(), answer_of(search)));
}

namespace {

void add(Wanted& all, Wanted more) {
    all.pages.insert(all.pages.end(), std::make_move_iterator(more.pages.begin()),
                     std::make_move_iterator(more.pages.end()));
    all.wheels.insert(all.wheels.end(), std::make_move_iterator(more.wheels.begin()),
                      std::make_move_iterator(more.wheels.end()));
}

} // namespace

} // namespace envpm::pypi
