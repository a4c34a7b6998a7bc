//! What a device must compute for the engine: the kernels, without knowledge of the model that calls them.
//!
//! All matrices are row-major and dense. A *packed* matrix has one row for each token that is computed: the sequences of a batch
//! stand one after another, each at its own length, so that padding costs nothing.
//!
//! Every kernel must give the same bits for the same input on the same machine at the same thread count: no reduction may depend
//! on the order in which threads finish.

mod cpu;
#[cfg(feature = "cuda")]
mod cuda;

pub(crate) use cpu::decode;
pub use cpu::{Cpu, Frozen, Instructions};
#[cfg(feature = "cuda")]
pub use cuda::{
    Compiled, Cuda, CudaBuffer, CudaDevice, CudaFrozen, DeviceMemory, compile_kernels, cuda_devices, cuda_source, kernel_names,
};

use crate::{AdamW, ModelError, Precision, random::DropoutMask, weights::Elements};

/// A factor of a product: a stored `[rows, columns]` matrix, or its transpose.
#[derive(Debug)]
pub struct Matrix<'a, Buffer> {
    /// The elements, row-major as stored.
    pub buffer: &'a Buffer,
    /// Stored rows.
    pub rows: usize,
    /// Stored columns.
    pub columns: usize,
    /// Whether the factor is the transpose of what is stored.
    pub transposed: bool,
}

impl<'a, Buffer> Matrix<'a, Buffer> {
    /// A matrix as it is stored.
    pub fn new(buffer: &'a Buffer, rows: usize, columns: usize) -> Self {
        Self { buffer, rows, columns, transposed: false }
    }

    /// The transpose, without moving anything.
    pub fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// `(rows, columns)` of the factor.
    pub fn shape(&self) -> (usize, usize) {
        if self.transposed { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }
}

/// Whether a kernel replaces its destination or adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// What was there does not matter.
    Replace,
    /// The result is added to what is there.
    Accumulate,
}

/// Direction of a rotary embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// As in the forward pass.
    Forward,
    /// The transpose, which carries gradients back.
    Backward,
}

/// Cosines and sines of the rotary embedding, each `[positions, head_dim / 2]`.
#[derive(Debug, Default)]
pub struct RotaryTable<Buffer> {
    /// Cosines.
    pub cos: Buffer,
    /// Sines.
    pub sin: Buffer,
    /// Number of positions in the table.
    pub positions: usize,
}

/// Shape of a causal attention with grouped queries over packed sequences.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub key_value_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Where each sequence starts in the packed rows, and at the end the number of rows.
    pub offsets: &'a [usize],
    /// Positions that a query sees, its own among them; none for all that came before.
    pub window: Option<usize>,
}

/// Queries `[tokens, heads · head_dim]`, keys and values `[tokens, key_value_heads · head_dim]`, after rotation.
#[derive(Debug)]
pub struct AttentionInputs<'a, Buffer> {
    /// Queries.
    pub queries: &'a Buffer,
    /// Keys.
    pub keys: &'a Buffer,
    /// Values.
    pub values: &'a Buffer,
}

/// What the forward pass of an attention leaves for its backward pass.
#[derive(Debug, Default)]
pub struct AttentionOutputs<Buffer> {
    /// `[tokens, heads · head_dim]`.
    pub output: Buffer,
    /// Logarithm of each softmax's denominator, `[tokens, heads]`.
    pub log_sum_exp: Buffer,
}

/// Gradients of an attention, shaped as its inputs.
#[derive(Debug, Default)]
pub struct AttentionGradients<Buffer> {
    /// For the queries.
    pub queries: Buffer,
    /// For the keys.
    pub keys: Buffer,
    /// For the values.
    pub values: Buffer,
}

/// A buffer that is set aside between the passes; in how many bytes is the device's to choose.
#[derive(Debug, Default)]
pub struct Kept<Buffer> {
    /// As it was.
    pub full: Buffer,
    /// Rounded to bf16, where a device keeps it so.
    pub half: Vec<u16>,
}

/// A thin product, an adapter's, that is added to a product with a frozen matrix in the same pass.
#[derive(Debug)]
pub struct Thin<'a, Buffer> {
    /// A factor on the whole.
    pub factor: f32,
    /// Left factor, `[rows, rank]`.
    pub inner: &'a Buffer,
    /// Right factor: `[outputs, rank]`, used transposed, where the frozen matrix is, else `[rank, inputs]`.
    pub matrix: &'a Buffer,
    /// The inner size.
    pub rank: usize,
}

