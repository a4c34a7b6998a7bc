//! Compiles the kernels with NVRTC when a device is opened, and keeps the result.
#![expect(unsafe_code, reason = "NVRTC is a C library")]

use std::{
    ffi::{CStr, CString, c_char, c_int},
    fs,
    path::{Path, PathBuf},
    ptr,
};

use cudarc::nvrtc::sys::{self, nvrtcProgram, nvrtcResult};
use sha2::{Digest, Sha256};

/// The sources, in the order in which they make one program.
const SOURCES: [(&str, &str); 7] = [
    ("common.cuh", include_str!("kernels/common.cuh")),
    ("elementwise.cu", include_str!("kernels/elementwise.cu")),
    ("norm.cu", include_str!("kernels/norm.cu")),
    ("rotary.cu", include_str!("kernels/rotary.cu")),
    ("cross_entropy.cu", include_str!("kernels/cross_entropy.cu")),
    ("optimizer.cu", include_str!("kernels/optimizer.cu")),
    ("attention.cu", include_str!("kernels/attention.cu")),
];

/// The kernels as one program of CUDA. Each file keeps its name in the compiler's messages.
pub fn source() -> String {
    SOURCES.iter().map(|(name, text)| format!("#line 1 \"{name}\"\n{text}\n")).collect()
}

/// Compiled kernels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// A cubin for one architecture, or PTX, which the driver compiles.
    pub image: Vec<u8>,
    /// The option that it was compiled with, `sm_90` or `compute_90`.
    pub architecture: String,
}

fn check(result: nvrtcResult, what: &str) -> Result<(), String> {
    if result == nvrtcResult::NVRTC_SUCCESS {
        return Ok(());
    }
    // SAFETY: NVRTC answers with a string of its own that lives as long as the library.
    let said = unsafe { CStr::from_ptr(sys::nvrtcGetErrorString(result)) }.to_string_lossy().into_owned();
    Err(format!("{what}: {said}"))
}

/// Version of NVRTC.
pub fn version() -> Result<(u32, u32), String> {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: NVRTC writes two numbers.
    check(unsafe { sys::nvrtcVersion(&raw mut major, &raw mut minor) }, "NVRTC does not say its version")?;
    Ok((major.unsigned_abs(), minor.unsigned_abs()))
}

/// The architectures that NVRTC compiles for, as `10 · major + minor`, ascending.
fn architectures() -> Result<Vec<u32>, String> {
    let mut count: c_int = 0;
    // SAFETY: NVRTC writes one number.
    check(unsafe { sys::nvrtcGetNumSupportedArchs(&raw mut count) }, "NVRTC does not say what it compiles for")?;
    let mut found: Vec<c_int> = vec![0; usize::try_from(count).unwrap_or(0)];
    // SAFETY: NVRTC writes as many numbers as it said.
    check(unsafe { sys::nvrtcGetSupportedArchs(found.as_mut_ptr()) }, "NVRTC does not say what it compiles for")?;
    found.sort_unstable();
    Ok(found.into_iter().map(c_int::unsigned_abs).collect())
}

/// What to compile for: the device's own architecture where NVRTC knows it; else PTX for the latest one before it, which the driver
/// compiles for a device that is newer than NVRTC.
fn target((major, minor): (u32, u32)) -> Result<String, String> {
    let (wanted, known) = (10 * major + minor, architectures()?);
    match known.iter().rev().find(|known| **known <= wanted) {
        Some(known) if *known == wanted => Ok(format!("sm_{wanted}")),
        Some(older) => Ok(format!("compute_{older}")),
        None => {
            let lowest = known.first().map_or_else(|| "newer ones".to_owned(), |known| format!("{}.{} and later", known / 10, known % 10));
            Err(format!("compute capability {major}.{minor} is too old for this NVRTC, which compiles for {lowest}"))
        }
    }
}

/// Compiles the kernels for a device of this compute capability. Needs NVRTC and no device.
///
/// # Errors
/// What NVRTC said, with its log.
pub fn compile(capability: (u32, u32)) -> Result<Compiled, String> {
    let architecture = target(capability)?;
    let source = CString::new(source()).map_err(|_| "the kernels' source holds a zero".to_owned())?;
    let mut program = Program(ptr::null_mut());
    // SAFETY: source and name end with zeros and live during the call; there are no headers.
    let made = unsafe { sys::nvrtcCreateProgram(&raw mut program.0, source.as_ptr(), c"kernels.cu".as_ptr(), 0, ptr::null(), ptr::null()) };
    check(made, "the kernels cannot be compiled")?;
    let options = [format!("--gpu-architecture={architecture}"), "--std=c++17".to_owned()];
    let options: Vec<CString> = options.into_iter().filter_map(|option| CString::new(option).ok()).collect();
    let pointers: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
    let count = c_int::try_from(pointers.len()).unwrap_or(0);
    // SAFETY: the program exists, and the options end with zeros and live during the call.
    let compiled = unsafe { sys::nvrtcCompileProgram(program.0, count, pointers.as_ptr()) };
    check(compiled, "the kernels cannot be compiled").map_err(|error| format!("{error}\n{}", program.log()))?;
    let image = program.image(architecture.starts_with("sm_"))?;
    Ok(Compiled { image, architecture })
}

