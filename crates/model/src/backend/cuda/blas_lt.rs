//! Matrix products with bf16 factors through cuBLASLt, which chooses an algorithm for the shapes and the alignment at hand.
//!
//! The choice is the library's own heuristic, which remembers what it chose, so that nothing is kept here. Partial sums are added in f32
//! in a workspace, in a fixed order.
#![expect(unsafe_code, reason = "cuBLASLt is a C library")]

use std::{
    ffi::{c_int, c_void},
    mem::MaybeUninit,
    ptr,
    sync::Arc,
};

use cudarc::cublaslt::sys::{
    self, cublasComputeType_t, cublasLtHandle_t, cublasLtMatmulDescAttributes_t as Operation, cublasLtMatmulHeuristicResult_t,
    cublasLtMatmulPreferenceAttributes_t as Preference, cublasStatus_t, cudaDataType_t,
};

use super::{
    blas::{Factor, Product, failure},
    driver::{Allocation, Context},
};
use crate::ModelError;

/// What an algorithm may use beside its matrices: what NVIDIA recommends for its largest devices.
const WORKSPACE: usize = 32 << 20;

/// A handle of cuBLASLt in a context.
#[derive(Debug)]
pub(super) struct BlasLt {
    context: Arc<Context>,
    handle: cublasLtHandle_t,
    workspace: Allocation,
}

// SAFETY: as the handle of cuBLAS beside it.
unsafe impl Send for BlasLt {}

impl Drop for BlasLt {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: the handle was made in `new` and is given back once.
            let _ = unsafe { sys::cublasLtDestroy(self.handle) };
        }
    }
}

/// Something that cuBLASLt made, and how it is given back.
struct Made<T: Copy> {
    made: T,
    destroy: unsafe fn(T) -> cublasStatus_t,
}

impl<T: Copy> Drop for Made<T> {
    fn drop(&mut self) {
        // SAFETY: it was made once and is given back once.
        let _ = unsafe { (self.destroy)(self.made) };
    }
}

impl BlasLt {
    pub(super) fn new(context: &Arc<Context>) -> Result<Self, ModelError> {
        context.enter()?;
        let workspace = Allocation::new(context, WORKSPACE)?;
        let mut handle = ptr::null_mut();
        // SAFETY: cuBLASLt writes one handle.
        let status = unsafe { sys::cublasLtCreate(&raw mut handle) };
        check(context, status, "cuBLASLt does not start")?;
        Ok(Self { context: Arc::clone(context), handle, workspace })
    }

    fn check(&self, status: cublasStatus_t) -> Result<(), ModelError> {
        check(&self.context, status, "a matrix product cannot be started")
    }

    fn make<T: Copy>(
        &self,
        create: impl FnOnce(*mut T) -> cublasStatus_t,
        destroy: unsafe fn(T) -> cublasStatus_t,
    ) -> Result<Made<T>, ModelError> {
        let mut made = MaybeUninit::uninit();
        self.check(create(made.as_mut_ptr()))?;
        // SAFETY: the call above succeeded, so it has written what it made.
        Ok(Made { made: unsafe { made.assume_init() }, destroy })
    }

    /// Queues a product with bf16 factors; false where cuBLASLt has no algorithm for it.
    ///
    /// # Safety
    /// The pointers must be to as many elements as the shape says, on this context's device; the destination overlaps no factor.
    pub(super) unsafe fn product(&self, product: Product) -> Result<bool, ModelError> {
        self.context.enter()?;
        let Product { left, right, shape: [rows, _, columns], factor, accumulate, destination, .. } = product;
        // cuBLASLt counts by columns: what is row-major is the transpose to it, and `Cᵀ = Bᵀ · Aᵀ`. So the right factor comes first.
        let (bf16, f32) = (cudaDataType_t::CUDA_R_16BF, cudaDataType_t::CUDA_R_32F);
        let layout = |kind, stored_rows: usize, stored_columns: usize| {
            let create = |made| {
                // SAFETY: cuBLASLt writes one descriptor.
                unsafe { sys::cublasLtMatrixLayoutCreate(made, kind, stored_columns as u64, stored_rows as u64, stored_columns as i64) }
            };
            self.make(create, sys::cublasLtMatrixLayoutDestroy)
        };
        let stored = |factor: Factor, [rows, columns]: [usize; 2]| if factor.transposed { columns } else { rows };
        let right_layout = layout(bf16, stored(right, [product.shape[1], columns]), right.columns)?;
        let left_layout = layout(bf16, stored(left, [rows, product.shape[1]]), left.columns)?;
        let out_layout = layout(f32, rows, columns)?;
        // SAFETY: cuBLASLt writes one descriptor.
        let create = |made| unsafe { sys::cublasLtMatmulDescCreate(made, cublasComputeType_t::CUBLAS_COMPUTE_32F, f32) };
        let operation = self.make(create, sys::cublasLtMatmulDescDestroy)?;
        for (attribute, transposed) in
            [(Operation::CUBLASLT_MATMUL_DESC_TRANSA, right.transposed), (Operation::CUBLASLT_MATMUL_DESC_TRANSB, left.transposed)]
        {
            // `CUBLAS_OP_T` and `CUBLAS_OP_N`.
            let value = c_int::from(transposed);
            let (at, size) = (ptr::from_ref(&value).cast(), size_of_val(&value));
            // SAFETY: the attribute is of the value's type, and is copied.
            self.check(unsafe { sys::cublasLtMatmulDescSetAttribute(operation.made, attribute, at, size) })?;
        }
        let Some(chosen) =
            self.choose(&operation, [&right_layout, &left_layout, &out_layout], [right.pointer, left.pointer, destination])?
        else {
            return Ok(false);
        };
        let addition: f32 = if accumulate { 1.0 } else { 0.0 };
        let address = |pointer: u64| pointer as usize as *const c_void;
        // SAFETY: the layouts are those of the stored matrices, the two numbers live during the call, the workspace is as large as the
        // choice was told, and the caller vouches for the pointers.
        let status = unsafe {
            sys::cublasLtMatmul(
                self.handle,
                operation.made,
                ptr::from_ref(&factor).cast(),
                address(right.pointer),
                right_layout.made,
                address(left.pointer),
                left_layout.made,
                ptr::from_ref(&addition).cast(),
                address(destination),
                out_layout.made,
                address(destination).cast_mut(),
                out_layout.made,
                &raw const chosen.algo,
                address(self.workspace.pointer()).cast_mut(),
                self.workspace.bytes(),
                ptr::null_mut(),
            )
        };
        self.check(status)?;
        Ok(true)
    }

