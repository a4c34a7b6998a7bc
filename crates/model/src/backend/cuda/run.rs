//! An open device with its kernels: launches, products, numbers that kernels are told, and the first failure.
#![expect(unsafe_code, reason = "kernels and products work on raw addresses")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    blas::{Blas, Product},
    buffer::{CudaBuffer, bytes_of},
    driver::{Allocation, Argument, Context, Function, Grid},
    frozen::CudaFrozen,
};
use crate::ModelError;

/// Kernels other than those of [`AttentionKernels`].
pub(super) const KERNELS: [&str; 17] = [
    "to_bf16",
    "gather_rows_bf16",
    "add_to_rows",
    "gather_rows",
    "scatter_rows",
    "rms_norm",
    "rms_norm_backward",
    "rotate",
    "swiglu",
    "swiglu_backward",
    "dropout",
    "dropout_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "attention_deltas",
    "squared_sums",
    "adamw",
];

/// Lists of numbers that are kept on the device: in a pass every layer asks for the same ones.
const KEPT_LISTS: usize = 16;

/// Words that describe a tile of an attention.
pub(super) const TILE_WORDS: usize = 3;

/// The attention's kernels for heads up to a width.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttentionKernels {
    width: usize,
    tile: usize,
    names: [&'static str; 3],
}

/// As instantiated at the end of `attention.cu`.
const ATTENTION: [AttentionKernels; 3] = [
    AttentionKernels { width: 32, tile: 32, names: ["attention_forward_32", "attention_d_queries_32", "attention_d_keys_values_32"] },
    AttentionKernels { width: 64, tile: 32, names: ["attention_forward_64", "attention_d_queries_64", "attention_d_keys_values_64"] },
    AttentionKernels { width: 128, tile: 16, names: ["attention_forward_128", "attention_d_queries_128", "attention_d_keys_values_128"] },
];

impl AttentionKernels {
    pub(super) fn names() -> impl Iterator<Item = String> {
        ATTENTION.iter().flat_map(|kernels| kernels.names.map(str::to_owned))
    }

    pub(super) fn forward(self) -> &'static str {
        self.names[0]
    }

    pub(super) fn d_queries(self) -> &'static str {
        self.names[1]
    }

    pub(super) fn d_keys_values(self) -> &'static str {
        self.names[2]
    }

    /// For each tile of each sequence: the sequence's first row and length, and the tile's first position in it.
    pub(super) fn tiles(self, offsets: &[usize]) -> Vec<u32> {
        let sequence = |pair: &[usize]| {
            let (start, length) = (super::word(pair[0]), super::word(pair[1] - pair[0]));
            (0..length).step_by(self.tile).flat_map(move |first| [start, length, first])
        };
        offsets.windows(2).flat_map(sequence).collect()
    }
}