/// A program of NVRTC, given back when dropped.
struct Program(nvrtcProgram);

impl Drop for Program {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the program was made by nvrtcCreateProgram and is destroyed once.
            let _ = unsafe { sys::nvrtcDestroyProgram(&raw mut self.0) };
        }
    }
}

impl Program {
    fn log(&self) -> String {
        let mut size = 0usize;
        // SAFETY: the program exists; NVRTC writes one size.
        if check(unsafe { sys::nvrtcGetProgramLogSize(self.0, &raw mut size) }, "").is_err() {
            return String::new();
        }
        let mut text = vec![0u8; size];
        // SAFETY: NVRTC writes as many bytes as it said.
        let _ = unsafe { sys::nvrtcGetProgramLog(self.0, text.as_mut_ptr().cast()) };
        String::from_utf8_lossy(&text).trim_end_matches('\0').trim().to_owned()
    }

    /// The compiled program: a cubin, or PTX.
    fn image(&self, cubin: bool) -> Result<Vec<u8>, String> {
        let mut size = 0usize;
        // SAFETY: the program is compiled; NVRTC writes one size.
        let told =
            unsafe { if cubin { sys::nvrtcGetCUBINSize(self.0, &raw mut size) } else { sys::nvrtcGetPTXSize(self.0, &raw mut size) } };
        check(told, "the compiled kernels cannot be had")?;
        let mut image = vec![0u8; size];
        // SAFETY: NVRTC writes as many bytes as it said.
        let copied = unsafe {
            if cubin { sys::nvrtcGetCUBIN(self.0, image.as_mut_ptr().cast()) } else { sys::nvrtcGetPTX(self.0, image.as_mut_ptr().cast()) }
        };
        check(copied, "the compiled kernels cannot be had")?;
        Ok(image)
    }
}

/// Where compiled kernels are kept: a file for each source, architecture and version of NVRTC.
#[derive(Debug)]
pub(super) struct Cache {
    file: Option<PathBuf>,
}

impl Cache {
    /// The place for these kernels in a folder, or nowhere.
    pub(super) fn new(folder: Option<&Path>, capability: (u32, u32)) -> Result<Self, String> {
        let (major, minor) = version()?;
        let key = hex(&Sha256::digest(source()));
        let name = format!("kernels-{}-sm{}{}-nvrtc{major}.{minor}.bin", &key[..16], capability.0, capability.1);
        Ok(Self { file: folder.map(|folder| folder.join(name)) })
    }

    /// What is kept, when it is whole: its hash stands before it.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let bytes = fs::read(self.file.as_ref()?).ok()?;
        let (hash, image) = bytes.split_at_checked(32)?;
        (Sha256::digest(image).as_slice() == hash).then(|| image.to_vec())
    }

    /// Keeps an image. That it cannot be written costs the next start some seconds and nothing else.
    pub(super) fn write(&self, image: &[u8]) {
        let Some(file) = &self.file else { return };
        let temporary = file.with_extension(format!("tmp-{}", std::process::id()));
        let bytes: Vec<u8> = Sha256::digest(image).iter().chain(image).copied().collect();
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| fs::write(&temporary, bytes)).and_then(|()| fs::rename(&temporary, file));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_gives_back_what_is_whole_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { file: Some(folder.path().join("new/kernels.bin")) };
        assert_eq!(cache.read(), None);
        cache.write(b"an image");
        assert_eq!(cache.read().as_deref(), Some(b"an image".as_slice()));
        fs::write(cache.file.as_ref().unwrap(), b"cut").unwrap();
        assert_eq!(cache.read(), None);
        cache.write(b"an image");
        let mut bytes = fs::read(cache.file.as_ref().unwrap()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(cache.file.as_ref().unwrap(), bytes).unwrap();
        assert_eq!(cache.read(), None);
        Cache { file: None }.write(b"an image");
    }
}