/// What AdamW remembers of the gradients of a tensor.
#[derive(Debug)]
pub struct Moments<'a, Buffer> {
    /// Their mean.
    pub mean: &'a mut Buffer,
    /// The mean of their squares.
    pub square: &'a mut Buffer,
}

/// Output head followed by cross-entropy, over the rows that have a label.
#[derive(Debug)]
pub struct Head<'a, Buffer, Frozen> {
    /// Normalised hidden states, `[targets, hidden]`.
    pub hidden: &'a Buffer,
    /// The head, `[vocabulary, hidden]`.
    pub weight: &'a Frozen,
    /// Width of a hidden state.
    pub hidden_size: usize,
    /// Number of tokens.
    pub vocabulary: usize,
    /// The token to be predicted from each row.
    pub targets: &'a [u32],
}

impl<Buffer, Frozen> Clone for Head<'_, Buffer, Frozen> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Buffer, Frozen> Copy for Head<'_, Buffer, Frozen> {}

/// A device. Kernels may be queued; [`Backend::read`], [`Backend::add_to_host`], [`Backend::squared_norm`],
/// [`Backend::head_cross_entropy`] and [`Backend::finish`] wait for them.
///
/// Lengths are checked by every kernel: a wrong one is a defect of the engine and panics, it never reads or writes elsewhere.
pub trait Backend: Send + Sync {
    /// Numbers (f32) on the device. The default is empty.
    type Buffer: Default + Send + Sync;
    /// A frozen matrix on the device, in the form in which products read it.
    type Frozen: Send + Sync;

