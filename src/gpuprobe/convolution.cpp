#include "gpuprobe/cudnn.h"
#include "gpuprobe/gpu.h"
#include "gpuprobe/steps.h"

namespace gpuprobe {

namespace {

constexpr int images = 2;
constexpr int channels = 3;
constexpr int height = 11;
constexpr int width = 13;
constexpr int filters = 4;
constexpr int side = 3; // of a filter; the border of one value keeps the images' size
constexpr int border = 1;
constexpr int plane = height * width;

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
float input[images * channels * plane];
float filter[filters * channels * side * side];
float output[images * filters * plane];
float wanted[images * filters * plane];

// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

/// What cuDNN is told of the three arrays and of the convolution.
class Shapes {
  public:
    Shapes(Step& step, const Cudnn& cudnn)
        : step_(step),
          cudnn_(cudnn) {}

    bool describe();

    [[nodiscard]] Handle from() const { return from_.get(); }

    [[nodiscard]] Handle by() const { return by_.get(); }

    [[nodiscard]] Handle how() const { return how_.get(); }

    [[nodiscard]] Handle to() const { return to_.get(); }

  private:
    Step& step_;
    const Cudnn& cudnn_;
    Owned<Handle> from_{step_, cudnn_.destroy_tensor};
    Owned<Handle> by_{step_, cudnn_.destroy_filter};
    Owned<Handle> how_{step_, cudnn_.destroy_convolution};
    Owned<Handle> to_{step_, cudnn_.destroy_tensor};
};

bool find(Step& step, void* library, Cudnn& cudnn);
bool convolve_on(Step& step, const Cudnn& cudnn, int index);
bool convolve_in(Gpu& gpu, Step& step, const Cudnn& cudnn);
void convolve_here();
float convolved(int image, int of_filter, int y, int x);

} // namespace

bool convolve(Step& step, void* library, int count) {
    Cudnn cudnn;
    if (!find(step, library, cudnn)) {
        return false;
    }
    step.name_results_by(cudnn.status_name.function);
    convolve_here();
    return on_each_gpu(count, [&](int index) { return convolve_on(step, cudnn, index); });
}

namespace {

bool find(Step& step, void* library, Cudnn& cudnn) {
    return step.find(library, cudnn.status_name, cudnn.create, cudnn.destroy, cudnn.create_tensor,
                     cudnn.destroy_tensor, cudnn.set_tensor, cudnn.create_filter,
                     cudnn.destroy_filter, cudnn.set_filter, cudnn.create_convolution,
                     cudnn.destroy_convolution, cudnn.set_convolution, cudnn.workspace_size,
                     cudnn.forward);
}

bool convolve_on(Step& step, const Cudnn& cudnn, int index) {
    Gpu gpu;
    return gpu.open(step, index) && convolve_in(gpu, step, cudnn);
}

bool convolve_in(Gpu& gpu, Step& step, const Cudnn& cudnn) {
    constexpr int algorithm = Cudnn::implicit_gemm;
    const float alpha = 1;
    const float beta = 0;
    Address x = 0;
    Address w = 0;
    Address y = 0;
    Address workspace = 0;
    std::size_t workspace_size = 0;
    Owned<Handle> handle(step, cudnn.destroy);
    Shapes shapes(step, cudnn);
    return handle.make(cudnn.create) && shapes.describe() &&
           step.call(cudnn.workspace_size, handle.get(), shapes.from(), shapes.by(), shapes.how(),
                     shapes.to(), algorithm, &workspace_size) &&
           (workspace_size == 0 || gpu.allocate(workspace, workspace_size)) &&
           gpu.allocate(x, sizeof input) && gpu.allocate(w, sizeof filter) &&
           gpu.allocate(y, sizeof output) && gpu.write(x, input, sizeof input) &&
           gpu.write(w, filter, sizeof filter) &&
           step.call(cudnn.forward, handle.get(), &alpha, shapes.from(), x, shapes.by(), w,
                     shapes.how(), algorithm, workspace, workspace_size, &beta, shapes.to(), y) &&
           gpu.wait() && gpu.read(output, y, sizeof output) &&
           step.compare(output, wanted, images * filters * plane, 0);
}

bool Shapes::describe() {
    constexpr int type = Cudnn::type_float;
    constexpr int format = Cudnn::format_nchw;
    return from_.make(cudnn_.create_tensor) && by_.make(cudnn_.create_filter) &&
           how_.make(cudnn_.create_convolution) && to_.make(cudnn_.create_tensor) &&
           step_.call(cudnn_.set_tensor, from(), format, type, images, channels, height, width) &&
           step_.call(cudnn_.set_filter, by(), type, format, filters, channels, side, side) &&
           step_.call(cudnn_.set_convolution, how(), border, border, 1, 1, 1, 1,
                      Cudnn::cross_correlation, type) &&
           step_.call(cudnn_.set_tensor, to(), format, type, images, filters, height, width);
}

void convolve_here() {
    for (unsigned i = 0; i < images * channels * plane; ++i) {
        input[i] = small_number(i);
    }
    for (unsigned i = 0; i < filters * channels * side * side; ++i) {
        filter[i] = small_number(i + 1'000'003U);
    }
    for (int i = 0; i < images * filters * plane; ++i) {
        wanted[i] =
            convolved(i / plane / filters, i / plane % filters, i % plane / width, i % width);
    }
}

/// One value of the result; outside of an image all is 0.
float convolved(int image, int of_filter, int y, int x) {
    float sum = 0;
    for (int tap = 0; tap < channels * side * side; ++tap) {
        const int channel = tap / (side * side);
        const int from_y = y + tap / side % side - border;
        const int from_x = x + tap % side - border;
        const bool is_inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
        const int place = (image * channels + channel) * plane + from_y * width + from_x;
        sum += is_inside ? input[place] * filter[of_filter * channels * side * side + tap] : 0;
    }
    return sum;
}

} // namespace

} // namespace gpuprobe
