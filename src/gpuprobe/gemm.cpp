#include "gpuprobe/cublas.h"
#include "gpuprobe/gpu.h"
#include "gpuprobe/steps.h"

namespace gpuprobe {

namespace {

// C = A * B', by columns; the three differ, so that no wrong order goes unseen.
constexpr int rows = 96;
constexpr int columns = 64;
constexpr int inner = 80;

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
float left[rows * inner];
float right[columns * inner];
float product[rows * columns];
float wanted[rows * columns];
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

bool multiply(Step& step, const Cublas& cublas, int index);
void multiply_here();

} // namespace

bool multiply_matrices(Step& step, void* library, int count) {
    Cublas cublas;
    if (!step.find(library, cublas.create, cublas.destroy, cublas.sgemm)) {
        return false;
    }
    Finder(library).find_all(cublas.status_name);
    step.name_results_by(cublas.status_name.function);
    multiply_here();
    return on_each_gpu(count, [&](int index) { return multiply(step, cublas, index); });
}

namespace {

bool multiply(Step& step, const Cublas& cublas, int index) {
    const float alpha = 1;
    const float beta = 0;
    Address a = 0;
    Address b = 0;
    Address c = 0;
    Gpu gpu;
    if (!gpu.open(step, index) || !gpu.allocate(a, sizeof left) || !gpu.allocate(b, sizeof right) ||
        !gpu.allocate(c, sizeof product) || !gpu.write(a, left, sizeof left) ||
        !gpu.write(b, right, sizeof right)) {
        return false;
    }
    Owned<Handle> handle(step, cublas.destroy);
    return handle.make(cublas.create) &&
           step.call(cublas.sgemm, handle.get(), Cublas::not_transposed, Cublas::transposed, rows,
                     columns, inner, &alpha, a, rows, b, columns, &beta, c, rows) &&
           gpu.wait() && gpu.read(product, c, sizeof product) &&
           step.compare(product, wanted, rows * columns, 0);
}

void multiply_here() {
    for (unsigned i = 0; i < rows * inner; ++i) {
        left[i] = small_number(i);
    }
    for (unsigned i = 0; i < columns * inner; ++i) {
        right[i] = small_number(i + 1'000'003U);
    }
    for (int column = 0; column < columns; ++column) {
        for (int row = 0; row < rows; ++row) {
            float sum = 0;
            for (int k = 0; k < inner; ++k) {
                sum += left[k * rows + row] * right[k * columns + column];
            }
            wanted[column * rows + row] = sum;
        }
    }
}

} // namespace

} // namespace gpuprobe
