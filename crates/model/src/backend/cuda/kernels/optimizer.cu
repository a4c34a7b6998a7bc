// AdamW, and the norm by which gradients are clipped.

// A block for each 4096 numbers: the sum of their squares, in f64, always in the same order.
extern "C" __global__ void squared_sums(const float *x, double *sums, u64 count) {
    __shared__ double parts[256];
    u64 first = (u64)blockIdx.x * 4096;
    double sum = 0.0;
    for (u32 i = threadIdx.x; i < 4096 && first + i < count; i += 256) sum += (double)x[first + i] * (double)x[first + i];
    parts[threadIdx.x] = sum;
    __syncthreads();
    for (u32 half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) sums[blockIdx.x] = parts[0];
}

// The same as `AdamW::apply` on the host.
extern "C" __global__ void adamw(float *weights, const float *gradients, float *means, float *squares, u64 count, float clip, float keep,
                                 float lerp, float beta2, float rest, float step_size, float correction, float eps) {
    u64 i = place();
    if (i >= count) return;
    float g = gradients[i] * clip;
    float m = means[i] + lerp * (g - means[i]);
    float v = squares[i] * beta2 + rest * g * g;
    means[i] = m;
    squares[i] = v;
    weights[i] = weights[i] * keep - step_size * (m / (sqrtf(v) / correction + eps));
}
