// RMSNorm: a block for each row.

extern "C" __global__ void rms_norm(const float *x, const float *weight, float *y, u32 width, float eps) {
    const float *from = x + (u64)blockIdx.x * width;
    float *to = y + (u64)blockIdx.x * width;
    float squares = 0.0f;
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) squares += from[i] * from[i];
    float r = 1.0f / sqrtf(block_sum(squares) / (float)width + eps);
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) to[i] = from[i] * r * weight[i];
}

// With g = dy * weight: dx (+)= r * g - x * r^3 * mean(g * x).
extern "C" __global__ void rms_norm_backward(const float *x, const float *weight, const float *dy, float *dx, u32 width, float eps, u32 accumulate) {
    const float *from = x + (u64)blockIdx.x * width;
    const float *gradient = dy + (u64)blockIdx.x * width;
    float *to = dx + (u64)blockIdx.x * width;
    float squares = 0.0f, mixed = 0.0f;
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) {
        squares += from[i] * from[i];
        mixed += gradient[i] * weight[i] * from[i];
    }
    float r = 1.0f / sqrtf(block_sum(squares) / (float)width + eps);
    float c = block_sum(mixed) * r * r * r / (float)width;
    for (u32 i = threadIdx.x; i < width; i += blockDim.x) {
        float value = gradient[i] * weight[i] * r - from[i] * c;
        to[i] = accumulate ? to[i] + value : value;
    }
}
