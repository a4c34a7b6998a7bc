//! The kernels on an NVIDIA device: our own, compiled by NVRTC when the device is opened, and cuBLAS for the products.
//!
//! Nothing of CUDA is needed to build, and nothing is linked: a machine without it has no device, and is told why. What fails on the
//! device (memory above all) is remembered, everything queued after it is passed over, and [`Backend::finish`] reports it.

mod blas;
mod buffer;
mod compile;
mod driver;
mod frozen;
mod libraries;
mod run;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use buffer::CudaBuffer;
pub use compile::{Compiled, source as cuda_source};
pub use driver::{CudaDevice, DeviceMemory};
pub use frozen::CudaFrozen;

use crate::{
    ModelError, Precision,
    backend::{
        Attention, AttentionGradients, AttentionInputs, AttentionOutputs, Backend, Head, Matrix, RotaryTable, Rotation, Thin, Write,
    },
    random::DropoutMask,
    weights,
};
use blas::{Elements, Factor, Product};
use buffer::{bytes_of, bytes_of_mut};
use compile::Cache;
use driver::{Argument, Grid};
use run::{AttentionKernels, Device, KERNELS, TILE_WORDS};

/// Logits that exist at one time, as far as whole rows allow: 128 MiB.
const LOGITS: usize = 1 << 25;
/// Fewest and most rows whose logits exist at one time.
const LOGIT_ROWS: (usize, usize) = (128, 4096);

/// A device of this machine. A clone is the same device.
#[derive(Clone)]
pub struct Cuda {
    device: Arc<Device>,
    /// Where a kernel leaves a number a row for the next one, or for the host.
    rows: Arc<Mutex<CudaBuffer>>,
    /// A factor that was rounded to bf16 for a product.
    rounded: Arc<Mutex<CudaBuffer>>,
}

/// The devices of this machine that can be used: driver, NVRTC and cuBLAS are there as well.
///
/// # Errors
/// Why there is none, and what to do about it.
pub fn cuda_devices() -> Result<Vec<CudaDevice>, ModelError> {
    let absent = |reason| ModelError::NoDevice { reason };
    libraries::load().map_err(absent)?;
    let devices = driver::devices().map_err(absent)?;
    if devices.is_empty() {
        return Err(absent("the CUDA driver has no device".to_owned()));
    }
    Ok(devices)
}

/// Compiles the kernels for a compute capability, with NVRTC from a folder or from where the loader finds it. Needs no device.
///
/// # Errors
/// When there is no NVRTC, or what it said.
pub fn compile_kernels(nvrtc: Option<&Path>, capability: (u32, u32)) -> Result<Compiled, ModelError> {
    let failed = |reason| ModelError::NoDevice { reason };
    if let Some(folder) = nvrtc
        && !libraries::load_compiler_from(folder)
    {
        return Err(failed(format!("NVRTC is not in {}", folder.display())));
    }
    libraries::load_compiler().map_err(failed)?;
    compile::compile(capability).map_err(failed)
}

/// Names of the kernels.
pub fn kernel_names() -> Vec<String> {
    KERNELS.iter().map(|name| (*name).to_owned()).chain(AttentionKernels::names()).collect()
}

impl Cuda {
    /// Opens a device. Its kernels are compiled, which takes some seconds, or taken from `cache` where an earlier start left them.
    ///
    /// # Errors
    /// When there is no such device, a library is missing, or the kernels do not compile.
    pub fn open(ordinal: usize, cache: Option<PathBuf>) -> Result<Self, ModelError> {
        let devices = cuda_devices()?;
        let count = devices.len();
        let Some(device) = devices.into_iter().find(|device| device.ordinal == ordinal) else {
            return Err(ModelError::NoDevice { reason: format!("device {ordinal} is asked for, and there are {count}, counted from 0") });
        };
        let context = driver::Context::open(device)?;
        let (capability, name) = (context.device.capability, context.device.name.clone());
        let failed = |reason| ModelError::Device { device: name.clone(), reason };
        let cache = Cache::new(cache.as_deref(), capability).map_err(failed)?;
        let kept = cache.read().and_then(|image| Device::new(&context, &image).ok());
        let device = match kept {
            Some(device) => device,
            None => {
                let compiled = compile::compile(capability).map_err(failed)?;
                let device = Device::new(&context, &compiled.image)?;
                cache.write(&compiled.image);
                device
            }
        };
        Ok(Self { device: Arc::new(device), rows: Arc::default(), rounded: Arc::default() })
    }

