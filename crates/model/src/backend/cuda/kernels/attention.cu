// Causal attention with grouped queries over packed sequences, whole past or a window of it (Dao et al., 2022, "FlashAttention").
//
// A block of 256 threads, 16 by 16, works on a tile of TILE positions of one sequence and one head, and goes over the tiles that it
// sees; thread (ty, tx) holds rows ty, ty + 16, ... and columns tx, tx + 16, .... WIDTH is the width of a head rounded up, what lies
// beyond counts as zero. Nothing is added atomically: each result is written by one thread, in a fixed order.
//
// `tiles` names for each tile the first row of its sequence, the sequence's length, and the tile's first position in it.

// First position that a query sees; window 0 is the whole past.
__device__ inline u32 first_seen(u32 position, u32 window) { return window > 0 && position + 1 > window ? position + 1 - window : 0; }

__device__ inline u32 least(u32 a, u32 b) { return a < b ? a : b; }

// Copies rows of one head to shared memory; what lies outside becomes zero.
template <int WIDTH, int TILE>
__device__ inline void load_tile(float (*tile)[WIDTH + 1], const float *matrix, u64 first_row, u32 rows, u64 stride, u64 column, u32 head_dim) {
    for (u32 i = threadIdx.x; i < TILE * WIDTH; i += blockDim.x) {
        u32 r = i / WIDTH, c = i % WIDTH;
        tile[r][c] = r < rows && c < head_dim ? matrix[(first_row + r) * stride + column + c] : 0.0f;
    }
}

// sums[i][j] = product of row ty + 16 i of a and row tx + 16 j of b.
template <int WIDTH, int R>
__device__ inline void row_products(const float (*a)[WIDTH + 1], const float (*b)[WIDTH + 1], u32 ty, u32 tx, float (&sums)[R][R]) {
    for (int i = 0; i < R; i++)
        for (int j = 0; j < R; j++) sums[i][j] = 0.0f;
    for (int d = 0; d < WIDTH; d++) {
        float left[R], right[R];
        for (int i = 0; i < R; i++) left[i] = a[ty + 16 * i][d];
        for (int j = 0; j < R; j++) right[j] = b[tx + 16 * j][d];
        for (int i = 0; i < R; i++)
            for (int j = 0; j < R; j++) sums[i][j] += left[i] * right[j];
    }
}

