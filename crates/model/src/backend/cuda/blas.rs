//! Matrix products: in f32 through cuBLAS, with bf16 factors through cuBLASLt, and through cuBLAS where that has no algorithm for them.
#![expect(unsafe_code, reason = "cuBLAS is a C library")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    fmt, ptr,
    sync::Arc,
};

use cudarc::cublas::sys::{self, cublasComputeType_t, cublasGemmAlgo_t, cublasHandle_t, cublasOperation_t, cublasStatus_t, cudaDataType_t};

use super::{blas_lt::BlasLt, driver::Context};
use crate::ModelError;

/// A handle of cuBLAS on a context's default stream.
#[derive(Debug)]
pub(super) struct Blas {
    context: Arc<Context>,
    handle: cublasHandle_t,
    /// None until a product needs it.
    lt: Option<BlasLt>,
}

// SAFETY: a handle may be moved to another thread; its calls come from one thread at a time, behind the back end's lock.
unsafe impl Send for Blas {}

impl Drop for Blas {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: the handle was made in `new` and is given back once.
            let _ = unsafe { sys::cublasDestroy_v2(self.handle) };
        }
    }
}

/// How the elements of the factors are stored; sums are f32, and so is the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elements {
    F32,
    Bf16,
}

/// A factor, row-major as stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factor {
    pub(super) pointer: u64,
    /// Stored columns.
    pub(super) columns: usize,
    /// Whether the factor is the transpose of what is stored.
    pub(super) transposed: bool,
}

/// `destination = factor · left · right (+ destination)`, all row-major, with `[rows, inner]` and `[inner, columns]` as factors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    pub(super) elements: Elements,
    pub(super) left: Factor,
    pub(super) right: Factor,
    /// Rows, inner size, columns.
    pub(super) shape: [usize; 3],
    pub(super) factor: f32,
    pub(super) accumulate: bool,
    pub(super) destination: u64,
}

/// A status that is no success, in words.
///
/// # Safety
/// `said` must be null or a string that lives as long as the call.
pub(super) unsafe fn failure(context: &Context, what: &str, said: *const c_char, status: impl fmt::Debug) -> ModelError {
    // SAFETY: the caller vouches for the string.
    let said = if said.is_null() { String::new() } else { unsafe { CStr::from_ptr(said) }.to_string_lossy().into_owned() };
    ModelError::Device { device: context.device.name.clone(), reason: format!("{what}: {said} ({status:?})") }
}

impl Blas {
    pub(super) fn new(context: &Arc<Context>) -> Result<Self, ModelError> {
        context.enter()?;
        let mut handle = ptr::null_mut();
        // SAFETY: cuBLAS writes one handle.
        let status = unsafe { sys::cublasCreate_v2(&raw mut handle) };
        let made = Self { context: Arc::clone(context), handle, lt: None };
        made.check(status, "cuBLAS does not start")?;
        Ok(made)
    }

    fn check(&self, status: cublasStatus_t, what: &str) -> Result<(), ModelError> {
        if status == cublasStatus_t::CUBLAS_STATUS_SUCCESS {
            return Ok(());
        }
        // SAFETY: cuBLAS answers with a string of its own that lives as long as the library, or with none.
        Err(unsafe { failure(&self.context, what, sys::cublasGetStatusString(status), status) })
    }

    /// Queues a product.
    ///
    /// # Safety
    /// The pointers must be to as many elements as the shape says, on this context's device; the destination overlaps no factor.
    pub(super) unsafe fn product(&mut self, product: Product) -> Result<(), ModelError> {
        if product.elements == Elements::Bf16 {
            let lt = match &mut self.lt {
                Some(lt) => lt,
                none => none.insert(BlasLt::new(&self.context)?),
            };
            // SAFETY: the caller vouches for the pointers.
            if unsafe { lt.product(product) }? {
                return Ok(());
            }
        }
        self.context.enter()?;
        let Product { elements, left, right, shape, factor, accumulate, destination } = product;
        let size = |size: usize| {
            let too_large = || format!("a matrix of {size} rows or columns is too large for cuBLAS");
            c_int::try_from(size).map_err(|_| ModelError::Device { device: self.context.device.name.clone(), reason: too_large() })
        };
        let [rows, inner, columns] = [size(shape[0])?, size(shape[1])?, size(shape[2])?];
        let (left_stride, right_stride) = (size(left.columns)?, size(right.columns)?);
        let kind = match elements {
            Elements::F32 => cudaDataType_t::CUDA_R_32F,
            Elements::Bf16 => cudaDataType_t::CUDA_R_16BF,
        };
        let operation = |factor: Factor| if factor.transposed { cublasOperation_t::CUBLAS_OP_T } else { cublasOperation_t::CUBLAS_OP_N };
        let addition: f32 = if accumulate { 1.0 } else { 0.0 };
        let address = |pointer: u64| pointer as usize as *const c_void;
        // cuBLAS counts by columns: what is row-major is the transpose to it, and `Cᵀ = Bᵀ · Aᵀ`.
        // SAFETY: strides and sizes are those of the stored matrices, the two numbers live during the call, and the caller vouches for
        // the pointers.
        let status = unsafe {
            sys::cublasGemmEx(
                self.handle,
                operation(right),
                operation(left),
                columns,
                rows,
                inner,
                ptr::from_ref(&factor).cast(),
                address(right.pointer),
                kind,
                right_stride,
                address(left.pointer),
                kind,
                left_stride,
                ptr::from_ref(&addition).cast(),
                destination as usize as *mut c_void,
                cudaDataType_t::CUDA_R_32F,
                columns,
                cublasComputeType_t::CUBLAS_COMPUTE_32F,
                cublasGemmAlgo_t::CUBLAS_GEMM_DFALT,
            )
        };
        self.check(status, "a matrix product cannot be started")
    }
}
