#include "gpuprobe/gpu.h"
#include "gpuprobe/report.h"
#include "gpuprobe/steps.h"

#include <cstdio>

namespace gpuprobe {

namespace {

constexpr std::size_t size_bytes = (1U << 20U) + 13U;

/// A GPU and the two pieces of its memory: what it gives, and what it gets.
struct Peer {
    Gpu gpu;
    Address own = 0;
    Address got = 0;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
unsigned char sent[size_bytes];
unsigned char received[size_bytes];
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

bool open(Step& step, Peer& peer, int index);
bool copy(Step& step, Peer& from, Peer& to, int& linked);

} // namespace

bool copy_between_gpus(Step& step, void* /*library*/, int count) {
    Peer peers[most_gpus];
    if (!on_each_gpu(count, [&](int i) { return open(step, peers[i], i); })) {
        return false;
    }
    int linked = 0;
    for (int i = 0; i < count * count; ++i) {
        const int from = i / count;
        const int to = i % count;
        if (to == 0) {
            fill_bytes(sent, size_bytes, from);
        }
        if (from != to && !copy(step, peers[from], peers[to], linked)) {
            return false;
        }
    }
    char text[64] = {};
    std::snprintf(text, sizeof text, "%d of %d pairs reach each other directly", linked,
                  count * (count - 1));
    Line::fact("note").text("text", text).send();
    return true;
}

namespace {

bool open(Step& step, Peer& peer, int index) {
    fill_bytes(sent, size_bytes, index);
    return peer.gpu.open(step, index) && peer.gpu.allocate(peer.own, size_bytes) &&
           peer.gpu.allocate(peer.got, size_bytes) && peer.gpu.write(peer.own, sent, size_bytes);
}

/// Where they do not reach each other the driver takes the way through the host's memory. Access is
/// taken back, because a GPU may have a few peers only at a time.
bool copy(Step& step, Peer& from, Peer& to, int& linked) {
    const Transport& by = step.transport();
    const Driver& driver = step.driver();
    int can_access = 0;
    if (!to.gpu.select() ||
        !step.drive("cuMemsetD8_v2", driver.memory_set, to.got, static_cast<unsigned char>(0xA5),
                    size_bytes) ||
        !step.drive(by.can_access_peer, &can_access, to.gpu.device(), from.gpu.device())) {
        return false;
    }
    linked += can_access != 0 ? 1 : 0;
    return (can_access == 0 || step.drive(by.enable_peer, from.gpu.context(), 0U)) &&
           step.drive(by.to_peer, to.got, to.gpu.context(), from.own, from.gpu.context(),
                      size_bytes) &&
           to.gpu.wait() && to.gpu.read(received, to.got, size_bytes) &&
           (can_access == 0 || step.drive(by.disable_peer, from.gpu.context())) &&
           step.compare(received, sent, size_bytes);
}

} // namespace

} // namespace gpuprobe