template <int WIDTH, int TILE>
__device__ inline void attention_forward(const float *queries, const float *keys, const float *values, float *output, float *log_sum_exp,
                                         const u32 *tiles, u32 heads, u32 group, u32 head_dim, u32 window, float scale) {
    constexpr int R = TILE / 16, C = WIDTH / 16;
    __shared__ float qs[TILE][WIDTH + 1], ks[TILE][WIDTH + 1], ps[TILE][TILE + 1];
    const u32 *tile = tiles + 3 * (u64)blockIdx.x;
    const u32 start = tile[0], first = tile[2], rows = least(TILE, tile[1] - first);
    const u32 head = blockIdx.y, tx = threadIdx.x % 16, ty = threadIdx.x / 16;
    const u64 query_stride = (u64)heads * head_dim, key_stride = query_stride / group;
    const u64 query_column = (u64)head * head_dim, key_column = (u64)(head / group) * head_dim;
    load_tile<WIDTH, TILE>(qs, queries, start + first, rows, query_stride, query_column, head_dim);
    float most[R], sum[R], sums[R][C];
    for (int i = 0; i < R; i++) {
        most[i] = MINUS_INFINITY;
        sum[i] = 0.0f;
        for (int c = 0; c < C; c++) sums[i][c] = 0.0f;
    }
    for (u32 from = first_seen(first, window); from < first + rows; from += TILE) {
        const u32 count = least(TILE, first + rows - from);
        __syncthreads(); // the values of the tile before are read
        load_tile<WIDTH, TILE>(ks, keys, start + from, count, key_stride, key_column, head_dim);
        __syncthreads();
        float scores[R][R];
        row_products<WIDTH, R>(qs, ks, ty, tx, scores);
        for (int i = 0; i < R; i++) {
            const u32 row = ty + 16 * i, position = first + row;
            float largest = MINUS_INFINITY;
            for (int j = 0; j < R; j++) {
                const u32 key = from + tx + 16 * j;
                bool seen = row < rows && key < from + count && key <= position && key >= first_seen(position, window);
                scores[i][j] = seen ? scores[i][j] * scale : MINUS_INFINITY;
                largest = fmaxf(largest, scores[i][j]);
            }
            for (int offset = 8; offset > 0; offset /= 2) largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, offset));
            largest = fmaxf(largest, most[i]);
            float kept = most[i] == MINUS_INFINITY ? 0.0f : expf(most[i] - largest), added = 0.0f;
            for (int j = 0; j < R; j++) {
                float p = scores[i][j] == MINUS_INFINITY ? 0.0f : expf(scores[i][j] - largest);
                ps[row][tx + 16 * j] = p;
                added += p;
            }
            for (int offset = 8; offset > 0; offset /= 2) added += __shfl_xor_sync(ALL_LANES, added, offset);
            most[i] = largest;
            sum[i] = sum[i] * kept + added;
            for (int c = 0; c < C; c++) sums[i][c] *= kept;
        }
        __syncthreads(); // the probabilities are written, the keys are read
        load_tile<WIDTH, TILE>(ks, values, start + from, count, key_stride, key_column, head_dim);
        __syncthreads();
        for (u32 k = 0; k < count; k++)
            for (int i = 0; i < R; i++) {
                float p = ps[ty + 16 * i][k];
                for (int c = 0; c < C; c++) sums[i][c] += p * ks[k][tx + 16 * c];
            }
    }
    for (int i = 0; i < R; i++) {
        const u32 row = ty + 16 * i;
        if (row >= rows) continue;
        const u64 token = start + first + row;
        for (int c = 0; c < C; c++)
            if (tx + 16 * c < head_dim) output[token * query_stride + query_column + tx + 16 * c] = sums[i][c] / sum[i];
        if (tx == 0) log_sum_exp[token * heads + head] = most[i] + logf(sum[i]);
    }
}

// deltas[token, head] = product of the head's output and its gradient: a warp for each.
extern "C" __global__ void attention_deltas(const float *output, const float *d_output, float *deltas, u64 cells, u32 head_dim) {
    u64 cell = place() / 32;
    if (cell >= cells) return; // a whole warp leaves
    float sum = 0.0f;
    for (u32 i = threadIdx.x % 32; i < head_dim; i += 32) sum += output[cell * head_dim + i] * d_output[cell * head_dim + i];
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, offset);
    if (threadIdx.x % 32 == 0) deltas[cell] = sum;
}

