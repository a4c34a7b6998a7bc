//! The devices that a test runs on: the processors, and a CUDA device where one is found.
//!
//! On a machine without one, [`crate::cuda`] starts this program again with the emulated device in the loader's path and
//! `BRIGHTRUN_TEST_DEVICE=cuda`, which means: CUDA and nothing else, and it must be there.

#[cfg(feature = "cuda")]
use std::{io::Write, path::Path, sync::OnceLock};

#[cfg(feature = "cuda")]
use model::backend::Cuda;

/// Whether the processors are left out.
pub fn cuda_only() -> bool {
    std::env::var("BRIGHTRUN_TEST_DEVICE").is_ok_and(|device| device == "cuda")
}

/// Says something whatever becomes of the test: what is printed is shown for those that fail alone.
#[cfg(feature = "cuda")]
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The CUDA device of this machine, opened once; none where there is none.
#[cfg(feature = "cuda")]
pub fn cuda() -> Option<Cuda> {
    static DEVICE: OnceLock<Option<Cuda>> = OnceLock::new();
    let open = || match Cuda::open(0, Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernels"))) {
        Ok(cuda) => Some(cuda),
        Err(error) if cuda_only() => panic!("{error}"),
        Err(error) => {
            say(&format!("not run on CUDA: {error}"));
            None
        }
    };
    DEVICE.get_or_init(open).clone()
}

/// Calls a generic function with each device.
macro_rules! on_each_device {
    ($check:ident) => {
        if !$crate::devices::cuda_only() {
            $check(model::Cpu);
        }
        #[cfg(feature = "cuda")]
        if let Some(cuda) = $crate::devices::cuda() {
            $check(cuda);
        }
    };
}
pub(crate) use on_each_device;
