// The part of libcufft that envpm-gpuprobe calls, computed by the processor: lengths that are
// powers of two.

#include "modes.h"

namespace {

constexpr double pi = 3.14159265358979323846;

struct Complex {
    float real;
    float imaginary;
};

int length = 0;

/// Without the C library's: of angles from -pi to pi.
double sine(double angle) {
    double term = angle;
    double sum = angle;
    for (int i = 1; i < 16; ++i) {
        term *= -angle * angle / (2 * i * (2 * i + 1));
        sum += term;
    }
    return sum;
}

double cosine(double angle) {
    const double half = sine(angle / 2);
    return 1 - 2 * half * half;
}

void reorder(Complex* values) {
    for (int i = 1, j = 0; i < length; ++i) {
        int bit = length >> 1;
        for (; (j & bit) != 0; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            const Complex other = values[i];
            values[i] = values[j];
            values[j] = other;
        }
    }
}

void join(Complex& low, Complex& high, double angle) {
    const double real = cosine(angle) * high.real - sine(angle) * high.imaginary;
    const double imaginary = cosine(angle) * high.imaginary + sine(angle) * high.real;
    high = {static_cast<float>(low.real - real), static_cast<float>(low.imaginary - imaginary)};
    low = {static_cast<float>(low.real + real), static_cast<float>(low.imaginary + imaginary)};
}

} // namespace

extern "C" {

int cufftPlan1d(int* plan, int values, int type, int batch) {
    *plan = 7;
    length = values;
    return type == 0x29 && batch == 1 ? 0 : 4;
}

int cufftDestroy(int plan) {
    return plan == 7 ? 0 : 1;
}

int cufftExecC2C(int plan, const Complex* from, Complex* to, int direction) {
    if (const int failure = fake::begin(6); failure != 0 || plan != 7) {
        return plan != 7 ? 1 : failure;
    }
    std::memmove(to, from, sizeof(Complex) * static_cast<std::size_t>(length));
    reorder(to);
    for (int size = 2; size <= length; size *= 2) {
        for (int i = 0; i < length; ++i) {
            const int place = i % size;
            if (place < size / 2) {
                join(to[i], to[i + size / 2], direction * 2 * pi * place / size);
            }
        }
    }
    to[9].real += fake::error() * static_cast<float>(length);
    return 0;
}

} // extern "C"
