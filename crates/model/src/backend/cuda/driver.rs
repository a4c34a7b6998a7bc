//! The calls of the CUDA driver that the back end makes, with their errors and lifetimes.
//!
//! All work goes to the default stream, one after another. A context is made current on the calling thread before each call.
#![expect(unsafe_code, reason = "the driver is a C library")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use cudarc::driver::sys::{self, CUcontext, CUdevice_attribute, CUfunction, CUmodule, CUresult};

use crate::ModelError;

/// A device as it presents itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaDevice {
    /// Its number, as `CUDA_VISIBLE_DEVICES` leaves them.
    pub ordinal: usize,
    /// Its name.
    pub name: String,
    /// Its memory in bytes.
    pub memory_bytes: u64,
    /// Compute capability, major and minor.
    pub capability: (u32, u32),
}

/// Memory of a device, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceMemory {
    /// Not in use by any program.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// What the driver says of a result, when it is an error.
fn check(result: CUresult, what: &str) -> Result<(), String> {
    if result == CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    let mut text: *const c_char = ptr::null();
    // SAFETY: the driver writes a pointer to a string of its own that lives as long as the library, or leaves it null.
    let said = unsafe {
        if sys::cuGetErrorString(result, &raw mut text) == CUresult::CUDA_SUCCESS && !text.is_null() {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        } else {
            "an error that the driver has no words for".to_owned()
        }
    };
    Err(format!("{what}: {said} ({result:?})"))
}

/// The devices that there are, after [`super::libraries::load`].
pub(super) fn devices() -> Result<Vec<CudaDevice>, String> {
    // SAFETY: flags must be 0.
    check(unsafe { sys::cuInit(0) }, "the CUDA driver does not start")?;
    let mut count: c_int = 0;
    // SAFETY: the driver writes one number.
    check(unsafe { sys::cuDeviceGetCount(&raw mut count) }, "the devices cannot be counted")?;
    (0..count).map(describe).collect()
}

fn describe(ordinal: c_int) -> Result<CudaDevice, String> {
    let mut device = 0;
    let mut name = [0 as c_char; 128];
    let mut memory = 0usize;
    // SAFETY: the driver writes a device number, at most 127 characters with a zero behind them, and one size, each to its place.
    let name = unsafe {
        check(sys::cuDeviceGet(&raw mut device, ordinal), "a device cannot be opened")?;
        check(sys::cuDeviceGetName(name.as_mut_ptr(), 127, device), "a device does not say its name")?;
        check(sys::cuDeviceTotalMem_v2(&raw mut memory, device), "a device does not say its memory")?;
        CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned()
    };
    let attribute = |attribute: CUdevice_attribute| {
        let mut value: c_int = 0;
        // SAFETY: the driver writes one number.
        check(unsafe { sys::cuDeviceGetAttribute(&raw mut value, attribute, device) }, "a device does not say what it is")?;
        Ok::<u32, String>(value.unsigned_abs())
    };
    let major = attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    let minor = attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    Ok(CudaDevice { ordinal: ordinal.unsigned_abs() as usize, name, memory_bytes: memory as u64, capability: (major, minor) })
}

/// A device's primary context, released when the last allocation in it is gone.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) device: CudaDevice,
    number: sys::CUdevice,
    handle: CUcontext,
    /// Bytes of this program's allocations, now and at most.
    in_use: AtomicU64,
    peak: AtomicU64,
}

// SAFETY: contexts of the driver are not bound to a thread; each call makes the context current on its own thread first.
unsafe impl Send for Context {}
// SAFETY: as above; the driver locks by itself.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the primary context was retained once, in `open`.
        let _ = unsafe { sys::cuDevicePrimaryCtxRelease_v2(self.number) };
    }
}

impl Context {
    /// Opens a device of [`devices`].
    pub(super) fn open(device: CudaDevice) -> Result<Arc<Self>, ModelError> {
        let (mut number, mut handle) = (0, ptr::null_mut());
        let ordinal = c_int::try_from(device.ordinal).unwrap_or(c_int::MAX);
        // SAFETY: the driver writes a device number and a context's handle, each to its place.
        let opened = unsafe {
            check(sys::cuDeviceGet(&raw mut number, ordinal), "it cannot be opened")
                .and_then(|()| check(sys::cuDevicePrimaryCtxRetain(&raw mut handle, number), "it cannot be opened"))
        };
        opened.map_err(|reason| ModelError::Device { device: device.name.clone(), reason })?;
        Ok(Arc::new(Self { device, number, handle, in_use: AtomicU64::new(0), peak: AtomicU64::new(0) }))
    }

