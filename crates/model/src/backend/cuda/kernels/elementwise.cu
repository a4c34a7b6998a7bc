// Kernels that treat each element, or each row, by itself.

extern "C" __global__ void to_bf16(const float *source, u16 *destination, u64 count) {
    u64 i = place();
    if (i < count) destination[i] = bf16_from(source[i]);
}

extern "C" __global__ void add_to_rows(const float *row, float *matrix, u64 count, u32 width) {
    u64 i = place();
    if (i < count) matrix[i] += row[i % width];
}

// A block for each destination row.
extern "C" __global__ void gather_rows(const float *table, const u32 *rows, float *destination, u32 width) {
    const float *from = table + (u64)rows[blockIdx.x] * width;
    float *to = destination + (u64)blockIdx.x * width;
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) to[i] = from[i];
}

extern "C" __global__ void gather_rows_bf16(const u16 *table, const u32 *rows, float *destination, u32 width) {
    const u16 *from = table + (u64)rows[blockIdx.x] * width;
    float *to = destination + (u64)blockIdx.x * width;
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) to[i] = bf16_value(from[i]);
}

// A block for each source row; the destination was set to zero.
extern "C" __global__ void scatter_rows(const float *source, const u32 *rows, float *destination, u32 width) {
    const float *from = source + (u64)blockIdx.x * width;
    float *to = destination + (u64)rows[blockIdx.x] * width;
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) to[i] = from[i];
}

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

extern "C" __global__ void swiglu(const float *gate, const float *up, float *y, u64 count) {
    u64 i = place();
    if (i < count) y[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

// Replaces gate and up by their gradients.
extern "C" __global__ void swiglu_backward(float *gate, float *up, const float *dy, u64 count) {
    u64 i = place();
    if (i >= count) return;
    float g = gate[i], u = up[i], s = sigmoid(g);
    up[i] = dy[i] * g * s;
    gate[i] = dy[i] * u * s * (1.0f + g * (1.0f - s));
}

// The same bits as `DropoutMask::keeps` on the host.
__device__ inline u32 mix32(u32 value) {
    value = (value ^ (value >> 16)) * 0x7feb352du;
    value = (value ^ (value >> 15)) * 0x846ca68bu;
    return value ^ (value >> 16);
}

__device__ inline bool keeps(u32 high, u32 low, u32 threshold, u64 at) { return mix32(mix32((u32)at ^ high) + low) >= threshold; }

extern "C" __global__ void dropout(const float *x, float *y, u64 count, u32 high, u32 low, u32 threshold, float scale) {
    u64 i = place();
    if (i < count) y[i] = keeps(high, low, threshold, i) ? x[i] * scale : 0.0f;
}

extern "C" __global__ void dropout_backward(const float *dy, float *dx, u64 count, u32 high, u32 low, u32 threshold, float scale) {
    u64 i = place();
    if (i < count && keeps(high, low, threshold, i)) dx[i] += dy[i] * scale;
}
