#include "fetch/part_tasks.h"

#include "base/remove_tree.h"

#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace envpm::fetch {

PartTasks::PartTasks(const Download& download, std::filesystem::path folder, CurlLoop& loop,
                     ThreadPool& pool, HashPairs& pairs, std::stop_token stop,
                     std::function<void(const Error&)> failed)
    : download_(download),
      folder_(std::move(folder)),
      loop_(loop),
      pairs_(pairs),
      stop_(std::move(stop)),
      failed_(std::move(failed)),
      strand_(pool) {}

void PartTasks::open(std::vector<std::string> sources,
                     std::function<void(const PartFound&)> opened) {
    post([this, sources = std::move(sources),
          opened = std::move(opened)](std::optional<PartFile>&) -> Answer {
        return [opened, found = look(sources)] { opened(found); };
    });
}

void PartTasks::post(Task task, Answer without) {
    strand_.post([this, task = std::move(task), without = std::move(without)] {
        Answer answer = without;
        try {
            if (!is_broken_) {
                answer = task(part_);
            }
        } catch (const Error& error) {
            abandon(error);
        } catch (const std::exception& error) {
            const std::string words = error.what();
            abandon(Error({"cannot store a file: " + words, download_.label, {}}));
        }
        if (answer) {
            loop_.post(std::move(answer));
        }
    });
}

PartFound PartTasks::look(const std::vector<std::string>& sources) {
    PartFound found;
    const std::filesystem::path path = final_path(folder_, download_.sha256);
    if (is_whole(path, download_.size_bytes, download_.sha256)) {
        found.state = PartFound::State::whole;
        return found;
    }
    part_ = PartFile::open(folder_, download_.size_bytes, download_.sha256, pairs_, stop_);
    if (!part_) {
        found.state = PartFound::State::locked;
        return found;
    }
    // Another process may have ended it between the look and the lock.
    if (is_whole(path, download_.size_bytes, download_.sha256)) {
        part_->discard();
        part_.reset();
        found.state = PartFound::State::whole;
        return found;
    }
    found.was_damaged = ::unlink(path.c_str()) == 0 || (errno == EISDIR && remove_tree(path));
    found.present = part_->present();
    for (const std::string& source : sources) {
        found.source_numbers.push_back(part_->source_number(source));
        found.entity_tags.push_back(part_->entity_tag(source));
    }
    return found;
}

/// On the strand, after a failure of the disk. The map may find no room either; then the one of
/// half a second ago stands.
void PartTasks::abandon(const Error& failure) {
    is_broken_ = true;
    try {
        if (part_) {
            part_->save();
        }
    } catch (...) {
        is_broken_ = true;
    }
    part_.reset();
    loop_.post([this, failure] { failed_(failure); });
}

} // namespace envpm::fetch
