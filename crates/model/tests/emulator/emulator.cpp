// A CUDA driver, NVRTC, cuBLAS and cuBLASLt for a machine without a device: one library that answers to all four names and runs the kernels,
// compiled as C++, on the processor. For tests: it shows what the kernels compute and how the back end calls them, never how fast.
//
// It is stricter than a device. Every allocation ends at a page that cannot be touched and begins filled with what is not a number; a
// barrier that only some threads reach, or that they reach in different places, ends the process with a message.
//
// EMULATOR_MEMORY is what other programs leave of the device's 4 GiB, in bytes. EMULATOR_SEED changes the order in which fibres and blocks run.

#include "device.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <tuple>
#include <ucontext.h>
#include <utility>
#include <vector>

#include "kernels.inc" // the kernels, and emulator::KERNELS: their names with a caller for each

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace emulator {

Index thread_index, block_index, block_size;

[[noreturn]] static void fail(const char *what, int line = 0) {
    fprintf(stderr, "emulated device: %s (block %u,%u, thread %u, line %d)\n", what, block_index.x, block_index.y, thread_index.x, line);
    fflush(stderr);
    abort();
}

// Numbers in no useful order, the same for the same seed.
static uint32_t next_random() {
    static uint64_t state = 0;
    if (state == 0) {
        const char *seed = getenv("EMULATOR_SEED");
        state = 0x9e3779b97f4a7c15ull ^ (seed ? strtoull(seed, nullptr, 10) * 0x2545f4914f6cdd1dull : 0);
    }
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 32);
}

template <class T> static void shuffle(std::vector<T> &items) {
    for (size_t i = items.size(); i > 1; i--) std::swap(items[i - 1], items[next_random() % i]);
}

constexpr size_t STACK = 256 << 10;

enum class State { Ready, AtBarrier, AtExchange, Done };

struct Fibre {
    ucontext_t context;
    jmp_buf place;
    bool begun = false;
    State state = State::Done;
    int line = 0;
    Index index{};
};

struct Warp {
    uint32_t values[2][32];
    unsigned turn[32];
    unsigned waiting = 0;
};

static std::vector<Fibre *> fibres;
static std::vector<Warp> warps;
static Fibre *running;
static jmp_buf scheduler;
static ucontext_t scheduler_context;
static void (*body)(void **);
static void **arguments;
static unsigned at_barrier, done;

static void leave() {
    if (!_setjmp(running->place)) _longjmp(scheduler, 1);
}

static void fibre_main() {
    for (;;) {
        body(arguments);
        running->state = State::Done;
        done++;
        leave();
    }
}

void block_barrier(int line) {
    if (done > 0) fail("a barrier after some threads have left", line);
    running->state = State::AtBarrier;
    running->line = line;
    if (++at_barrier == block_size.x) {
        at_barrier = 0;
        for (unsigned i = 0; i < block_size.x; i++) {
            if (fibres[i]->line != line) fail("threads of a block wait at different barriers", line);
            fibres[i]->state = State::Ready;
        }
    }
    leave();
}

uint32_t exchange(uint32_t mask, uint32_t value, unsigned lane_xor) {
    if (mask != 0xffffffffu || block_size.x % 32 != 0) fail("only whole warps may exchange values");
    unsigned lane = thread_index.x % 32, first = thread_index.x - lane;
    Warp &warp = warps[thread_index.x / 32];
    // Two turns side by side: a lane that goes ahead writes beside what slower ones have yet to read.
    unsigned turn = warp.turn[lane]++ % 2;
    warp.values[turn][lane] = value;
    running->state = State::AtExchange;
    if (++warp.waiting == 32) {
        warp.waiting = 0;
        for (unsigned i = first; i < first + 32; i++) fibres[i]->state = State::Ready;
    }
    leave();
    return warp.values[turn][lane ^ lane_xor];
}

static void resume(Fibre *fibre) {
    running = fibre;
    thread_index = fibre->index;
    if (_setjmp(scheduler)) return;
    if (fibre->begun) _longjmp(fibre->place, 1);
    fibre->begun = true;
    setcontext(&fibre->context);
}