    /// Takes over numbers from the host.
    fn upload(&self, source: Vec<f32>) -> Self::Buffer;
    /// Takes over a frozen `[rows, columns]` matrix, in the numbers of this precision.
    fn freeze(&self, elements: Elements<'_>, rows: usize, columns: usize, precision: Precision) -> Self::Frozen;
    /// Gives a buffer this length; what it then holds is unspecified. Keeps the allocation where it suffices.
    fn resize(&self, buffer: &mut Self::Buffer, length: usize);
    /// Copies from the host; the buffer takes the source's length.
    fn write(&self, source: &[f32], destination: &mut Self::Buffer);
    /// Copies to the host; both have the same length.
    fn read(&self, source: &Self::Buffer, destination: &mut [f32]);
    /// Adds to numbers on the host; both have the same length.
    fn add_to_host(&self, source: &Self::Buffer, destination: &mut [f32]);
    /// Copies on the device; both have the same length.
    fn copy(&self, source: &Self::Buffer, destination: &mut Self::Buffer);
    /// Sets what a pass computed aside for its way back. What is left in the buffer, and how long it is, does not matter. With `Bf16` it may
    /// be rounded.
    fn keep(&self, _precision: Precision, buffer: &mut Self::Buffer, kept: &mut Kept<Self::Buffer>) {
        std::mem::swap(buffer, &mut kept.full);
    }
    /// Brings back what was set aside, which is then gone from there.
    fn recall(&self, _precision: Precision, kept: &mut Kept<Self::Buffer>, buffer: &mut Self::Buffer) {
        std::mem::swap(buffer, &mut kept.full);
    }
    /// Rounds as [`Backend::keep`] does, so that what is computed from it now and on the way back is the same.
    fn round(&self, _precision: Precision, _buffer: &mut Self::Buffer) {}
    /// `destination (+)= factor · left · right`, the destination row-major.
    fn product(
        &self,
        factor: f32,
        left: Matrix<'_, Self::Buffer>,
        right: Matrix<'_, Self::Buffer>,
        write: Write,
        destination: &mut Self::Buffer,
    );
    /// `y (+)= x · weightᵀ + thin`, with `x` `[_, columns]` and `y` `[_, rows]` of the frozen matrix. With one in bf16 `x` is rounded to bf16
    /// too; sums are in f32.
    fn linear(&self, x: &Self::Buffer, weight: &Self::Frozen, thin: Option<Thin<'_, Self::Buffer>>, write: Write, y: &mut Self::Buffer);
    /// `dx (+)= dy · weight + thin`, the gradient for the input of [`Backend::linear`], in the same numbers.
    fn linear_backward(
        &self,
        dy: &Self::Buffer,
        weight: &Self::Frozen,
        thin: Option<Thin<'_, Self::Buffer>>,
        write: Write,
        dx: &mut Self::Buffer,
    );
    /// Copies the named rows of a frozen table, in order.
    fn gather_frozen_rows(&self, table: &Self::Frozen, rows: &[u32], destination: &mut Self::Buffer);
    /// Adds a `[width]` row to each row of a `[_, width]` matrix.
    fn add_to_rows(&self, row: &Self::Buffer, matrix: &mut Self::Buffer);
    /// Copies the named rows of a `[_, width]` table, in order.
    fn gather_rows(&self, table: &Self::Buffer, width: usize, rows: &[u32], destination: &mut Self::Buffer);
    /// The opposite: sets the destination to zero, then puts row i of the source at `rows[i]`. No row is named twice.
    fn scatter_rows(&self, source: &Self::Buffer, width: usize, rows: &[u32], destination: &mut Self::Buffer);
    /// RMSNorm (Zhang and Sennrich, 2019): `y = x / sqrt(mean(x²) + eps) · weight`, row by row.
    fn rms_norm(&self, x: &Self::Buffer, weight: &Self::Buffer, eps: f32, y: &mut Self::Buffer);
    /// Gradient of RMSNorm for its input, from the gradient `dy` of its output.
    fn rms_norm_backward(&self, x: &Self::Buffer, weight: &Self::Buffer, eps: f32, dy: &Self::Buffer, write: Write, dx: &mut Self::Buffer);
    /// Rotates each head of each row in place by the row's position (RoPE; Su et al., 2021; halves paired as transformers does).
    fn rotate(&self, x: &mut Self::Buffer, head_dim: usize, positions: &[u32], table: &RotaryTable<Self::Buffer>, direction: Rotation);
    /// `y = silu(gate) · up` (SwiGLU; Shazeer, 2020).
    fn swiglu(&self, gate: &Self::Buffer, up: &Self::Buffer, y: &mut Self::Buffer);
    /// Replaces `gate` and `up` by the gradients for them.
    fn swiglu_backward(&self, gate: &mut Self::Buffer, up: &mut Self::Buffer, dy: &Self::Buffer);
    /// Causal attention, scaled by `1 / sqrt(head_dim)`, over the whole past or a window of it.
    fn attention(&self, shape: Attention<'_>, inputs: AttentionInputs<'_, Self::Buffer>, outputs: &mut AttentionOutputs<Self::Buffer>);
    /// Gradients of the attention, from the gradient `d_output` of its output; the probabilities are computed again.
    fn attention_backward(
        &self,
        shape: Attention<'_>,
        inputs: AttentionInputs<'_, Self::Buffer>,
        outputs: &AttentionOutputs<Self::Buffer>,
        d_output: &Self::Buffer,
        gradients: &mut AttentionGradients<Self::Buffer>,
    );
    /// Sum over the rows of the negative log-likelihood of the targets. Logits exist only a chunk at a time, in `scratch`.
    fn head_cross_entropy(&self, head: Head<'_, Self::Buffer, Self::Frozen>, scratch: &mut Self::Buffer) -> f64;
    /// As [`Backend::head_cross_entropy`], and writes the gradient of `scale ·` that sum for the hidden states.
    fn head_cross_entropy_backward(
        &self,
        head: Head<'_, Self::Buffer, Self::Frozen>,
        scale: f32,
        d_hidden: &mut Self::Buffer,
        scratch: &mut Self::Buffer,
    ) -> f64;
    /// `y = x · mask / (1 - p)`.
    fn dropout(&self, mask: DropoutMask, x: &Self::Buffer, y: &mut Self::Buffer);
    /// `dx += dy · mask / (1 - p)`.
    fn dropout_backward(&self, mask: DropoutMask, dy: &Self::Buffer, dx: &mut Self::Buffer);
    /// Sets every number to zero.
    fn zero(&self, buffer: &mut Self::Buffer);
    /// Sum of the squares of all numbers of all buffers, in f64.
    fn squared_norm(&self, buffers: &[Self::Buffer]) -> f64;
    /// A step of AdamW for a tensor; all have one length.
    fn adamw(&self, step: AdamW, weights: &mut Self::Buffer, gradients: &Self::Buffer, moments: Moments<'_, Self::Buffer>);
    /// Waits for what is queued.
    ///
    /// # Errors
    /// The first failure of the device since the last call.
    fn finish(&self) -> Result<(), ModelError>;
}