// With P the probabilities: dS = scale * P * (dO V^T - delta), dQ = dS K. A block for each tile of queries and query head.
template <int WIDTH, int TILE>
__device__ inline void attention_d_queries(const float *queries, const float *keys, const float *values, const float *d_output,
                                           const float *log_sum_exp, const float *deltas, float *d_queries, const u32 *tiles, u32 heads,
                                           u32 group, u32 head_dim, u32 window, float scale) {
    constexpr int R = TILE / 16, C = WIDTH / 16;
    __shared__ float qs[TILE][WIDTH + 1], os[TILE][WIDTH + 1], ks[TILE][WIDTH + 1], vs[TILE][WIDTH + 1], ss[TILE][TILE + 1];
    const u32 *tile = tiles + 3 * (u64)blockIdx.x;
    const u32 start = tile[0], first = tile[2], rows = least(TILE, tile[1] - first);
    const u32 head = blockIdx.y, tx = threadIdx.x % 16, ty = threadIdx.x / 16;
    const u64 query_stride = (u64)heads * head_dim, key_stride = query_stride / group;
    const u64 query_column = (u64)head * head_dim, key_column = (u64)(head / group) * head_dim;
    load_tile<WIDTH, TILE>(qs, queries, start + first, rows, query_stride, query_column, head_dim);
    load_tile<WIDTH, TILE>(os, d_output, start + first, rows, query_stride, query_column, head_dim);
    float sums[R][C];
    for (int i = 0; i < R; i++)
        for (int c = 0; c < C; c++) sums[i][c] = 0.0f;
    for (u32 from = first_seen(first, window); from < first + rows; from += TILE) {
        const u32 count = least(TILE, first + rows - from);
        __syncthreads();
        load_tile<WIDTH, TILE>(ks, keys, start + from, count, key_stride, key_column, head_dim);
        load_tile<WIDTH, TILE>(vs, values, start + from, count, key_stride, key_column, head_dim);
        __syncthreads();
        float scores[R][R], products[R][R];
        row_products<WIDTH, R>(qs, ks, ty, tx, scores);
        row_products<WIDTH, R>(os, vs, ty, tx, products);
        for (int i = 0; i < R; i++) {
            const u32 row = ty + 16 * i, position = first + row;
            for (int j = 0; j < R; j++) {
                const u32 key = from + tx + 16 * j;
                bool seen = row < rows && key < from + count && key <= position && key >= first_seen(position, window);
                float d_score = 0.0f;
                if (seen) {
                    const u64 cell = (u64)(start + position) * heads + head;
                    d_score = expf(scores[i][j] * scale - log_sum_exp[cell]) * (products[i][j] - deltas[cell]) * scale;
                }
                ss[row][tx + 16 * j] = d_score;
            }
        }
        __syncthreads();
        for (u32 k = 0; k < count; k++)
            for (int i = 0; i < R; i++) {
                float d_score = ss[ty + 16 * i][k];
                for (int c = 0; c < C; c++) sums[i][c] += d_score * ks[k][tx + 16 * c];
            }
    }
    for (int i = 0; i < R; i++) {
        const u32 row = ty + 16 * i;
        for (int c = 0; c < C; c++)
            if (row < rows && tx + 16 * c < head_dim)
                d_queries[(u64)(start + first + row) * query_stride + query_column + tx + 16 * c] = sums[i][c];
    }
}