    /// What the device is.
    pub fn device(&self) -> &CudaDevice {
        &self.device.context.device
    }

    /// Its memory.
    ///
    /// # Errors
    /// When the driver does not say.
    pub fn memory(&self) -> Result<DeviceMemory, ModelError> {
        self.device.context.memory()
    }

    /// The most bytes that this program had on the device at one time.
    pub fn peak_memory_bytes(&self) -> u64 {
        self.device.context.peak()
    }

    fn row_numbers(&self) -> MutexGuard<'_, CudaBuffer> {
        scratch(&self.rows)
    }

    /// `destination (+)= factor · matrix · weight`, or its transpose, with the matrix rounded as the weight is. The matrix starts at an
    /// address and has `rows` rows, as the destination has.
    fn multiply_frozen(&self, rows: usize, matrix: u64, weight: &CudaFrozen, transposed: bool, write: Write, destination: u64) {
        let (inner, columns) = if transposed { (weight.columns, weight.rows) } else { (weight.rows, weight.columns) };
        if rows == 0 {
            return;
        }
        let mut rounded = scratch(&self.rounded);
        let pointer = match weight.kind() {
            Elements::F32 => matrix,
            Elements::Bf16 => {
                let count = rows * inner;
                self.resize(&mut rounded, count.div_ceil(2));
                let arguments = &mut [matrix.into(), self.pointer(&rounded), (count as u64).into()];
                self.for_each("to_bf16", count, arguments);
                self.address(&rounded)
            }
        };
        let weight_at = self.attempt(|device| device.frozen_address(weight)).unwrap_or(0);
        self.multiply(Product {
            elements: weight.kind(),
            left: Factor { pointer, columns: inner, transposed: false },
            right: Factor { pointer: weight_at, columns: weight.columns, transposed },
            shape: [rows, inner, columns],
            factor: 1.0,
            accumulate: write == Write::Accumulate,
            destination,
        });
    }

    /// A layer's product with its frozen matrix, and a thin one added to it.
    fn linear_product(
        &self,
        x: &CudaBuffer,
        (weight, transposed): (&CudaFrozen, bool),
        thin: Option<Thin<'_, CudaBuffer>>,
        write: Write,
        y: &mut CudaBuffer,
    ) {
        let (inner, columns) = if transposed { (weight.columns, weight.rows) } else { (weight.rows, weight.columns) };
        let rows = x.len() / inner;
        assert!(x.len() == rows * inner && y.len() == rows * columns, "input and output must be whole rows of one number");
        self.multiply_frozen(rows, self.address(x), weight, transposed, write, self.address(y));
        if let Some(Thin { factor, inner, matrix, rank }) = thin {
            let stored = if transposed { Matrix::new(matrix, columns, rank).t() } else { Matrix::new(matrix, rank, columns) };
            self.product(factor, Matrix::new(inner, rows, rank), stored, Write::Accumulate, y);
        }
    }

    /// Runs `work` unless something failed before; remembers its failure.
    fn attempt<T>(&self, work: impl FnOnce(&Device) -> Result<T, ModelError>) -> Option<T> {
        self.device.attempt(work)
    }

    /// A number for each element.
    fn for_each(&self, kernel: &'static str, count: usize, arguments: &mut [Argument]) {
        if count > 0 {
            self.attempt(|device| device.launch(kernel, elements_grid(count), arguments));
        }
    }

    /// A block for each row.
    fn for_rows(&self, kernel: &'static str, rows: usize, width: usize, arguments: &mut [Argument]) {
        if rows > 0 && width > 0 {
            self.attempt(|device| device.launch(kernel, rows_grid(rows, width), arguments));
        }
    }

    fn pointer(&self, buffer: &CudaBuffer) -> Argument {
        Argument::from(self.address(buffer))
    }

    fn address(&self, buffer: &CudaBuffer) -> u64 {
        self.attempt(|device| device.address(buffer)).unwrap_or(0)
    }

    fn indices(&self, words: &[u32]) -> Argument {
        Argument::from(self.attempt(|device| device.indices(words)).unwrap_or(0))
    }

    fn multiply(&self, product: Product) {
        let [rows, inner, columns] = product.shape;
        assert!(rows > 0 && inner > 0 && columns > 0, "a product without elements is not started");
        self.attempt(|device| device.multiply(product));
    }

    /// Cross-entropy over chunks of rows: logits, then a loss a row by `kernel`, then `after(first row, rows, logits)`.
    fn chunks(
        &self,
        head: Head<'_, CudaBuffer, CudaFrozen>,
        scratch: &mut CudaBuffer,
        scale: Option<f32>,
        mut after: impl FnMut(usize, usize, &CudaBuffer),
    ) -> f64 {
        let Head { hidden, weight, hidden_size, vocabulary, targets } = head;
        assert_eq!(hidden.len(), targets.len() * hidden_size, "one hidden state for each target");
        assert_eq!((weight.rows, weight.columns), (vocabulary, hidden_size), "the head's weight");
        assert!(targets.iter().all(|target| (*target as usize) < vocabulary), "a target lies outside the vocabulary");
        if targets.is_empty() {
            return 0.0;
        }
        let mut losses = self.row_numbers();
        self.resize(&mut losses, targets.len());
        let chunk = (LOGITS / vocabulary.max(1)).clamp(LOGIT_ROWS.0, LOGIT_ROWS.1);
        let all_targets = self.attempt(|device| device.indices(targets)).unwrap_or(0);
        for first in (0..targets.len()).step_by(chunk) {
            let rows = chunk.min(targets.len() - first);
            self.resize(scratch, rows * vocabulary);
            let states = self.address(hidden) + bytes(first * hidden_size);
            self.multiply_frozen(rows, states, weight, true, Write::Replace, self.address(scratch));
            let targets = Argument::from(all_targets + bytes(first));
            let row_losses = Argument::from(self.address(&losses) + bytes(first));
            let (logits, width) = (self.pointer(scratch), Argument::from(word(vocabulary)));
            match scale {
                None => self.for_rows("cross_entropy", rows, vocabulary, &mut [logits, targets, row_losses, width]),
                Some(scale) => {
                    let arguments = &mut [logits, targets, row_losses, width, scale.into()];
                    self.for_rows("cross_entropy_backward", rows, vocabulary, arguments);
                }
            }
            after(first, rows, scratch);
        }
        let mut host = vec![f32::NAN; targets.len()];
        self.read(&losses, &mut host);
        host.iter().map(|loss| f64::from(*loss)).sum()
    }

    fn attention_kernels(&self, shape: Attention<'_>, inputs: &AttentionInputs<'_, CudaBuffer>) -> Option<AttentionKernels> {
        let rows = shape.offsets.last().copied().unwrap_or(0);
        assert!(shape.heads.is_multiple_of(shape.key_value_heads), "query heads must share key heads evenly");
        assert!(shape.offsets.is_sorted(), "sequences must follow one another");
        assert_eq!(inputs.queries.len(), rows * shape.heads * shape.head_dim, "queries");
        assert_eq!(inputs.keys.len(), rows * shape.key_value_heads * shape.head_dim, "keys");
        assert_eq!(inputs.values.len(), inputs.keys.len(), "values");
        self.attempt(|device| device.attention_kernels(shape.head_dim)).filter(|_| rows > 0)
    }

    /// What all kernels of an attention take at their end, and how many tiles there are.
    fn attention_arguments(&self, shape: Attention<'_>, kernels: AttentionKernels) -> (u32, [Argument; 6]) {
        let tiles = kernels.tiles(shape.offsets);
        let group = shape.heads / shape.key_value_heads;
        let scale = 1.0 / (shape.head_dim as f32).sqrt();
        let numbers = [shape.heads, group, shape.head_dim, shape.window.unwrap_or(0)].map(|number| Argument::from(word(number)));
        let [heads, group, head_dim, window] = numbers;
        (word(tiles.len() / TILE_WORDS), [self.indices(&tiles), heads, group, head_dim, window, scale.into()])
    }
}

