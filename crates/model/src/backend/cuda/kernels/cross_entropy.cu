// Cross-entropy over rows of logits: a block for each row.

// Largest logit and the sum of exponentials above it.
__device__ inline void softmax_parts(const float *logits, u32 vocabulary, float *most, float *sum) {
    float m = MINUS_INFINITY;
    for (u32 i = threadIdx.x; i < vocabulary; i += blockDim.x) m = fmaxf(m, logits[i]);
    m = block_max(m);
    float s = 0.0f;
    for (u32 i = threadIdx.x; i < vocabulary; i += blockDim.x) s += expf(logits[i] - m);
    *most = m;
    *sum = block_sum(s);
}

extern "C" __global__ void cross_entropy(const float *logits, const u32 *targets, float *losses, u32 vocabulary) {
    const float *row = logits + (u64)blockIdx.x * vocabulary;
    float most, sum;
    softmax_parts(row, vocabulary, &most, &sum);
    if (threadIdx.x == 0) losses[blockIdx.x] = most + logf(sum) - row[targets[blockIdx.x]];
}

// Replaces the logits by scale * (softmax - one_hot(target)).
extern "C" __global__ void cross_entropy_backward(float *logits, const u32 *targets, float *losses, u32 vocabulary, float scale) {
    float *row = logits + (u64)blockIdx.x * vocabulary;
    u32 target = targets[blockIdx.x];
    float wanted = row[target]; // read by all before the first barrier below, changed by one after it
    float most, sum;
    softmax_parts(row, vocabulary, &most, &sum);
    float factor = scale / sum;
    for (u32 i = threadIdx.x; i < vocabulary; i += blockDim.x) {
        float value = expf(row[i] - most) * factor;
        row[i] = i == target ? value - scale : value;
    }
    if (threadIdx.x == 0) losses[blockIdx.x] = most + logf(sum) - wanted;
}
