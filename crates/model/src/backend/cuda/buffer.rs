//! Numbers on a device.

use std::sync::Arc;

use super::driver::{Allocation, Context};
use crate::ModelError;

/// Numbers (f32) on a device. Keeps its memory when it shrinks.
#[derive(Debug, Default)]
pub struct CudaBuffer {
    /// None when nothing was asked for yet, or when it could not be had.
    memory: Option<Allocation>,
    length: usize,
}

/// Bytes of a number.
const WIDTH: usize = size_of::<f32>();

impl CudaBuffer {
    /// Numbers in it.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Takes a length, without the memory for it.
    pub(super) fn set_len(&mut self, length: usize) {
        self.length = length;
    }

    /// Has memory for its length. What is too small is given back before more is asked for.
    pub(super) fn have_memory(&mut self, context: &Arc<Context>) -> Result<(), ModelError> {
        if self.memory.as_ref().map_or(0, Allocation::bytes) < self.bytes() {
            self.memory = None;
            self.memory = Some(Allocation::new(context, self.bytes())?);
        }
        Ok(())
    }

    /// The memory; none when it could not be had.
    pub(super) fn memory(&self) -> Option<&Allocation> {
        self.memory.as_ref().filter(|memory| memory.bytes() >= self.bytes())
    }

    pub(super) fn bytes(&self) -> usize {
        self.length * WIDTH
    }
}

/// The bytes of numbers.
pub(super) fn bytes_of<T: Plain>(numbers: &[T]) -> &[u8] {
    #[expect(unsafe_code, reason = "numbers are sent as they lie in memory")]
    // SAFETY: the numbers have no padding, and any alignment does for bytes.
    unsafe {
        std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers))
    }
}

/// The bytes of numbers, for writing.
pub(super) fn bytes_of_mut<T: Plain>(numbers: &mut [T]) -> &mut [u8] {
    #[expect(unsafe_code, reason = "numbers are received as they lie in memory")]
    // SAFETY: any bytes are such a number.
    unsafe {
        std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), size_of_val(numbers))
    }
}

/// Numbers without padding.
pub(super) trait Plain: Copy {}
impl Plain for f64 {}
impl Plain for f32 {}
impl Plain for u32 {}
impl Plain for u16 {}