static bool run_fibre(unsigned i) {
    if (fibres[i]->state != State::Ready) return false;
    resume(fibres[i]);
    return true;
}

static bool run_warp(unsigned warp) {
    bool moved = false;
    for (bool again = true; again; moved |= again) {
        again = false;
        for (unsigned i = 32 * warp; i < 32 * warp + 32 && i < block_size.x; i++) again |= run_fibre(i);
    }
    return moved;
}

static void run_block() {
    at_barrier = done = 0;
    warps.assign(block_size.x / 32 + 1, Warp{});
    std::vector<unsigned> order;
    for (unsigned i = 0; i < block_size.x; i++) {
        fibres[i]->state = State::Ready;
        fibres[i]->index = {i, 0, 0};
        order.push_back(i);
    }
    // Either all fibres go on side by side, or each warp in turn runs ahead as far as it can.
    bool ahead = next_random() % 2;
    while (done < block_size.x) {
        shuffle(order);
        bool moved = false;
        for (unsigned i : order) moved |= ahead ? run_warp(i / 32) : run_fibre(i);
        if (!moved) fail("threads wait for others that have left or wait elsewhere");
    }
}

static void need_fibres(unsigned count) {
    while (fibres.size() < count) {
        Fibre *fibre = new Fibre;
        getcontext(&fibre->context);
        fibre->context.uc_stack.ss_sp = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        fibre->context.uc_stack.ss_size = STACK;
        fibre->context.uc_link = &scheduler_context;
        makecontext(&fibre->context, fibre_main, 0);
        fibres.push_back(fibre);
    }
}

static std::mutex device;

static void launch(const Kernel &kernel, Index grid, Index block, void **parameters) {
    std::lock_guard<std::mutex> guard(device);
    need_fibres(block.x);
    body = kernel.call;
    arguments = parameters;
    block_size = block;
    std::vector<Index> blocks;
    for (unsigned y = 0; y < grid.y; y++)
        for (unsigned x = 0; x < grid.x; x++) blocks.push_back({x, y, 0});
    shuffle(blocks);
    for (Index index : blocks) {
        block_index = index;
        run_block();
    }
}

// ---- memory ----

constexpr size_t PAGE = 4096;
static std::map<uint64_t, std::pair<void *, size_t>> allocations; // address -> mapping and its size
static size_t in_use;

constexpr size_t TOTAL = (size_t)4 << 30;

static size_t usable() {
    const char *text = getenv("EMULATOR_MEMORY");
    return text ? strtoull(text, nullptr, 10) : TOTAL;
}

} // namespace emulator

using namespace emulator;

// ---- the driver ----

EXPORT int cuInit(unsigned flags) { return flags == 0 ? 0 : 1; }

EXPORT int cuDeviceGetCount(int *count) { return *count = 1, 0; }

EXPORT int cuDeviceGet(int *device, int ordinal) { return *device = 7, ordinal == 0 ? 0 : 101; }

EXPORT int cuDeviceGetName(char *name, int length, int device) { return snprintf(name, length, "Emulated device"), device == 7 ? 0 : 101; }

EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device) { return *bytes = TOTAL, device == 7 ? 0 : 101; }

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? 9 : 0;
    return device == 7 && (attribute == 75 || attribute == 76) ? 0 : 1;
}

static int context;
static thread_local void *current;

EXPORT int cuDevicePrimaryCtxRetain(void **handle, int device) { return *handle = &context, device == 7 ? 0 : 101; }

EXPORT int cuDevicePrimaryCtxRelease_v2(int device) { return device == 7 ? 0 : 101; }

EXPORT int cuCtxSetCurrent(void *handle) { return current = handle, handle == &context ? 0 : 201; }

#define NEED_CONTEXT                                                                                                                       \
    if (current != &context) return 201;

EXPORT int cuCtxSynchronize() {
    NEED_CONTEXT
    return 0;
}

EXPORT int cuGetErrorString(int error, const char **text) {
    *text = error == 2 ? "out of memory" : error == 201 ? "invalid device context" : "invalid argument";
    return 0;
}

