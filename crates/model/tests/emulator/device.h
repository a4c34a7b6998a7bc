// The language of CUDA for a C++ compiler: enough to run the kernels on a processor.
//
// Each thread of a block is a fibre. Fibres run one at a time and change at barriers and shuffles only, in an order that is drawn anew
// each time, so that what depends on an order that CUDA does not promise shows as a wrong result.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __launch_bounds__(threads)
// Blocks run one after another, and each begins with what the one before it left: as unspecified as on a device.
#define __shared__ static

namespace emulator {

struct Index {
    unsigned x, y, z;
};

// Of the fibre that runs.
extern Index thread_index, block_index, block_size;

void block_barrier(int line);
uint32_t exchange(uint32_t mask, uint32_t value, unsigned lane_xor);

inline float shuffle_xor(uint32_t mask, float value, unsigned lane_xor) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits = exchange(mask, bits, lane_xor);
    memcpy(&value, &bits, 4);
    return value;
}

} // namespace emulator

#define threadIdx emulator::thread_index
#define blockIdx emulator::block_index
#define blockDim emulator::block_size
#define __syncthreads() emulator::block_barrier(__LINE__)
#define __shfl_xor_sync(mask, value, lane_xor) emulator::shuffle_xor(mask, value, lane_xor)

inline float __uint_as_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

inline uint32_t __float_as_uint(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}
