//! Builds the emulated device: libraries that answer to the names of CUDA's and run the kernels on the processors. See `emulator.cpp`.
#![expect(clippy::expect_used, reason = "a test that cannot build its device has failed")]

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use model::backend::{cuda_source, kernel_names};

/// What a test says that cannot build it.
pub const SKIPPED: &str = "SKIPPED, there is no C++ compiler (c++, g++, clang++ or CXX) to build the emulated device with";

/// The first C++ compiler of this machine.
fn compiler() -> Option<String> {
    let named = std::env::var("CXX").ok();
    let candidates = named.into_iter().chain(["c++", "g++", "clang++"].map(str::to_owned));
    candidates.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

/// Builds the emulated device, unless it is there: a folder for the loader's path. None where there is no compiler.
pub fn device() -> Option<PathBuf> {
    let compiler = compiler()?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/emulator");
    let parts = ["device.h", "emulator.cpp"].map(|name| fs::read_to_string(here.join(name)).expect("the emulated device is built"));
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
    (&parts, &kernels, &compiler).hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("emulated-cuda-{:016x}", hasher.finish()));
    if folder.join("libcuda.so").exists() {
        return Some(folder);
    }
    let build = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the emulated device is built");
    fs::write(build.path().join("kernels.inc"), kernels).expect("the emulated device is built");
    let library = build.path().join("libcuda.so");
    let output = Command::new(compiler)
        .args(["-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-U_FORTIFY_SOURCE", "-fno-strict-aliasing", "-w"])
        .args([here.join("emulator.cpp").as_os_str(), "-I".as_ref(), here.as_os_str(), "-I".as_ref(), build.path().as_os_str()])
        .args(["-o".as_ref(), library.as_os_str()])
        .output()
        .expect("the emulated device is built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["libnvrtc.so", "libcublasLt.so", "libcublas.so"] {
        symlink("libcuda.so", build.path().join(name)).expect("the emulated device is built");
    }
    // Another process may have been quicker.
    if fs::rename(build.path(), &folder).is_ok() {
        let _ = build.keep();
    }
    Some(folder)
}
