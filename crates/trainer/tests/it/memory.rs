//! The estimate of a run's memory against what its allocations come to, counted in a process of its own.
#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Bench, CONTEXT, Reaction, completed, kinds};
use domain::job::{GradientCheckpointing, Precision};
use domain::run::TrainerEventKind;

const ALONE: &str = "BRIGHTRUN_TEST_MEMORY";

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn mib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[test]
fn the_estimate_is_within_a_seventh_of_what_is_allocated() {
    if std::env::var_os(ALONE).is_none() {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args(["--exact", "memory::the_estimate_is_within_a_seventh_of_what_is_allocated"]).env(ALONE, "1");
        let output = child.output().expect("starts");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && text.contains(" 1 passed"), "{text}");
        return;
    }
    let bench = Bench::of_size(160, 432, 5);
    let text = "the chain of a bicycle wants oil ".repeat(8);
    bench.write_dataset(&[(text.as_str(), text.as_str()); 16]);
    for (name, precision, recompute) in [
        ("f32", Precision::F32, GradientCheckpointing::Off),
        ("f32-again", Precision::F32, GradientCheckpointing::On),
        ("bf16", Precision::Bf16, GradientCheckpointing::Off),
        ("bf16-again", Precision::Bf16, GradientCheckpointing::On),
    ] {
        let mut spec = bench.spec(name, 1);
        let (h, settings) = (&mut spec.config.hyperparameters, &mut spec.config.settings);
        (h.batch_size, h.lora_rank, h.max_seq_length) = (16, 8, CONTEXT);
        (settings.precision, settings.gradient_checkpointing, settings.validation_split_ratio) = (precision, recompute, 0.0);
        let before = NOW.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let loading = std::sync::Arc::new(Mutex::new(None));
        let seen = loading.clone();
        let (outcome, events) = bench.run_until(&spec, move |event| {
            // The first word after loading.
            if matches!(&event.kind, TrainerEventKind::Stage { message, .. } if message.starts_with("Rehearsal")) {
                let counted = [&PEAK, &NOW].map(|count| count.load(Ordering::Relaxed) - before);
                *seen.lock().expect("lock") = Some(counted);
            }
            Reaction::GoOn
        });
        completed(outcome);
        let peak = PEAK.load(Ordering::Relaxed) - before;
        let planned = kinds(&events).find_map(|kind| match kind {
            TrainerEventKind::Plan { memory_bytes, .. } => *memory_bytes,
            _ => None,
        });
        let estimated = usize::try_from(planned.expect("planned") - domain::memory::program_bytes(261)).expect("small");
        let ratio = estimated as f64 / peak as f64;
        assert!((0.85..1.15).contains(&ratio), "{name}: {:.1} MiB estimated, {:.1} allocated", mib(estimated), mib(peak));
        let [peak, loaded] = loading.lock().expect("lock").expect("loaded");
        assert!(peak as f64 <= 1.15 * loaded as f64, "{name}: {:.1} MiB while loading, {:.1} loaded", mib(peak), mib(loaded));
    }
}
