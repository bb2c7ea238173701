#include "pypi/mirror_search.h"

#include "base/error.h"
#include "base/local_folder.h"
#include "base/url.h"

#include <fmt/format.h>

namespace envpm::pypi {

namespace {

std::string hint_of(const std::string& failures, const Index& index);

} // namespace

HttpRequest MirrorSearch::request() const {
    HttpRequest request{url(), {std::string(accept_header)}, std::nullopt};
    if (const std::string& below = query_.index->below; !below.empty()) {
        request.root_url = mirror().substr(0, mirror().size() - below.size());
    }
    return request;
}

void MirrorSearch::note_failure(const std::string& reason) {
    failures_ +=
        fmt::format("{}{}: {}", failures_.empty() ? "" : "; ", without_credentials(url()), reason);
}

void MirrorSearch::found(const std::string& mirror, ProjectPage page, const Sha256& digest) {
    if (without_credentials(mirror) != mirror) {
        for (WheelFile& wheel : page.wheels) {
            wheel.url = with_credentials_of(wheel.url, mirror);
        }
    }
    answer_ = {std::move(page), cache_name(mirror), {digest}};
}

void MirrorSearch::note_absent(const std::string& mirror) {
    if (absent_from_.empty()) {
        absent_from_ = cache_name(mirror);
    }
    is_absent_from_index_ |= is_index_itself(mirror, *query_.index);
}

void MirrorSearch::pass_over() {
    is_one_passed_over_ = true;
    go_on();
}

PageAnswer MirrorSearch::take(const CachePolicy& policy) {
    if (answer_) {
        return std::move(*answer_);
    }
    if (is_absent()) {
        return {std::nullopt, absent_from_, {}};
    }
    const std::string& project = query_.project.string();
    const std::string& index = query_.index->name;
    const std::string what = fmt::format("index `{}` cannot be asked for `{}`", index, project);
    if (query_.index->urls.empty()) {
        throw Error(
            {what, "its mirrors have only archives",
             fmt::format("a lock needs pages: add \"default\" to `{}` under `[mirrors]`", index)},
            ExitCode::network);
    }
    if (policy.offline && failures_.empty()) {
        throw Error(
            {fmt::format("the page of `{}` on index `{}` is not in the cache", project, index),
             {},
             "envpm is offline; run it once without `--offline`"},
            ExitCode::network);
    }
    throw Error({what, failures_, hint_of(failures_, *query_.index)}, ExitCode::network);
}

namespace {

std::string hint_of(const std::string& failures, const Index& index) {
    if (const auto way_out = way_out_of(failures)) {
        return *way_out;
    }
    if (has_folder_fault(failures)) {
        return index.below.empty()
                   ? fmt::format("correct the URL of `{}`, or mount the folder that it names",
                                 index.name)
                   : "correct the mirror that it lies below, under `[mirrors]`, or mount its "
                     "folder";
    }
    if (failures.find("cannot be reached") != std::string::npos) {
        return fmt::format("check the network and the URL of `{}`, or name another mirror in "
                           "`[mirrors]`",
                           index.name);
    }
    return "run the same command again later, or name another mirror in `[mirrors]`";
}

} // namespace

} // namespace envpm::pypi