    fn error(&self, reason: String) -> ModelError {
        ModelError::Device { device: self.device.name.clone(), reason }
    }

    fn check(&self, result: CUresult, what: &str) -> Result<(), ModelError> {
        check(result, what).map_err(|reason| self.error(reason))
    }

    /// Makes the context current on this thread.
    pub(super) fn enter(&self) -> Result<(), ModelError> {
        // SAFETY: the handle is a live context.
        self.check(unsafe { sys::cuCtxSetCurrent(self.handle) }, "its context cannot be used")
    }

    /// Free and total memory.
    pub(super) fn memory(&self) -> Result<DeviceMemory, ModelError> {
        self.enter()?;
        let (mut free, mut total) = (0usize, 0usize);
        // SAFETY: the driver writes two sizes.
        self.check(unsafe { sys::cuMemGetInfo_v2(&raw mut free, &raw mut total) }, "its memory cannot be told")?;
        Ok(DeviceMemory { free: free as u64, total: total as u64 })
    }

    /// The most bytes that this program had on the device at one time.
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    /// Waits for everything that was queued, and reports what of it failed.
    pub(super) fn synchronize(&self) -> Result<(), ModelError> {
        self.enter()?;
        // SAFETY: a context is current.
        self.check(unsafe { sys::cuCtxSynchronize() }, "a kernel failed")
    }

    /// Loads compiled kernels.
    pub(super) fn load_module(self: &Arc<Self>, image: &[u8]) -> Result<Module, ModelError> {
        self.enter()?;
        let mut handle = ptr::null_mut();
        // A text of PTX ends with a zero; behind a cubin one more byte is not read.
        let mut image = image.to_vec();
        image.push(0);
        // SAFETY: the image is a whole cubin, which holds its own length, or a text with a zero behind it.
        self.check(unsafe { sys::cuModuleLoadData(&raw mut handle, image.as_ptr().cast()) }, "the kernels cannot be loaded")?;
        Ok(Module { context: Arc::clone(self), handle })
    }
}

/// Kernels that were loaded into a context; they stay for as long as it does.
#[derive(Debug)]
pub(super) struct Module {
    context: Arc<Context>,
    handle: CUmodule,
}

/// A kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function(CUfunction);

// SAFETY: a handle of the driver, valid for as long as its module, which is never unloaded before the context.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

impl Module {
    /// A kernel by its name.
    pub(super) fn function(&self, name: &str) -> Result<Function, ModelError> {
        let text = CString::new(name).map_err(|_| self.context.error(format!("there can be no kernel {name:?}")))?;
        let mut handle = ptr::null_mut();
        // SAFETY: the module is loaded, the name ends with a zero, and the driver writes one handle.
        let result = unsafe { sys::cuModuleGetFunction(&raw mut handle, self.handle, text.as_ptr()) };
        self.context.check(result, &format!("the kernel {name} is not there"))?;
        Ok(Function(handle))
    }
}

/// An argument of a kernel: at most eight bytes, as they lie in memory.
#[derive(Debug, Clone, Copy)]
#[repr(align(8))]
pub(super) struct Argument([u8; 8]);

impl From<u64> for Argument {
    fn from(value: u64) -> Self {
        Self(value.to_ne_bytes())
    }
}

impl From<u32> for Argument {
    fn from(value: u32) -> Self {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&value.to_ne_bytes());
        Self(bytes)
    }
}

impl From<f32> for Argument {
    fn from(value: f32) -> Self {
        Self::from(value.to_bits())
    }
}

/// How many blocks of how many threads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) threads: u32,
}