/// A device with its kernels.
pub(super) struct Device {
    functions: HashMap<&'static str, Function>,
    blas: Mutex<Blas>,
    lists: Mutex<Vec<(Vec<u32>, Arc<Allocation>)>>,
    failure: Mutex<Option<ModelError>>,
    pub(super) context: Arc<Context>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is whole at all times, so a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Device {
    /// Loads the kernels and starts cuBLAS.
    pub(super) fn new(context: &Arc<Context>, image: &[u8]) -> Result<Self, ModelError> {
        let module = context.load_module(image)?;
        let all = KERNELS.into_iter().chain(ATTENTION.into_iter().flat_map(|kernels| kernels.names));
        let functions = all.map(|name| Ok((name, module.function(name)?))).collect::<Result<_, ModelError>>()?;
        Ok(Self {
            functions,
            blas: Mutex::new(Blas::new(context)?),
            lists: Mutex::default(),
            failure: Mutex::default(),
            context: Arc::clone(context),
        })
    }

    /// Runs `work` unless something failed before; remembers its failure.
    pub(super) fn attempt<T>(&self, work: impl FnOnce(&Self) -> Result<T, ModelError>) -> Option<T> {
        if lock(&self.failure).is_some() {
            return None;
        }
        match work(self) {
            Ok(value) => Some(value),
            Err(error) => {
                lock(&self.failure).get_or_insert(error);
                None
            }
        }
    }

    /// Waits, and reports the first failure.
    pub(super) fn finish(&self) -> Result<(), ModelError> {
        let waited = self.context.synchronize();
        lock(&self.failure).take().map_or(waited, Err)
    }

    fn lost(&self) -> ModelError {
        let reason = "a buffer has no memory, since something failed before".to_owned();
        ModelError::Device { device: self.context.device.name.clone(), reason }
    }

    /// The memory of a buffer; none for one without elements.
    pub(super) fn memory<'b>(&self, buffer: &'b CudaBuffer) -> Result<Option<&'b Allocation>, ModelError> {
        match buffer.memory() {
            _ if buffer.len() == 0 => Ok(None),
            None => Err(self.lost()),
            some => Ok(some),
        }
    }

    /// The address of a buffer; 0 for one without elements.
    pub(super) fn address(&self, buffer: &CudaBuffer) -> Result<u64, ModelError> {
        Ok(self.memory(buffer)?.map_or(0, Allocation::pointer))
    }

    /// The address of a frozen matrix.
    pub(super) fn frozen_address(&self, frozen: &CudaFrozen) -> Result<u64, ModelError> {
        frozen.memory().map(Allocation::pointer).ok_or_else(|| self.lost())
    }

    pub(super) fn zero(&self, buffer: &CudaBuffer) -> Result<(), ModelError> {
        self.memory(buffer)?.map_or(Ok(()), |memory| memory.zero(buffer.bytes()))
    }

    /// These numbers on the device: those that were asked for lately are there already. They stay until the answer is dropped, which must
    /// be after the kernel that reads them was queued; another thread may ask for many others meanwhile.
    pub(super) fn indices(&self, words: &[u32]) -> Result<Option<Arc<Allocation>>, ModelError> {
        if words.is_empty() {
            return Ok(None);
        }
        let mut lists = lock(&self.lists);
        if let Some(place) = lists.iter().position(|(kept, _)| kept == words) {
            // The one asked for last stands last, the one to go first.
            lists[place..].rotate_left(1);
        } else {
            let memory = Allocation::new(&self.context, size_of_val(words))?;
            memory.write(0, bytes_of(words))?;
            if lists.len() >= KEPT_LISTS {
                lists.remove(0);
            }
            lists.push((words.to_vec(), Arc::new(memory)));
        }
        Ok(lists.last().map(|(_, memory)| Arc::clone(memory)))
    }

    /// Queues a kernel. The back end gives each the arguments that its declaration names, and addresses of buffers whose lengths it has
    /// checked.
    pub(super) fn launch(&self, kernel: &str, grid: Grid, arguments: &mut [Argument]) -> Result<(), ModelError> {
        let function = self.functions.get(kernel).copied().ok_or_else(|| self.lost())?;
        // SAFETY: see above; the tests hold every kernel against the processors' on memory with guard pages.
        unsafe { self.context.launch(function, grid, arguments) }
    }

    /// Queues a product of matrices whose sizes the back end has checked.
    pub(super) fn multiply(&self, product: Product) -> Result<(), ModelError> {
        // SAFETY: the back end has checked that each buffer holds its matrix; a destination is borrowed exclusively, so it overlaps
        // no factor.
        unsafe { lock(&self.blas).product(product) }
    }

    /// The kernels for heads of a width.
    pub(super) fn attention_kernels(&self, head_dim: usize) -> Result<AttentionKernels, ModelError> {
        let most = ATTENTION.last().map_or(0, |kernels| kernels.width);
        ATTENTION.into_iter().find(|kernels| head_dim <= kernels.width).ok_or_else(|| {
            ModelError::unsupported(format!("a head of {head_dim} numbers on a CUDA device"), format!("heads may have up to {most}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_each_sequence_and_none_crosses_its_end() {
        let [_, kernels, large] = ATTENTION;
        assert_eq!(kernels.tiles(&[0, 33, 33, 40]), [0, 33, 0, 0, 33, 32, 33, 7, 0]);
        assert_eq!(large.tiles(&[0, 33]).len(), 3 * TILE_WORDS);
        assert!(kernels.tiles(&[0]).is_empty());
    }
}
