//! Runs on a GPU: on this machine's where it has one, and on the emulated one, which is a process with other libraries in its path.

use std::io::Write;
use std::process::Command;

use crate::emulated;
use crate::support::{Bench, Reaction, adapter_bytes, completed, kinds};
use domain::job::{GpuConfig, LogLevel};
use domain::run::{RunSpec, TrainerEvent, TrainerEventKind};
use trainer::RunOutcome;

fn ask_for(spec: &mut RunSpec, instance_type: &str) {
    spec.gpu = Some(GpuConfig { instance_type: instance_type.to_owned(), num_gpus: 1, spot: false });
}

/// Whether this process is one that [`emulated`] started.
fn is_emulated() -> bool {
    std::env::var_os("BRIGHTRUN_TEST_DEVICE").is_some()
}

/// Starts this program again for one test, on the emulated GPU.
fn run_emulated(test: &str, variables: &[(&str, &str)]) {
    let Some(libraries) = emulated::device() else {
        let _ = writeln!(std::io::stderr(), "{}", emulated::SKIPPED);
        return;
    };
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test])
        .envs(variables.iter().copied())
        .env("LD_LIBRARY_PATH", libraries)
        .env("BRIGHTRUN_TEST_DEVICE", "cuda")
        .output()
        .expect("starts");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains(" 1 passed"), "{}\n{text}", output.status);
}

#[test]
fn an_emulated_gpu_trains_as_the_processors_do() {
    if !is_emulated() {
        return run_emulated("gpu::an_emulated_gpu_trains_as_the_processors_do", &[]);
    }
    let bench = Bench::new();
    bench.write_varied_dataset(8);
    let mut spec = bench.spec("cpu", 1);
    let (_, wanted) = completed(bench.run(&spec).0);
    let cache = bench.folder.path().join("kernels");
    spec = RunSpec { kernel_cache: Some(cache.clone()), ..bench.spec("gpu", 1) };
    ask_for(&mut spec, "local-gpu");
    let (outcome, events) = bench.run(&spec);
    let (_, found) = completed(outcome);
    let device = kinds(&events).find_map(|kind| match kind {
        TrainerEventKind::Started { device, .. } => Some(device.clone()),
        _ => None,
    });
    assert_eq!(device.as_deref(), Some("Emulated device"));
    let close = |found: Option<f64>, wanted: Option<f64>| (found.expect("a loss") - wanted.expect("a loss")).abs() < 1e-4;
    assert!(close(found.initial_training_loss, wanted.initial_training_loss), "{found:?}");
    assert!(close(found.final_training_loss, wanted.final_training_loss), "{found:?}");
    assert!(close(found.final_validation_loss, wanted.final_validation_loss), "{found:?}");
    // The device's memory, not this process's.
    assert!(found.peak_memory_bytes < Some(50 << 20), "{:?}", found.peak_memory_bytes);
    assert_eq!(std::fs::read_dir(&cache).expect("the kernels are kept").count(), 1);
}

/// Weights and moments come back from the device for a checkpoint, and go there again from it.
#[test]
fn a_run_on_an_emulated_gpu_goes_on_to_the_same_bits() {
    if !is_emulated() {
        return run_emulated("gpu::a_run_on_an_emulated_gpu_goes_on_to_the_same_bits", &[]);
    }
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let mut whole = bench.spec("whole", 2);
    ask_for(&mut whole, "local-gpu");
    whole.config.settings.precision = domain::job::Precision::Bf16;
    completed(bench.run(&whole).0);
    let mut broken = whole.clone();
    broken.output.dir = bench.folder.path().join("broken");
    let stop = |event: &TrainerEvent| match event.kind {
        TrainerEventKind::Metrics { step: 3, .. } => Reaction::Stop,
        _ => Reaction::GoOn,
    };
    let (outcome, _) = bench.run_until(&broken, stop);
    assert!(matches!(outcome, Ok(RunOutcome::Stopped { step: 3, checkpoint_saved: true })), "{outcome:?}");
    completed(bench.run(&broken).0);
    assert!(adapter_bytes(&broken) == adapter_bytes(&whole), "the weights differ");
}

/// Another program has taken what the plan counted on.
#[test]
fn a_gpu_without_enough_memory_says_how_much_is_missing() {
    if !is_emulated() {
        return run_emulated("gpu::a_gpu_without_enough_memory_says_how_much_is_missing", &[("EMULATOR_MEMORY", "500000")]);
    }
    let bench = Bench::new();
    bench.write_varied_dataset(8);
    let mut spec = bench.spec("gpu", 1);
    ask_for(&mut spec, "local-gpu");
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("there is no room");
    let message = error.to_string();
    assert!(!error.transient(), "{message}");
    for part in ["Emulated device", "out of memory", "MiB more were asked for", "of 4096.0 MiB are free", "batch size"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!kinds(&events).any(|kind| matches!(kind, TrainerEventKind::Checkpoint { .. })));
}

/// The weights have a place, but the longest batch has none.
#[test]
fn a_longest_batch_that_a_gpu_cannot_hold_fails_in_the_rehearsal() {
    if !is_emulated() {
        let test = "gpu::a_longest_batch_that_a_gpu_cannot_hold_fails_in_the_rehearsal";
        return run_emulated(test, &[("EMULATOR_MEMORY", "700000")]);
    }
    let bench = Bench::new();
    bench.write_varied_dataset(8);
    let mut spec = bench.spec("gpu", 1);
    spec.config.hyperparameters.batch_size = 6;
    ask_for(&mut spec, "local-gpu");
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("there is no room");
    assert_eq!((error.code(), error.transient()), ("rehearsal_failed", false), "{error}");
    for part in ["the longest batch", "out of memory", "hyperparameters.batchSize or hyperparameters.maxSeqLength"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    assert!(!kinds(&events).any(|kind| matches!(kind, TrainerEventKind::Started { .. })), "nothing is billed");
}

#[test]
fn a_machine_without_a_gpu_says_so_before_it_costs() {
    if let Ok(gpu) = trainer::gpu() {
        let _ = writeln!(std::io::stderr(), "not run: this machine has a GPU, {}", gpu.name);
        return;
    }
    let bench = Bench::new();
    bench.write_varied_dataset(8);
    let mut spec = bench.spec("gpu", 1);
    ask_for(&mut spec, "local-gpu");
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("there is no GPU");
    assert_eq!((error.code(), error.transient()), ("no_device", false));
    assert!(error.to_string().contains("libcuda"), "{error}");
    assert!(!kinds(&events).any(|kind| matches!(kind, TrainerEventKind::Started { .. })), "nothing is billed");

    // Another cluster's name for a machine: what it is computed on is said.
    ask_for(&mut spec, "h100-80gb");
    let (outcome, events) = bench.run(&spec);
    completed(outcome);
    let warned = kinds(&events).any(
        |kind| matches!(kind, TrainerEventKind::Log { level: LogLevel::Warning, message, .. } if message.contains("on the processors")),
    );
    assert!(warned);
}