EXPORT int cuMemAlloc_v2(uint64_t *pointer, size_t bytes) {
    NEED_CONTEXT
    std::lock_guard<std::mutex> guard(device);
    if (bytes == 0) return 1;
    if (in_use + bytes > usable()) return 2;
    size_t room = (bytes + PAGE - 1) / PAGE * PAGE;
    char *mapping = (char *)mmap(nullptr, room + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED || mprotect(mapping + PAGE, room, PROT_READ | PROT_WRITE)) return 2;
    memset(mapping + PAGE, 0xff, room);
    // Ends where the untouchable page begins, but for what four bytes ask for.
    *pointer = (uint64_t)(mapping + PAGE + (room - bytes) / 4 * 4);
    allocations[*pointer] = {mapping, bytes};
    in_use += bytes;
    return 0;
}

EXPORT int cuMemFree_v2(uint64_t pointer) {
    NEED_CONTEXT
    std::lock_guard<std::mutex> guard(device);
    auto found = allocations.find(pointer);
    if (found == allocations.end()) return 1;
    auto [mapping, bytes] = found->second;
    munmap(mapping, (bytes + PAGE - 1) / PAGE * PAGE + 2 * PAGE);
    in_use -= bytes;
    allocations.erase(found);
    return 0;
}

EXPORT int cuMemGetInfo_v2(size_t *free, size_t *total) {
    NEED_CONTEXT
    *total = TOTAL;
    *free = usable() - in_use;
    return 0;
}

EXPORT int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
    NEED_CONTEXT
    return memcpy((void *)to, from, bytes), 0;
}

EXPORT int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
    NEED_CONTEXT
    return memcpy(to, (void *)from, bytes), 0;
}

EXPORT int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) {
    NEED_CONTEXT
    return memcpy((void *)to, (void *)from, bytes), 0;
}

EXPORT int cuMemsetD32_v2(uint64_t to, unsigned value, size_t count) {
    NEED_CONTEXT
    for (size_t i = 0; i < count; i++) ((unsigned *)to)[i] = value;
    return 0;
}

EXPORT int cuModuleLoadData(void **module, const void *image) {
    NEED_CONTEXT
    *module = &context;
    return strncmp((const char *)image, "emulated", 8) == 0 ? 0 : 200;
}

EXPORT int cuModuleGetFunction(void **function, void *module, const char *name) {
    NEED_CONTEXT
    for (Kernel &kernel : KERNELS)
        if (strcmp(kernel.name, name) == 0) return *function = &kernel, module == &context ? 0 : 1;
    return 500;
}

EXPORT int cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                          unsigned block_z, unsigned shared, void *stream, void **parameters, void **extra) {
    NEED_CONTEXT
    bool sizes = grid_x > 0 && grid_x < 0x80000000u && grid_y > 0 && grid_y < 65536 && grid_z == 1 && block_x > 0 && block_x <= 1024;
    if (!sizes || block_y != 1 || block_z != 1 || shared != 0 || stream || extra) return 1;
    launch(*(Kernel *)function, {grid_x, grid_y, 1}, {block_x, 1, 1}, parameters);
    return 0;
}

// ---- NVRTC ----

EXPORT int nvrtcVersion(int *major, int *minor) { return *major = 0, *minor = 1, 0; }

EXPORT const char *nvrtcGetErrorString(int) { return "the emulator refuses"; }

EXPORT int nvrtcGetNumSupportedArchs(int *count) { return *count = 2, 0; }

EXPORT int nvrtcGetSupportedArchs(int *architectures) { return architectures[0] = 75, architectures[1] = 90, 0; }

EXPORT int nvrtcCreateProgram(void **program, const char *source, const char *, int headers, const char *const *, const char *const *) {
    *program = new std::string(source);
    return headers == 0 ? 0 : 3;
}

EXPORT int nvrtcCompileProgram(void *program, int, const char *const *options) {
    bool known = strcmp(options[0], "--gpu-architecture=sm_90") == 0;
    *(std::string *)program = "emulated";
    return known ? 0 : 5;
}

EXPORT int nvrtcGetCUBINSize(void *program, size_t *size) { return *size = ((std::string *)program)->size(), 0; }

