//! Finds the libraries that CUDA consists of: the driver's, and NVRTC and cuBLAS from a toolkit or from its packages.
//!
//! Nothing is linked. What the dynamic loader does not find by itself (`LD_LIBRARY_PATH`, the system's folders) is looked for in
//! `CUDA_HOME`, `CUDA_PATH` and `/usr/local/cuda`, and loaded from there by its path, after which its name is known to the process.
#![expect(unsafe_code, reason = "loading a library runs its initialisers")]

use std::path::{Path, PathBuf};

use cudarc::{cublas, cublaslt, driver, nvrtc};
use libloading::Library;

/// Beginnings of file names, in the order in which they need each other.
const NEEDED: [&str; 4] = ["libnvrtc-builtins.so", "libnvrtc.so", "libcublasLt.so", "libcublas.so"];

/// Makes the libraries known, or says which is missing and what to do.
pub(super) fn load() -> Result<(), String> {
    // SAFETY: loading the driver's library runs the initialisers of that library, as every CUDA program does.
    if !unsafe { driver::sys::is_culib_present() } {
        return Err("there is no CUDA driver (libcuda.so.1); install the driver of the graphics card".to_owned());
    }
    load_compiler()?;
    // SAFETY: as above, for cuBLASLt and cuBLAS, which come together.
    let blas = || unsafe { cublaslt::sys::is_culib_present() && cublas::sys::is_culib_present() };
    if blas() || (load_from_folders(&NEEDED[2..]) && blas()) {
        return Ok(());
    }
    Err(missing("libcublas.so (cuBLAS), with libcublasLt.so,"))
}

/// Makes NVRTC known, which needs no device.
pub(super) fn load_compiler() -> Result<(), String> {
    // SAFETY: loading NVRTC runs the initialisers of that library, as every CUDA program does.
    let compiler = || unsafe { nvrtc::sys::is_culib_present() };
    if compiler() || (load_from_folders(&NEEDED[..2]) && compiler()) {
        return Ok(());
    }
    Err(missing("libnvrtc.so (NVRTC)"))
}

fn missing(library: &str) -> String {
    format!(
        "{library} is not found; install a CUDA toolkit, or its packages nvidia-cuda-nvrtc and nvidia-cublas, and name the folder with \
         the libraries in LD_LIBRARY_PATH"
    )
}

/// Folders that hold a toolkit's libraries.
fn folders() -> Vec<PathBuf> {
    let homes = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    homes.chain([PathBuf::from("/usr/local/cuda")]).flat_map(|home| [home.join("lib64"), home.join("lib")]).collect()
}

/// Loads the named libraries for good from the first folder that has the last of them.
fn load_from_folders(beginnings: &[&str]) -> bool {
    folders().iter().any(|folder| load_from(folder, beginnings))
}

/// Loads the named libraries for good; whether the last of them was there.
pub(super) fn load_from(folder: &Path, beginnings: &[&str]) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let mut loaded = false;
    for beginning in beginnings {
        let named = |file: &&PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning));
        loaded = false;
        if let Some(file) = files.iter().find(named) {
            // SAFETY: as above. The library is never unloaded, so nothing that it handed out is left dangling.
            if let Ok(library) = unsafe { Library::new(file) } {
                std::mem::forget(library);
                loaded = true;
            }
        }
    }
    loaded
}

/// Makes NVRTC known from a folder that the caller names, for a test without a device.
pub(super) fn load_compiler_from(folder: &Path) -> bool {
    load_from(folder, &NEEDED[..2])
}
