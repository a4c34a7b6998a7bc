// What all kernels share. The files of this folder are compiled as one program, in the order of `compile.rs`.
// Nothing is included: NVRTC alone, without the headers of a toolkit, must do.

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define MINUS_INFINITY __uint_as_float(0xff800000u)
#define ALL_LANES 0xffffffffu

// Place of this thread in a grid of one dimension.
__device__ inline u64 place() { return (u64)blockIdx.x * blockDim.x + threadIdx.x; }

// Sum over a block of whole warps, in a fixed order; every thread gets it, and every thread must call it.
__device__ inline float block_sum(float value) {
    __shared__ float parts[32];
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(ALL_LANES, value, offset);
    __syncthreads(); // what an earlier call left may still be read
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    float sum = 0.0f;
    for (u32 warp = 0; warp < blockDim.x / 32; warp++) sum += parts[warp];
    return sum;
}

// The largest value of a block of whole warps, as block_sum. What is not a number is passed over; the sums that follow keep it.
__device__ inline float block_max(float value) {
    __shared__ float parts[32];
    for (int offset = 16; offset > 0; offset /= 2) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, offset));
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    float most = parts[0];
    for (u32 warp = 1; warp < blockDim.x / 32; warp++) most = fmaxf(most, parts[warp]);
    return most;
}

// bf16 is the upper half of f32, rounded to the nearest, ties to even; what is not a number stays so.
__device__ inline u16 bf16_from(float value) {
    u32 bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (u16)((bits >> 16) | 0x40u);
    return (u16)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

__device__ inline float bf16_value(u16 bits) { return __uint_as_float((u32)bits << 16); }
