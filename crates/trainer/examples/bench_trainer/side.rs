//! One of the two processes that take turns.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use model::Precision;
use serde::Deserialize;

use crate::Failure;

/// A process with a model.
pub struct Side {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    started: Instant,
    measured: Measured,
}

/// What was measured of one side.
#[derive(Default)]
pub struct Measured {
    pub steps: Vec<Step>,
    pub end: End,
    pub versions: Option<String>,
}

/// One step.
#[derive(Deserialize)]
pub struct Step {
    pub seconds: f64,
    pub cpu: f64,
    pub loss: f64,
}

/// What a side tells at the end.
#[derive(Default, Deserialize)]
pub struct End {
    pub peak_bytes: f64,
    /// The most memory until the model was loaded, and what it took then.
    pub loading_peak_bytes: Option<f64>,
    pub loaded_bytes: Option<f64>,
    /// Operations a second of a large product.
    pub product_rate: f64,
    versions: Option<String>,
}

impl Side {
    pub fn ours(folder: &Path, precision: Precision, instructions: &str) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("worker").arg(folder).arg(precision.name()).arg(instructions).env("MIMALLOC_PURGE_DELAY", "10");
        Self::start(command)
    }

    pub fn peft(python: &OsStr, folder: &Path, precision: Precision) -> Result<Self, Failure> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/bench_trainer.py");
        let threads = std::thread::available_parallelism()?;
        let mut command = Command::new(python);
        command.arg(script).arg(folder).arg(precision.name()).arg(threads.to_string());
        Self::start(command)
    }

    fn start(mut command: Command) -> Result<Self, Failure> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Err("no pipes".into()) };
        Ok(Self { child, input, output: BufReader::new(output).lines(), started, measured: Measured::default() })
    }

    fn answer<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Failure> {
        let line = self.output.next().ok_or("a side ended early; what it said stands above")??;
        Ok(serde_json::from_str(&line)?)
    }

    /// One step.
    pub fn step(&mut self) -> Result<(), Failure> {
        writeln!(self.input, "step")?;
        let step = self.answer()?;
        self.measured.steps.push(step);
        Ok(())
    }

    /// Seconds from the start of the process to the end of its first step; the process ends there.
    pub fn first_step(mut self) -> Result<f64, Failure> {
        self.step()?;
        let took = self.started.elapsed().as_secs_f64();
        // What it has made is of no use to anybody.
        self.child.kill()?;
        self.child.wait()?;
        Ok(took)
    }

    /// Ends the process.
    pub fn finish(mut self) -> Result<Measured, Failure> {
        writeln!(self.input)?;
        let mut end: End = self.answer()?;
        self.child.wait()?;
        self.measured.versions = end.versions.take();
        self.measured.end = end;
        Ok(self.measured)
    }
}