    /// The algorithm for these matrices at these addresses, none where there is none.
    fn choose(
        &self,
        operation: &Made<sys::cublasLtMatmulDesc_t>,
        [a, b, out]: [&Made<sys::cublasLtMatrixLayout_t>; 3],
        [a_at, b_at, out_at]: [u64; 3],
    ) -> Result<Option<cublasLtMatmulHeuristicResult_t>, ModelError> {
        // SAFETY: cuBLASLt writes one descriptor.
        let create = |made| unsafe { sys::cublasLtMatmulPreferenceCreate(made) };
        let preference = self.make(create, sys::cublasLtMatmulPreferenceDestroy)?;
        let set = |attribute: Preference, at: *const c_void, size: usize| {
            // SAFETY: each of the attributes below is of the type of the value given with it, which is copied.
            self.check(unsafe { sys::cublasLtMatmulPreferenceSetAttribute(preference.made, attribute, at, size) })
        };
        let room = self.workspace.bytes() as u64;
        set(Preference::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, ptr::from_ref(&room).cast(), size_of_val(&room))?;
        let reduction = sys::cublasLtReductionScheme_t::CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE as u32;
        set(Preference::CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, ptr::from_ref(&reduction).cast(), size_of_val(&reduction))?;
        for (attribute, pointer) in [
            (Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, a_at),
            (Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, b_at),
            (Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, out_at),
            (Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, out_at),
        ] {
            let alignment = alignment(pointer);
            set(attribute, ptr::from_ref(&alignment).cast(), size_of_val(&alignment))?;
        }
        let (mut found, mut count) = (MaybeUninit::uninit(), 0);
        // SAFETY: all descriptors live, and there is room for the one answer that is asked for.
        let status = unsafe {
            let answer = found.as_mut_ptr();
            let (operation, preference) = (operation.made, preference.made);
            sys::cublasLtMatmulAlgoGetHeuristic(
                self.handle,
                operation,
                a.made,
                b.made,
                out.made,
                out.made,
                preference,
                1,
                answer,
                &raw mut count,
            )
        };
        if status == cublasStatus_t::CUBLAS_STATUS_NOT_SUPPORTED {
            return Ok(None);
        }
        self.check(status)?;
        // SAFETY: as many answers were written as are counted.
        let found = (count > 0).then(|| unsafe { found.assume_init() });
        Ok(found.filter(|found: &cublasLtMatmulHeuristicResult_t| found.state == cublasStatus_t::CUBLAS_STATUS_SUCCESS))
    }
}

/// The largest power of two up to 256, in bytes, that divides an address.
fn alignment(pointer: u64) -> u32 {
    1 << pointer.trailing_zeros().min(8)
}

fn check(context: &Context, status: cublasStatus_t, what: &str) -> Result<(), ModelError> {
    if status == cublasStatus_t::CUBLAS_STATUS_SUCCESS {
        return Ok(());
    }
    // SAFETY: cuBLASLt answers with a string of its own that lives as long as the library, or with none.
    Err(unsafe { failure(context, what, sys::cublasLtGetStatusString(status), status) })
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_as_aligned_as_it_is() {
        assert_eq!([0x1000, 0x1100, 0x1004, 0x1002, 0x1001].map(super::alignment), [256, 256, 4, 2, 1]);
    }
}