/// A buffer that is lent. Whatever it holds is replaced before it is read, so that a panic elsewhere leaves nothing half done in it.
fn scratch(buffer: &Mutex<CudaBuffer>) -> MutexGuard<'_, CudaBuffer> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A block of 256 threads for each 256 elements.
fn elements_grid(count: usize) -> Grid {
    Grid { x: word(count.div_ceil(256)), y: 1, threads: 256 }
}

/// A block for each row, of as many warps as the row can use.
fn rows_grid(rows: usize, width: usize) -> Grid {
    Grid { x: word(rows), y: 1, threads: word(width.div_ceil(32).clamp(1, 16) * 32) }
}

/// A size that a kernel takes in 32 bits; what is larger than that never fits a device in one piece.
fn word(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Bytes of this many numbers.
fn bytes(numbers: usize) -> u64 {
    (numbers * size_of::<f32>()) as u64
}

impl Backend for Cuda {
    type Buffer = CudaBuffer;
    type Frozen = CudaFrozen;

    fn upload(&self, source: Vec<f32>) -> CudaBuffer {
        let mut buffer = CudaBuffer::default();
        self.write(&source, &mut buffer);
        buffer
    }

    fn freeze(&self, elements: weights::Elements<'_>, rows: usize, columns: usize, precision: Precision) -> CudaFrozen {
        let mut frozen = CudaFrozen::new(rows, columns, precision);
        self.attempt(|device| frozen.fill(device, &elements));
        frozen
    }

    fn resize(&self, buffer: &mut CudaBuffer, length: usize) {
        // The length is taken even when something failed before: the engine goes on, and checks lengths.
        buffer.set_len(length);
        self.attempt(|device| buffer.have_memory(&device.context));
    }

    fn write(&self, source: &[f32], destination: &mut CudaBuffer) {
        self.resize(destination, source.len());
        self.attempt(|device| device.memory(destination)?.map_or(Ok(()), |memory| memory.write(0, bytes_of(source))));
    }

    fn read(&self, source: &CudaBuffer, destination: &mut [f32]) {
        assert_eq!(source.len(), destination.len(), "both must have one length");
        self.attempt(|device| device.memory(source)?.map_or(Ok(()), |memory| memory.read(bytes_of_mut(destination))));
    }

    fn add_to_host(&self, source: &CudaBuffer, destination: &mut [f32]) {
        let mut numbers = vec![0.0; destination.len()];
        self.read(source, &mut numbers);
        destination.iter_mut().zip(&numbers).for_each(|(sum, number)| *sum += number);
    }

    fn copy(&self, source: &CudaBuffer, destination: &mut CudaBuffer) {
        assert_eq!(source.len(), destination.len(), "both must have one length");
        self.attempt(|device| match (device.memory(source)?, device.memory(destination)?) {
            (Some(source), Some(memory)) => memory.copy_from(source, destination.bytes()),
            _ => Ok(()),
        });
    }

    fn product(
        &self,
        factor: f32,
        left: Matrix<'_, CudaBuffer>,
        right: Matrix<'_, CudaBuffer>,
        write: Write,
        destination: &mut CudaBuffer,
    ) {
        let ((rows, inner), (right_rows, columns)) = (left.shape(), right.shape());
        assert_eq!(right_rows, inner, "the factors' inner sizes must agree");
        assert_eq!(left.buffer.len(), left.rows * left.columns, "a dense matrix must fill its buffer");
        assert_eq!(right.buffer.len(), right.rows * right.columns, "a dense matrix must fill its buffer");
        assert_eq!(destination.len(), rows * columns, "the destination must have the product's size");
        if destination.len() == 0 {
            return;
        }
        if inner == 0 {
            if write == Write::Replace {
                self.attempt(|device| device.zero(destination));
            }
            return;
        }
        let side = |matrix: &Matrix<'_, CudaBuffer>| Factor {
            pointer: self.address(matrix.buffer),
            columns: matrix.columns,
            transposed: matrix.transposed,
        };
        self.multiply(Product {
            elements: Elements::F32,
            left: side(&left),
            right: side(&right),
            shape: [rows, inner, columns],
            factor,
            accumulate: write == Write::Accumulate,
            destination: self.address(destination),
        });
    }

    fn linear(&self, x: &CudaBuffer, weight: &CudaFrozen, thin: Option<Thin<'_, CudaBuffer>>, write: Write, y: &mut CudaBuffer) {
        self.linear_product(x, (weight, true), thin, write, y);
    }

    fn linear_backward(&self, dy: &CudaBuffer, weight: &CudaFrozen, thin: Option<Thin<'_, CudaBuffer>>, write: Write, dx: &mut CudaBuffer) {
        self.linear_product(dy, (weight, false), thin, write, dx);
    }

    fn gather_frozen_rows(&self, table: &CudaFrozen, rows: &[u32], destination: &mut CudaBuffer) {
        let width = table.columns;
        assert_eq!(destination.len(), rows.len() * width, "one destination row for each named row");
        assert!(rows.iter().all(|row| (*row as usize) < table.rows), "a row lies outside the table");
        let kernel = match table.kind() {
            Elements::F32 => "gather_rows",
            Elements::Bf16 => "gather_rows_bf16",
        };
        let table = Argument::from(self.attempt(|device| device.frozen_address(table)).unwrap_or(0));
        let arguments = &mut [table, self.indices(rows), self.pointer(destination), word(width).into()];
        self.for_rows(kernel, rows.len(), width, arguments);
    }

    fn add_to_rows(&self, row: &CudaBuffer, matrix: &mut CudaBuffer) {
        assert!(matrix.len().is_multiple_of(row.len().max(1)), "the matrix must consist of whole rows");
        let count = matrix.len();
        let arguments = &mut [self.pointer(row), self.pointer(matrix), (count as u64).into(), word(row.len()).into()];
        self.for_each("add_to_rows", count, arguments);
    }

    fn gather_rows(&self, table: &CudaBuffer, width: usize, rows: &[u32], destination: &mut CudaBuffer) {
        assert_eq!(destination.len(), rows.len() * width, "one destination row for each named row");
        assert!(rows.iter().all(|row| (*row as usize + 1) * width <= table.len()), "a row lies outside the table");
        let arguments = &mut [self.pointer(table), self.indices(rows), self.pointer(destination), word(width).into()];
        self.for_rows("gather_rows", rows.len(), width, arguments);
    }

    fn scatter_rows(&self, source: &CudaBuffer, width: usize, rows: &[u32], destination: &mut CudaBuffer) {
        assert_eq!(source.len(), rows.len() * width, "one source row for each named row");
        assert!(rows.iter().all(|row| (*row as usize + 1) * width <= destination.len()), "a row lies outside the destination");
        self.attempt(|device| device.zero(destination));
        let arguments = &mut [self.pointer(source), self.indices(rows), self.pointer(destination), word(width).into()];
        self.for_rows("scatter_rows", rows.len(), width, arguments);
    }

    fn rms_norm(&self, x: &CudaBuffer, weight: &CudaBuffer, eps: f32, y: &mut CudaBuffer) {
        let width = weight.len();
        assert!(x.len() == y.len() && x.len().is_multiple_of(width), "input and output must be whole rows of one size");
        let arguments = &mut [self.pointer(x), self.pointer(weight), self.pointer(y), word(width).into(), eps.into()];
        self.for_rows("rms_norm", x.len() / width, width, arguments);
    }

    fn rms_norm_backward(&self, x: &CudaBuffer, weight: &CudaBuffer, eps: f32, dy: &CudaBuffer, write: Write, dx: &mut CudaBuffer) {
        let width = weight.len();
        let whole = x.len() == dy.len() && x.len() == dx.len() && x.len().is_multiple_of(width);
        assert!(whole, "all must be whole rows of one size");
        let [x_at, weight, dy, dx] = [self.pointer(x), self.pointer(weight), self.pointer(dy), self.pointer(dx)];
        let accumulate = u32::from(write == Write::Accumulate);
        let arguments = &mut [x_at, weight, dy, dx, word(width).into(), eps.into(), accumulate.into()];
        self.for_rows("rms_norm_backward", x.len() / width, width, arguments);
    }

    fn rotate(&self, x: &mut CudaBuffer, head_dim: usize, positions: &[u32], table: &RotaryTable<CudaBuffer>, direction: Rotation) {
        if positions.is_empty() {
            return;
        }
        let (half, width) = (head_dim / 2, x.len() / positions.len());
        assert!(x.len() == width * positions.len() && width.is_multiple_of(head_dim), "rows must consist of whole heads");
        let angles = table.cos.len().min(table.sin.len());
        assert!(positions.iter().all(|p| (*p as usize + 1) * half <= angles), "a position lies outside the table");
        let (pairs, heads) = (x.len() / 2, width / head_dim);
        let sign: f32 = if direction == Rotation::Forward { 1.0 } else { -1.0 };
        let [x, cos, sin] = [self.pointer(x), self.pointer(&table.cos), self.pointer(&table.sin)];
        let arguments =
            &mut [x, self.indices(positions), cos, sin, (pairs as u64).into(), word(heads).into(), word(half).into(), sign.into()];
        self.for_each("rotate", pairs, arguments);
    }

    fn swiglu(&self, gate: &CudaBuffer, up: &CudaBuffer, y: &mut CudaBuffer) {
        assert!(gate.len() == up.len() && gate.len() == y.len(), "all must have one length");
        let arguments = &mut [self.pointer(gate), self.pointer(up), self.pointer(y), (y.len() as u64).into()];
        self.for_each("swiglu", y.len(), arguments);
    }

    fn swiglu_backward(&self, gate: &mut CudaBuffer, up: &mut CudaBuffer, dy: &CudaBuffer) {
        assert!(gate.len() == up.len() && gate.len() == dy.len(), "all must have one length");
        let arguments = &mut [self.pointer(gate), self.pointer(up), self.pointer(dy), (dy.len() as u64).into()];
        self.for_each("swiglu_backward", dy.len(), arguments);
    }

    fn attention(&self, shape: Attention<'_>, inputs: AttentionInputs<'_, CudaBuffer>, outputs: &mut AttentionOutputs<CudaBuffer>) {
        assert_eq!(outputs.output.len(), inputs.queries.len(), "the output has the queries' shape");
        let cells = inputs.queries.len() / shape.head_dim;
        assert_eq!(outputs.log_sum_exp.len(), cells, "one log-sum-exp for each row and head");
        let Some(kernels) = self.attention_kernels(shape, &inputs) else { return };
        let (tiles, rest) = self.attention_arguments(shape, kernels);
        let pointers = [inputs.queries, inputs.keys, inputs.values, &outputs.output, &outputs.log_sum_exp].map(|b| self.pointer(b));
        let grid = Grid { x: tiles, y: word(shape.heads), threads: 256 };
        self.attempt(|device| device.launch(kernels.forward(), grid, &mut [&pointers[..], &rest].concat()));
    }

    fn attention_backward(
        &self,
        shape: Attention<'_>,
        inputs: AttentionInputs<'_, CudaBuffer>,
        outputs: &AttentionOutputs<CudaBuffer>,
        d_output: &CudaBuffer,
        gradients: &mut AttentionGradients<CudaBuffer>,
    ) {
        let cells = inputs.queries.len() / shape.head_dim;
        assert!(outputs.output.len() == inputs.queries.len() && d_output.len() == inputs.queries.len(), "output and its gradient");
        assert_eq!(outputs.log_sum_exp.len(), cells, "log-sum-exp");
        assert_eq!(gradients.queries.len(), inputs.queries.len(), "query gradients");
        assert!(gradients.keys.len() == inputs.keys.len() && gradients.values.len() == inputs.values.len(), "key and value gradients");
        let Some(kernels) = self.attention_kernels(shape, &inputs) else { return };
        let mut deltas = self.row_numbers();
        self.resize(&mut deltas, cells);
        let [output, d_output_at, deltas_at] = [&outputs.output, d_output, &deltas].map(|b| self.pointer(b));
        let arguments = &mut [output, d_output_at, deltas_at, (cells as u64).into(), word(shape.head_dim).into()];
        self.attempt(|device| device.launch("attention_deltas", elements_grid(cells * 32), arguments));

        let (tiles, rest) = self.attention_arguments(shape, kernels);
        let given = [inputs.queries, inputs.keys, inputs.values, d_output, &outputs.log_sum_exp, &deltas].map(|b| self.pointer(b));
        let grid = |heads: usize| Grid { x: tiles, y: word(heads), threads: 256 };
        let d_queries = [self.pointer(&gradients.queries)];
        let arguments = &mut [&given[..], &d_queries, &rest].concat();
        self.attempt(|device| device.launch(kernels.d_queries(), grid(shape.heads), arguments));
        let d_keys_values = [self.pointer(&gradients.keys), self.pointer(&gradients.values)];
        let arguments = &mut [&given[..], &d_keys_values, &rest].concat();
        self.attempt(|device| device.launch(kernels.d_keys_values(), grid(shape.key_value_heads), arguments));
    }

    fn head_cross_entropy(&self, head: Head<'_, CudaBuffer, CudaFrozen>, scratch: &mut CudaBuffer) -> f64 {
        self.chunks(head, scratch, None, |_, _, _| ())
    }

    fn head_cross_entropy_backward(
        &self,
        head: Head<'_, CudaBuffer, CudaFrozen>,
        scale: f32,
        d_hidden: &mut CudaBuffer,
        scratch: &mut CudaBuffer,
    ) -> f64 {
        assert_eq!(d_hidden.len(), head.hidden.len(), "the gradient must have the hidden states' shape");
        self.chunks(head, scratch, Some(scale), |first, rows, d_logits| {
            let into = self.address(d_hidden) + bytes(first * head.hidden_size);
            self.multiply_frozen(rows, self.address(d_logits), head.weight, false, Write::Replace, into);
        })
    }

    fn dropout(&self, mask: DropoutMask, x: &CudaBuffer, y: &mut CudaBuffer) {
        self.masked("dropout", mask, x, y);
    }

    fn dropout_backward(&self, mask: DropoutMask, dy: &CudaBuffer, dx: &mut CudaBuffer) {
        self.masked("dropout_backward", mask, dy, dx);
    }

    fn finish(&self) -> Result<(), ModelError> {
        self.device.finish()
    }
}

impl Cuda {
    fn masked(&self, kernel: &'static str, mask: DropoutMask, source: &CudaBuffer, destination: &CudaBuffer) {
        assert_eq!(source.len(), destination.len(), "both must have one length");
        let ((high, low, threshold), count) = (mask.parts(), source.len());
        let [source, destination] = [self.pointer(source), self.pointer(destination)];
        let numbers = [high.into(), low.into(), threshold.into(), mask.kept_scale().into()];
        let arguments = &mut [&[source, destination, (count as u64).into()][..], &numbers].concat();
        self.for_each(kernel, count, arguments);
    }
}
