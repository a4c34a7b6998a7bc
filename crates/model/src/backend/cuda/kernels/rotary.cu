// Rotary position embedding, halves paired as in transformers: a thread for each pair.

extern "C" __global__ void rotate(float *x, const u32 *positions, const float *cosines, const float *sines, u64 pairs, u32 heads, u32 half, float sign) {
    u64 i = place();
    if (i >= pairs) return;
    u32 column = (u32)(i % half);
    u64 head = i / half; // over all rows
    u64 angle = (u64)positions[head / heads] * half + column;
    float c = cosines[angle], s = sines[angle] * sign;
    float *first = x + head * 2 * half + column, *second = first + half;
    float u = *first, v = *second;
    *first = u * c - v * s;
    *second = v * c + u * s;
}