// dK = dS^T Q and dV = P^T dO, summed over the query heads that share the key head. A block for each tile of keys and key head.
template <int WIDTH, int TILE>
__device__ inline void attention_d_keys_values(const float *queries, const float *keys, const float *values, const float *d_output,
                                               const float *log_sum_exp, const float *deltas, float *d_keys, float *d_values,
                                               const u32 *tiles, u32 heads, u32 group, u32 head_dim, u32 window, float scale) {
    constexpr int R = TILE / 16, C = WIDTH / 16;
    __shared__ float qs[TILE][WIDTH + 1], os[TILE][WIDTH + 1], ks[TILE][WIDTH + 1], vs[TILE][WIDTH + 1];
    __shared__ float ps[TILE][TILE + 1], ss[TILE][TILE + 1];
    const u32 *tile = tiles + 3 * (u64)blockIdx.x;
    const u32 start = tile[0], length = tile[1], first = tile[2], rows = least(TILE, length - first);
    const u32 key_head = blockIdx.y, tx = threadIdx.x % 16, ty = threadIdx.x / 16;
    const u64 query_stride = (u64)heads * head_dim, key_stride = query_stride / group, key_column = (u64)key_head * head_dim;
    load_tile<WIDTH, TILE>(ks, keys, start + first, rows, key_stride, key_column, head_dim);
    load_tile<WIDTH, TILE>(vs, values, start + first, rows, key_stride, key_column, head_dim);
    float key_sums[R][C], value_sums[R][C];
    for (int i = 0; i < R; i++)
        for (int c = 0; c < C; c++) key_sums[i][c] = value_sums[i][c] = 0.0f;
    // The last query that sees the tile's last key.
    const u32 until = window > 0 ? least(length, first + rows - 1 + window) : length;
    for (u32 head = key_head * group; head < (key_head + 1) * group; head++) {
        const u64 query_column = (u64)head * head_dim;
        for (u32 from = first; from < until; from += TILE) {
            const u32 count = least(TILE, until - from);
            __syncthreads();
            load_tile<WIDTH, TILE>(qs, queries, start + from, count, query_stride, query_column, head_dim);
            load_tile<WIDTH, TILE>(os, d_output, start + from, count, query_stride, query_column, head_dim);
            __syncthreads();
            float scores[R][R], products[R][R];
            row_products<WIDTH, R>(qs, ks, ty, tx, scores);
            row_products<WIDTH, R>(os, vs, ty, tx, products);
            for (int i = 0; i < R; i++) {
                const u32 row = ty + 16 * i, position = from + row;
                for (int j = 0; j < R; j++) {
                    const u32 column = tx + 16 * j, key = first + column;
                    bool seen = row < count && column < rows && key <= position && key >= first_seen(position, window);
                    float p = 0.0f, d_score = 0.0f;
                    if (seen) {
                        const u64 cell = (u64)(start + position) * heads + head;
                        p = expf(scores[i][j] * scale - log_sum_exp[cell]);
                        d_score = p * (products[i][j] - deltas[cell]) * scale;
                    }
                    ps[row][column] = p;
                    ss[row][column] = d_score;
                }
            }
            __syncthreads();
            for (u32 q = 0; q < count; q++)
                for (int i = 0; i < R; i++) {
                    float p = ps[q][ty + 16 * i], d_score = ss[q][ty + 16 * i];
                    for (int c = 0; c < C; c++) {
                        value_sums[i][c] += p * os[q][tx + 16 * c];
                        key_sums[i][c] += d_score * qs[q][tx + 16 * c];
                    }
                }
        }
    }
    for (int i = 0; i < R; i++) {
        const u32 row = ty + 16 * i;
        for (int c = 0; c < C; c++)
            if (row < rows && tx + 16 * c < head_dim) {
                const u64 at = (u64)(start + first + row) * key_stride + key_column + tx + 16 * c;
                d_keys[at] = key_sums[i][c];
                d_values[at] = value_sums[i][c];
            }
    }
}

#define FOR_WIDTH(WIDTH, TILE)                                                                                                             \
    extern "C" __global__ void __launch_bounds__(256)                                                                                      \
        attention_forward_##WIDTH(const float *queries, const float *keys, const float *values, float *output, float *log_sum_exp,         \
                                  const u32 *tiles, u32 heads, u32 group, u32 head_dim, u32 window, float scale) {                         \
        attention_forward<WIDTH, TILE>(queries, keys, values, output, log_sum_exp, tiles, heads, group, head_dim, window, scale);          \
    }                                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(256)                                                                                      \
        attention_d_queries_##WIDTH(const float *queries, const float *keys, const float *values, const float *d_output,                   \
                                    const float *log_sum_exp, const float *deltas, float *d_queries, const u32 *tiles, u32 heads,          \
                                    u32 group, u32 head_dim, u32 window, float scale) {                                                    \
        attention_d_queries<WIDTH, TILE>(queries, keys, values, d_output, log_sum_exp, deltas, d_queries, tiles, heads, group, head_dim,   \
                                         window, scale);                                                                                   \
    }                                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(256)                                                                                      \
        attention_d_keys_values_##WIDTH(const float *queries, const float *keys, const float *values, const float *d_output,               \
                                        const float *log_sum_exp, const float *deltas, float *d_keys, float *d_values, const u32 *tiles,   \
                                        u32 heads, u32 group, u32 head_dim, u32 window, float scale) {                                     \
        attention_d_keys_values<WIDTH, TILE>(queries, keys, values, d_output, log_sum_exp, deltas, d_keys, d_values, tiles, heads, group,  \
                                             head_dim, window, scale);                                                                     \
    }

// Shared memory stays below 48 KiB, which every device gives without being asked for more.
FOR_WIDTH(32, 32)
FOR_WIDTH(64, 32)
FOR_WIDTH(128, 16)
