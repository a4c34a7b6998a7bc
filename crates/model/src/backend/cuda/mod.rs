//! The kernels on an NVIDIA device: our own, compiled by NVRTC when the device is opened, and cuBLAS and cuBLASLt for the products.
//!
//! Nothing of CUDA is needed to build, and nothing is linked: a machine without it has no device, and is told why. What fails on the
//! device (memory above all) is remembered, everything queued after it is passed over, and [`Backend::finish`] reports it.

mod blas;
mod blas_lt;
mod buffer;
mod calls;
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
    ModelError,
    backend::{Attention, AttentionInputs, Backend, Head, Matrix, Thin, Write},
};
use blas::{Elements, Factor, Product};
use compile::Cache;
use driver::{Allocation, Argument, Grid};
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

    /// Numbers that a kernel is told; see [`Device::indices`].
    fn indices(&self, words: &[u32]) -> List {
        List(self.attempt(|device| device.indices(words)).flatten())
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
        let all_targets = self.indices(targets);
        for first in (0..targets.len()).step_by(chunk) {
            let rows = chunk.min(targets.len() - first);
            self.resize(scratch, rows * vocabulary);
            let states = self.address(hidden) + bytes(first * hidden_size);
            self.multiply_frozen(rows, states, weight, true, Write::Replace, self.address(scratch));
            let targets = Argument::from(all_targets.address() + bytes(first));
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
    fn attention_arguments(&self, shape: Attention<'_>, kernels: AttentionKernels) -> (u32, List, [Argument; 6]) {
        let tiles = kernels.tiles(shape.offsets);
        let group = shape.heads / shape.key_value_heads;
        let scale = 1.0 / (shape.head_dim as f32).sqrt();
        let numbers = [shape.heads, group, shape.head_dim, shape.window.unwrap_or(0)].map(|number| Argument::from(word(number)));
        let [heads, group, head_dim, window] = numbers;
        let list = self.indices(&tiles);
        let arguments = [list.argument(), heads, group, head_dim, window, scale.into()];
        (word(tiles.len() / TILE_WORDS), list, arguments)
    }
}

/// Numbers on the device, for as long as this lives.
struct List(Option<Arc<Allocation>>);

impl List {
    fn address(&self) -> u64 {
        self.0.as_ref().map_or(0, |memory| memory.pointer())
    }

    fn argument(&self) -> Argument {
        self.address().into()
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
