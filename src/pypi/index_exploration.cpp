#include "base/thread_pool.h"
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
class IndexClient::Exploration final : public HttpFollower {
  public:
    /// What the first `needed` pages are asked for must be answered.
    Exploration(const IndexClient& client, Explorer& explorer, std::size_t needed)
        : client_(client),
          explorer_(explorer),
          needed_(needed) {}

    /// What the cache knows goes to the explorer at once, and so does what that leads to; the rest
    /// is to be requested.
    std::vector<HttpRequest> ask(Wanted wanted);

    /// Parses it, and keeps it in the cache.
    void read(std::size_t number, HttpResponse& response) override;

    std::vector<HttpRequest> next(std::size_t number) override;

    std::vector<HttpRequest> more() override { return ask(explorer_.more()); }

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
        MirrorSearch* page = nullptr;
        MetadataSearch* wheel = nullptr;
        bool is_needed = false;
    };

    void ask_page(const PageQuery& query, Wanted& leads, std::vector<HttpRequest>& requests);
    void ask_wheel(const WheelFile& wheel, Wanted& leads, std::vector<HttpRequest>& requests);
    void push(const Asked& asked);
    Asked asked(std::size_t number);
    std::vector<HttpRequest> go_on_with_page(const Asked& asked);
    std::vector<HttpRequest> go_on_with_wheel(MetadataSearch& search);

    const IndexClient& client_;
    Explorer& explorer_;
    std::deque<MirrorSearch> pages_;
    std::deque<OpenWheel> wheels_;      ///< a search refers to its wheel
    Guarded<std::vector<Asked>> asked_; ///< by request
    const std::size_t needed_;
};

void IndexClient::explore(const Wanted& first, Explorer& explorer) {
    Exploration exploration(*this, explorer, first.pages.size());
    std::vector<HttpRequest> requests = exploration.ask(first);
    if (!requests.empty()) {
        transport_.follow(std::move(requests), exploration);
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
    const bool is_needed = pages_.size() <= needed_;
    if (client_.is_to_be_asked(search)) {
        push({&search, nullptr, is_needed});
        requests.push_back(search.request());
    } else if (search.is_answered() || is_needed) {
        add(leads, explorer_.take_page(query, search.take(client_.cached_.policy())));
    }
}

void IndexClient::Exploration::ask_wheel(const WheelFile& wheel, Wanted& leads,
                                         std::vector<HttpRequest>& requests) {
    if (const std::optional<MetadataAnswer> answer = client_.known_metadata(wheel)) {
        add(leads, explorer_.take_metadata(wheel, *answer));
    } else if (client_.may_ask(wheel)) {
        OpenWheel& open = wheels_.emplace_back(wheel);
        client_.begin(open.search);
        if (!open.search.wants_whole_file()) {
            push({nullptr, &open.search});
            requests.push_back(open.search.request());
        }
    }
}

void IndexClient::Exploration::read(std::size_t number, HttpResponse& response) {
    const Asked from = asked(number);
    if (from.page != nullptr) {
        client_.accept(*from.page, response);
        return;
    }
    from.wheel->accept(std::move(response));
    client_.take_note(*from.wheel);
}

std::vector<HttpRequest> IndexClient::Exploration::next(std::size_t number) {
    const Asked from = asked(number);
    return from.page != nullptr ? go_on_with_page(from) : go_on_with_wheel(*from.wheel);
}

void IndexClient::Exploration::push(const Asked& asked) {
    asked_.with([&](std::vector<Asked>& all) { all.push_back(asked); });
}

IndexClient::Exploration::Asked IndexClient::Exploration::asked(std::size_t number) {
    return asked_.with([&](const std::vector<Asked>& all) { return all.at(number); });
}

std::vector<HttpRequest> IndexClient::Exploration::go_on_with_page(const Asked& asked) {
    MirrorSearch& search = *asked.page;
    if (client_.is_to_be_asked(search)) {
        push(asked);
        return {search.request()};
    }
    if (!search.is_answered() && !asked.is_needed) {
        return {};
    }
    return ask(explorer_.take_page(search.query(), search.take(client_.cached_.policy())));
}

std::vector<HttpRequest> IndexClient::Exploration::go_on_with_wheel(MetadataSearch& search) {
    switch (search.state()) {
    case MetadataSearch::State::open:
        if (search.wants_whole_file()) {
            return {};
        }
        push({nullptr, &search});
        return {search.request()};
    case MetadataSearch::State::unreachable:
        return {};
    case MetadataSearch::State::found:
    case MetadataSearch::State::unusable:
        break;
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
