//! Training speed and memory on random weights, beside PEFT where a Python with torch, transformers and peft is given.
//!
//! `BENCH_PYTHON=python3 make bench-trainer`, or `cargo run --release -p trainer --example bench_trainer -- [S|M] [f32|bf16] [avx2|portable]`
//!
//! S has 256 hidden, 6 layers and a vocabulary of 4096; M has SmolLM-135M's geometry. Both train rank 16 on all linear layers with AdamW
//! on batches of 4 x 256 random tokens, without dropout. Each side is a process of its own that holds its model and makes a step when
//! told; they take turns step by step, so that whatever else the machine does meets both. Ratios are medians of pairs. Before that each
//! side is started three times in turn, alone on the machine, for the time that the first step takes.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measurement is for the terminal")]

mod input;
mod report;
mod side;
mod worker;

use std::error::Error;
use std::path::PathBuf;

use model::Precision;
use model::backend::Instructions;

use input::Size;
use report::Row;
use side::Side;

type Failure = Box<dyn Error>;

/// How often each side is started for its first step.
const STARTS: usize = 3;

fn limit(instructions: &str) {
    match instructions {
        "avx2" => Instructions::Avx2.limit(),
        "portable" => Instructions::Portable.limit(),
        _ => {}
    }
}

fn main() -> Result<(), Failure> {
    trainer::keep_to_small_pages();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folder, precision, instructions] = arguments.as_slice()
        && mode == "worker"
    {
        limit(instructions);
        return worker::serve(&PathBuf::from(folder), precision.parse()?);
    }
    let wanted = |name: &str, kinds: [&str; 2]| arguments.iter().all(|a| a == name || !kinds.contains(&a.as_str()));
    // Slower machines can be measured on a faster one: our side then leaves wider instructions unused.
    let instructions = arguments.iter().find(|a| ["avx2", "portable"].contains(&a.as_str())).map_or("all", String::as_str);
    let python = std::env::var_os("BENCH_PYTHON").filter(|python| !python.is_empty());
    let mut rows = Vec::new();
    let mut versions = None;
    for size in Size::ALL.into_iter().filter(|size| wanted(size.name(), ["S", "M"])) {
        let folder = tempfile::tempdir()?;
        input::write(size, folder.path())?;
        for precision in [Precision::F32, Precision::Bf16].into_iter().filter(|p| wanted(p.name(), ["f32", "bf16"])) {
            eprintln!("{} in {precision}", size.name());
            let start_ours = || Side::ours(folder.path(), precision, instructions);
            let start_theirs = || python.as_ref().map(|python| Side::peft(python, folder.path(), precision)).transpose();
            let (mut our_starts, mut their_starts) = (Vec::new(), Vec::new());
            for _ in 0..STARTS {
                our_starts.push(start_ours()?.first_step()?);
                their_starts.extend(start_theirs()?.map(Side::first_step).transpose()?);
            }
            let (mut ours, mut theirs) = (start_ours()?, start_theirs()?);
            for step in 0..size.steps() {
                // Whoever begins has the colder cache.
                if step % 2 == 0 {
                    ours.step()?;
                }
                theirs.as_mut().map(Side::step).transpose()?;
                if step % 2 == 1 {
                    ours.step()?;
                }
            }
            let theirs = theirs.map(Side::finish).transpose()?;
            versions = theirs.as_ref().and_then(|side| side.versions.clone()).or(versions);
            rows.push(Row { size, precision, ours: ours.finish()?, theirs, our_starts, their_starts });
        }
    }
    report::print(&rows, versions.as_deref());
    Ok(())
}