EXPORT int nvrtcGetCUBIN(void *program, char *image) {
    return memcpy(image, ((std::string *)program)->data(), ((std::string *)program)->size()), 0;
}

EXPORT int nvrtcGetProgramLogSize(void *, size_t *size) { return *size = 1, 0; }

EXPORT int nvrtcGetProgramLog(void *, char *log) { return *log = 0, 0; }

EXPORT int nvrtcDestroyProgram(void **program) { return delete (std::string *)*program, *program = nullptr, 0; }

// ---- cuBLAS ----

EXPORT int cublasCreate_v2(void **handle) {
    *handle = &context;
    return current == &context ? 0 : 1;
}

EXPORT int cublasDestroy_v2(void *handle) { return handle == &context ? 0 : 1; }

EXPORT const char *cublasGetStatusString(int) { return "the emulator refuses"; }

static float element(const void *matrix, int type, size_t at) {
    if (type == 0) return ((const float *)matrix)[at];
    return __uint_as_float((uint32_t)((const uint16_t *)matrix)[at] << 16);
}

// By columns, as BLAS counts: D[m, n] = alpha op(A)[m, k] op(B)[k, n] + beta D; what beta = 0 replaces is never read.
static void multiply(int op_a, int op_b, int m, int n, int k, float alpha, const void *a, int type_a, size_t lda, const void *b, int type_b,
                     size_t ldb, float beta, float *d, size_t ldd) {
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            double sum = 0.0;
            for (int l = 0; l < k; l++) {
                size_t at_a = op_a ? i * lda + l : l * lda + i, at_b = op_b ? l * ldb + j : j * ldb + l;
                sum += (double)element(a, type_a, at_a) * element(b, type_b, at_b);
            }
            float *to = d + j * ldd + i, product = (float)(alpha * sum);
            *to = beta == 0.0f ? product : product + beta * *to;
        }
}

EXPORT int cublasGemmEx(void *handle, int op_a, int op_b, int m, int n, int k, const void *alpha, const void *a, int type_a, int lda,
                        const void *b, int type_b, int ldb, const void *beta, void *c, int type_c, int ldc, int compute, int) {
    bool types = (type_a == 0 || type_a == 14) && type_b == type_a && type_c == 0 && compute == 68;
    bool strides = lda >= (op_a ? k : m) && ldb >= (op_b ? n : k) && ldc >= m;
    if (handle != &context || current != &context || !types || !strides || m <= 0 || n <= 0 || k <= 0) return 7;
    multiply(op_a, op_b, m, n, k, *(const float *)alpha, a, type_a, lda, b, type_b, ldb, *(const float *)beta, (float *)c, ldc);
    return 0;
}

// ---- cuBLASLt ----

struct Layout {
    int type;
    uint64_t rows, columns;
    int64_t stride;
};

struct Operation {
    int transposed[2]; // A, B
};

struct Preference {
    uint64_t workspace = 0;
    uint32_t reduction = 7, alignment[4] = {256, 256, 256, 256};
};

// What the heuristic answers with: as the library lays it out, an algorithm of eight words first.
struct Choice {
    uint64_t algorithm[8], workspace;
    int state;
    float waves;
    int reserved[4];
};

static int descriptors; // that were made and not given back

constexpr uint64_t CHOSEN = 0x656d756c61746564;

EXPORT int cublasLtCreate(void **handle) {
    *handle = &descriptors;
    return current == &context ? 0 : 1;
}

EXPORT int cublasLtDestroy(void *handle) {
    if (descriptors != 0) fail("descriptors of cuBLASLt were not given back");
    return handle == &descriptors ? 0 : 1;
}

EXPORT const char *cublasLtGetStatusString(int) { return "the emulator refuses"; }

template <class T> static int make(T **made, T value) { return *made = new T(value), descriptors++, 0; }

template <class T> static int destroy(T *made) { return delete made, descriptors--, 0; }

EXPORT int cublasLtMatrixLayoutCreate(Layout **made, int type, uint64_t rows, uint64_t columns, int64_t stride) {
    return make(made, Layout{type, rows, columns, stride});
}

EXPORT int cublasLtMatrixLayoutDestroy(Layout *made) { return destroy(made); }

