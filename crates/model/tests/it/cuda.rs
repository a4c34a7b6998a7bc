//! CUDA without a device: NVRTC compiles the kernels, and an emulated device runs them.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use model::backend::{compile_kernels, cuda_source, kernel_names};

use crate::devices::say;

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

/// The first C++ compiler of this machine.
fn compiler() -> Option<String> {
    let named = std::env::var("CXX").ok();
    let candidates = named.into_iter().chain(["c++", "g++", "clang++"].map(str::to_owned));
    candidates.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

/// Builds the emulated device, unless it is there: a folder for the loader's path.
fn emulated_device(compiler: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator");
    let parts = ["device.h", "emulator.cpp"].map(|name| fs::read_to_string(here.join(name)).unwrap());
    let entries: String = kernel_names().iter().map(|name| format!("    {{\"{name}\", Caller<{name}>::call}},\n")).collect();
    let kernels = format!(
        "{}\n#include <utility>\nnamespace emulator {{\n\
        struct Kernel {{ const char *name; void (*call)(void **); }};\n\
        template <auto F> struct Caller;\n\
        template <class... A, void (*F)(A...)> struct Caller<F> {{\n\
            template <std::size_t... I> static void with(void **p, std::index_sequence<I...>) {{ F(*(A *)p[I]...); }}\n\
            static void call(void **p) {{ with(p, std::index_sequence_for<A...>{{}}); }}\n\
        }};\n\
        static Kernel KERNELS[] = {{\n{entries}}};\n}}\n",
        cuda_source()
    );
    let mut hasher = DefaultHasher::new();
    (&parts, &kernels, compiler).hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("emulated-cuda-{:016x}", hasher.finish()));
    if folder.join("libcuda.so").exists() {
        return folder;
    }
    let build = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(build.path().join("kernels.inc"), kernels).unwrap();
    let library = build.path().join("libcuda.so");
    let output = Command::new(compiler)
        .args(["-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-U_FORTIFY_SOURCE", "-fno-strict-aliasing", "-w"])
        .args([here.join("emulator.cpp").as_os_str(), "-I".as_ref(), here.as_os_str(), "-I".as_ref(), build.path().as_os_str()])
        .args(["-o".as_ref(), library.as_os_str()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["libnvrtc.so", "libcublas.so"] {
        symlink("libcuda.so", build.path().join(name)).unwrap();
    }
    // Another process may have been quicker.
    if fs::rename(build.path(), &folder).is_ok() {
        let _ = build.keep();
    }
    folder
}

/// Runs tests of this program on the emulated device.
fn run_emulated(arguments: &[&str], variables: &[(&str, &str)]) {
    if crate::devices::cuda_only() {
        return;
    }
    let Some(compiler) = compiler() else {
        return say("SKIPPED, there is no C++ compiler (c++, g++, clang++ or CXX) to build the emulated device with");
    };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .envs(variables.iter().copied())
        .env("LD_LIBRARY_PATH", emulated_device(&compiler))
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