impl Context {
    /// Queues a kernel.
    ///
    /// # Safety
    /// The arguments must be those of the kernel, in number, order and type, and its accesses must stay inside the allocations that
    /// they point to.
    pub(super) unsafe fn launch(&self, function: Function, grid: Grid, arguments: &mut [Argument]) -> Result<(), ModelError> {
        self.enter()?;
        let mut places: Vec<*mut c_void> = arguments.iter_mut().map(|argument| argument.0.as_mut_ptr().cast()).collect();
        // SAFETY: the driver copies the arguments before it returns; the caller promises that they are the kernel's.
        let result = unsafe {
            let stream = ptr::null_mut();
            sys::cuLaunchKernel(function.0, grid.x, grid.y, 1, grid.threads, 1, 1, 0, stream, places.as_mut_ptr(), ptr::null_mut())
        };
        self.check(result, "a kernel cannot be started")
    }
}

/// Memory on a device; freed when dropped, after what was queued before.
#[derive(Debug)]
pub(super) struct Allocation {
    context: Arc<Context>,
    pointer: u64,
    bytes: usize,
}

impl Drop for Allocation {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // SAFETY: the pointer came from cuMemAlloc in `new` and is freed once. The driver waits for kernels that use it.
            let _ = unsafe { sys::cuMemFree_v2(self.pointer) };
        }
        self.context.in_use.fetch_sub(self.bytes as u64, Relaxed);
    }
}

impl Allocation {
    /// Asks for memory; its contents are unspecified.
    pub(super) fn new(context: &Arc<Context>, bytes: usize) -> Result<Self, ModelError> {
        context.enter()?;
        let mut pointer = 0;
        // SAFETY: the driver writes one pointer.
        match unsafe { sys::cuMemAlloc_v2(&raw mut pointer, bytes.max(1)) } {
            CUresult::CUDA_SUCCESS => {
                let in_use = context.in_use.fetch_add(bytes as u64, Relaxed) + bytes as u64;
                context.peak.fetch_max(in_use, Relaxed);
                Ok(Self { context: Arc::clone(context), pointer, bytes })
            }
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => {
                let DeviceMemory { free, total } = context.memory()?;
                Err(ModelError::DeviceMemory { device: context.device.name.clone(), asked: bytes as u64, free, total })
            }
            other => Err(context.error(check(other, "memory cannot be had").err().unwrap_or_default())),
        }
    }

    pub(super) fn pointer(&self) -> u64 {
        self.pointer
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Copies from the host, to a place counted in bytes.
    pub(super) fn write(&self, place: usize, source: &[u8]) -> Result<(), ModelError> {
        assert!(place + source.len() <= self.bytes, "a copy must fit its destination");
        self.context.enter()?;
        // SAFETY: both sides hold that many bytes, and the call returns when the source is not needed any more.
        let result = unsafe { sys::cuMemcpyHtoD_v2(self.pointer + place as u64, source.as_ptr().cast(), source.len()) };
        self.context.check(result, "numbers cannot be copied to it")
    }

    /// Copies to the host, after what was queued.
    pub(super) fn read(&self, destination: &mut [u8]) -> Result<(), ModelError> {
        assert!(destination.len() <= self.bytes, "a copy must fit its source");
        self.context.enter()?;
        // SAFETY: both sides hold that many bytes, and the call returns when the destination is written.
        let result = unsafe { sys::cuMemcpyDtoH_v2(destination.as_mut_ptr().cast(), self.pointer, destination.len()) };
        self.context.check(result, "numbers cannot be copied from it")
    }

    /// Copies the first bytes of another allocation of this device.
    pub(super) fn copy_from(&self, source: &Self, bytes: usize) -> Result<(), ModelError> {
        assert!(bytes <= self.bytes.min(source.bytes), "a copy must fit both sides");
        self.context.enter()?;
        // SAFETY: both sides hold that many bytes and are different allocations.
        let result = unsafe { sys::cuMemcpyDtoD_v2(self.pointer, source.pointer, bytes) };
        self.context.check(result, "numbers cannot be copied on it")
    }

    /// Sets the first bytes, a multiple of four, to zero.
    pub(super) fn zero(&self, bytes: usize) -> Result<(), ModelError> {
        assert!(bytes <= self.bytes && bytes.is_multiple_of(4), "what is set to zero must lie inside");
        self.context.enter()?;
        // SAFETY: that many words lie inside the allocation.
        let result = unsafe { sys::cuMemsetD32_v2(self.pointer, 0, bytes / 4) };
        self.context.check(result, "memory cannot be set to zero")
    }
}