EXPORT int cublasLtMatmulDescCreate(Operation **made, int compute, int scale) {
    return compute == 68 && scale == 0 ? make(made, Operation{{0, 0}}) : 15;
}

EXPORT int cublasLtMatmulDescDestroy(Operation *made) { return destroy(made); }

EXPORT int cublasLtMatmulDescSetAttribute(Operation *operation, int attribute, const int *value, size_t bytes) {
    if ((attribute != 3 && attribute != 4) || bytes != 4 || *value < 0 || *value > 1) return 7;
    return operation->transposed[attribute - 3] = *value, 0;
}

EXPORT int cublasLtMatmulPreferenceCreate(Preference **made) { return make(made, Preference{}); }

EXPORT int cublasLtMatmulPreferenceDestroy(Preference *made) { return destroy(made); }

EXPORT int cublasLtMatmulPreferenceSetAttribute(Preference *preference, int attribute, const void *value, size_t bytes) {
    if (attribute == 1 && bytes == 8) return preference->workspace = *(const uint64_t *)value, 0;
    if (bytes != 4) return 7;
    uint32_t number = *(const uint32_t *)value;
    if (attribute == 3) return preference->reduction = number, 0;
    if (attribute >= 5 && attribute <= 8) return preference->alignment[attribute - 5] = number, 0;
    return 7;
}

static bool agree(const Operation *o, const Layout *a, const Layout *b, const Layout *c, const Layout *d, uint64_t *inner) {
    uint64_t m = o->transposed[0] ? a->columns : a->rows, n = o->transposed[1] ? b->rows : b->columns;
    *inner = o->transposed[0] ? a->rows : a->columns;
    bool strides = a->stride >= (int64_t)a->rows && b->stride >= (int64_t)b->rows && c->stride >= (int64_t)c->rows;
    bool out = c->type == 0 && d->type == 0 && c->rows == d->rows && c->columns == d->columns && c->stride == d->stride;
    return a->type == 14 && b->type == 14 && out && strides && m == c->rows && n == c->columns &&
           *inner == (o->transposed[1] ? b->columns : b->rows);
}

// Refuses what a device's algorithms would want better aligned, so that the other way is taken as well.
EXPORT int cublasLtMatmulAlgoGetHeuristic(void *handle, const Operation *operation, const Layout *a, const Layout *b, const Layout *c,
                                          const Layout *d, const Preference *preference, int asked, Choice *found, int *count) {
    uint64_t inner;
    if (handle != &descriptors || asked != 1 || !agree(operation, a, b, c, d, &inner)) return 7;
    bool aligned = a->stride % 8 == 0 && b->stride % 8 == 0;
    for (uint32_t alignment : preference->alignment) aligned = aligned && alignment >= 16;
    *count = aligned;
    if (!aligned) return 15;
    *found = Choice{{CHOSEN, preference->workspace, preference->reduction, preference->alignment[3]}, preference->workspace, 0, 1.0f, {}};
    return 0;
}

EXPORT int cublasLtMatmul(void *handle, const Operation *operation, const float *alpha, const void *a, const Layout *a_layout,
                          const void *b, const Layout *b_layout, const float *beta, const void *c, const Layout *c_layout, void *d,
                          const Layout *d_layout, const uint64_t *algorithm, void *workspace, size_t workspace_bytes, void *stream) {
    uint64_t inner;
    bool known = handle == &descriptors && current == &context && !stream && algorithm[0] == CHOSEN && c == d;
    if (!known || !agree(operation, a_layout, b_layout, c_layout, d_layout, &inner)) return 7;
    // Sums that repeat their bits, in the workspace that was told of, at an address as aligned as it was told to be.
    if (algorithm[2] != 2 || workspace_bytes < algorithm[1] || (uint64_t)workspace % 16 || (uint64_t)d % algorithm[3]) return 7;
    memset(workspace, 0xff, workspace_bytes);
    multiply(operation->transposed[0], operation->transposed[1], c_layout->rows, c_layout->columns, inner, *alpha, a, 14, a_layout->stride, b,
             14, b_layout->stride, *beta, (float *)d, d_layout->stride);
    return 0;
}
