//! CUDA without a device: NVRTC compiles the kernels, and an emulated device runs them.

use std::{fs, path::PathBuf, process::Command};

use model::backend::{compile_kernels, kernel_names};

use crate::devices::say;
use crate::emulated;

/// Folders in which NVRTC may lie: named by `NVRTC_PATH`, or that of a package of PyPI in a Python that is found.
fn nvrtc_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("NVRTC_PATH").map(PathBuf::from).into_iter().collect();
    let pythons = [std::env::var("BENCH_PYTHON").ok(), Some("python3".to_owned())];
    let script = "import glob, site, sysconfig\n\
        for d in {sysconfig.get_paths()['purelib'], *site.getsitepackages()}: print(*glob.glob(d + '/nvidia/*/lib'), sep='\\n')";
    for python in pythons.into_iter().flatten() {
        if let Ok(output) = Command::new(python).args(["-c", script]).output() {
            folders.extend(String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.is_empty()).map(PathBuf::from));
        }
    }
    let has_it = |folder: &PathBuf| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with("libnvrtc.so"))
    };
    folders.into_iter().filter(has_it).collect()
}

/// Every kernel, for the oldest and a newer architecture that all versions of NVRTC from 12 on know, and as PTX for a device that is
/// newer than NVRTC.
#[test]
fn nvrtc_compiles_every_kernel() {
    if crate::devices::cuda_only() {
        return;
    }
    let folder = nvrtc_folders().into_iter().next();
    match compile_kernels(folder.as_deref(), (7, 5)) {
        Err(error) if folder.is_none() => {
            return say(&format!("SKIPPED, NVRTC is not here (pip install nvidia-cuda-nvrtc, or set NVRTC_PATH): {error}"));
        }
        compiled => assert_eq!(compiled.unwrap().architecture, "sm_75"),
    }
    let compiled = compile_kernels(folder.as_deref(), (9, 0)).unwrap();
    assert_eq!((compiled.architecture.as_str(), &compiled.image[..4]), ("sm_90", b"\x7fELF".as_slice()));
    let newer = compile_kernels(folder.as_deref(), (99, 0)).unwrap();
    assert!(newer.architecture.starts_with("compute_"), "{}", newer.architecture);
    let text = String::from_utf8_lossy(&newer.image);
    for name in kernel_names() {
        assert!(text.contains(&format!(".entry {name}(")), "{name} is not among the compiled kernels");
    }
    let ancient = compile_kernels(folder.as_deref(), (3, 0)).unwrap_err().to_string();
    assert!(ancient.contains("3.0") && ancient.contains("too old"), "{ancient}");
}

/// Runs tests of this program on the emulated device.
fn run_emulated(arguments: &[&str], variables: &[(&str, &str)]) {
    if crate::devices::cuda_only() {
        return;
    }
    let Some(libraries) = emulated::device() else { return say(emulated::SKIPPED) };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .envs(variables.iter().copied())
        .env("LD_LIBRARY_PATH", libraries)
        .env("BRIGHTRUN_TEST_DEVICE", "cuda")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !text.contains(" 0 passed"), "{}\n{text}", output.status);
}

/// Kernels against the processors', in several orders of threads and blocks.
#[test]
fn kernels_agree_on_the_emulated_device() {
    for seed in ["1", "2", "3"] {
        run_emulated(&["kernels::"], &[("EMULATOR_SEED", seed)]);
    }
}

/// What runs on the emulated device besides the kernels: losses, gradients, logits and answers against PEFT and transformers, and what a
/// trainer relies on.
#[test]
fn the_engine_agrees_on_the_emulated_device() {
    run_emulated(&["oracle::", "generation::", "behaviour::"], &[]);
}
