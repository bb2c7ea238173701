#include "gpuprobe/gpu.h"
#include "gpuprobe/nccl.h"
#include "gpuprobe/report.h"
#include "gpuprobe/steps.h"

#include <cstdio>

namespace gpuprobe {

namespace {

constexpr int values = 1 << 18; // 1 MiB: enough for several of NCCL's channels

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
float part[values];
float total[values];
float received[values];

// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

/// A GPU, what it gives and what it gets.
struct Rank {
    Gpu gpu;
    Address own = 0;
    Address sum = 0;
};

/// The communicators of all ranks, which one call makes.
class Communicators {
  public:
    Communicators(Step& step, const Nccl& nccl, int count)
        : step_(step),
          nccl_(nccl),
          count_(count) {}

    Communicators(const Communicators&) = delete;
    Communicators& operator=(const Communicators&) = delete;

    ~Communicators() {
        step_.turn_to(-1);
        for (int i = 0; i < count_ && is_made_ && !step_.has_failed(); ++i) {
            step_.call(nccl_.destroy, all_[i]);
        }
    }

    bool make() { return is_made_ = step_.call(nccl_.init_all, all_, count_, nullptr); }

    [[nodiscard]] Handle of(int rank) const { return all_[rank]; }

  private:
    Step& step_;
    const Nccl& nccl_;
    int count_;
    Handle all_[most_gpus] = {};
    bool is_made_ = false;
};

bool sum_over(Step& step, const Nccl& nccl, int count);
bool open(Step& step, Rank& rank, int index);
bool reduce(Step& step, const Nccl& nccl, const Communicators& communicators, Rank* ranks,
            int count);
bool has_sum(Step& step, Rank& rank);
void fill(float* numbers, float factor);

} // namespace

bool sum_over_gpus(Step& step, void* library, int count) {
    Nccl nccl;
    if (!step.find(library, nccl.init_all, nccl.destroy, nccl.group_start, nccl.group_end,
                   nccl.all_reduce)) {
        return false;
    }
    Finder(library).find_all(nccl.last_error);
    step.name_results_by(nccl_result_name);
    char text[32] = {};
    std::snprintf(text, sizeof text, count == 1 ? "%d GPU" : "%d GPUs", count);
    Line::fact("note").text("text", text).send();
    if (sum_over(step, nccl, count)) {
        return true;
    }
    const char* last =
        nccl.last_error.function == nullptr ? nullptr : nccl.last_error.function(nullptr);
    if (step.status() == exit_error && last != nullptr && *last != '\0') {
        Line::fact("note").text("text", last).send();
    }
    return false;
}

namespace {

bool sum_over(Step& step, const Nccl& nccl, int count) {
    Rank ranks[most_gpus];
    if (!on_each_gpu(count, [&](int i) { return open(step, ranks[i], i); })) {
        return false;
    }
    step.turn_to(-1);
    Communicators communicators(step, nccl, count);
    if (!communicators.make() || !reduce(step, nccl, communicators, ranks, count)) {
        return false;
    }
    const int factors = count * (count + 1) / 2;
    fill(total, static_cast<float>(factors));
    return on_each_gpu(count, [&](int i) { return has_sum(step, ranks[i]); });
}

/// What it writes is there when this returns: the stream would not wait for it.
bool open(Step& step, Rank& rank, int index) {
    fill(part, static_cast<float>(index + 1));
    return rank.gpu.open(step, index) && rank.gpu.make_stream() &&
           rank.gpu.allocate(rank.own, sizeof part) && rank.gpu.allocate(rank.sum, sizeof part) &&
           rank.gpu.write(rank.own, part, sizeof part) &&
           step.drive("cuMemsetD8_v2", step.driver().memory_set, rank.sum,
                      static_cast<unsigned char>(0xA5), sizeof part) &&
           rank.gpu.wait();
}

/// All ranks in one group, as one thread must.
bool reduce(Step& step, const Nccl& nccl, const Communicators& communicators, Rank* ranks,
            int count) {
    if (!step.call(nccl.group_start)) {
        return false;
    }
    for (int i = 0; i < count; ++i) {
        step.turn_to(i);
        constexpr std::size_t each = values;
        if (!step.call(nccl.all_reduce, ranks[i].own, ranks[i].sum, each, Nccl::type_float,
                       Nccl::sum, communicators.of(i), ranks[i].gpu.stream())) {
            return false;
        }
    }
    step.turn_to(-1);
    return step.call(nccl.group_end);
}

bool has_sum(Step& step, Rank& rank) {
    return rank.gpu.select() &&
           step.drive(step.transport().stream_synchronize, rank.gpu.stream()) &&
           rank.gpu.read(received, rank.sum, sizeof received) &&
           step.compare(received, total, values, 0);
}

void fill(float* numbers, float factor) {
    for (unsigned i = 0; i < values; ++i) {
        numbers[i] = factor * small_number(i);
    }
}

} // namespace

} // namespace gpuprobe
