//! What happens before the first step: going on from another adapter, memory, the rehearsal.

use crate::support::{Bench, completed, kinds};
use domain::job::{GradientCheckpointing, TargetModules};
use domain::run::{ParentAdapter, RunSpec, TrainerEventKind};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

fn parent(folder: PathBuf) -> ParentAdapter {
    ParentAdapter { model_id: "first".to_owned(), path: Some(folder), files: BTreeMap::new() }
}

/// A first training, and the folder of its adapter.
fn first(bench: &Bench) -> (PathBuf, domain::run::RunSummary) {
    bench.write_varied_dataset(24);
    completed(bench.run(&bench.spec("first", 2)).0)
}

#[test]
fn a_training_goes_on_from_another_adapter() {
    let bench = Bench::new();
    let (folder, before) = first(&bench);
    let mut spec = bench.spec("second", 1);
    spec.parent = Some(parent(folder));
    let (path, after) = completed(bench.run(&spec).0);
    assert_eq!(after.initial_validation_loss, before.final_validation_loss, "it begins where the other one ended");
    assert!(after.final_validation_loss < before.initial_validation_loss);
    let metadata: serde_json::Value = serde_json::from_slice(&fs::read(path.join("metadata.json")).expect("there")).expect("JSON");
    assert_eq!(metadata["parent"]["modelId"], "first");
    assert!(fs::read_to_string(path.join("README.md")).expect("there").contains("went on from the adapter `first`"));
}

type Change = fn(&mut RunSpec);

#[test]
fn a_parent_that_does_not_fit_is_refused_with_what_differs() {
    let bench = Bench::new();
    let (folder, _) = first(&bench);
    let cases: [(Change, &str); 6] = [
        (|spec| spec.config.hyperparameters.lora_rank = 8, "set loraRank to 4"),
        (|spec| spec.config.hyperparameters.lora_alpha = 32.0, "set loraAlpha to 8"),
        (|spec| spec.config.hyperparameters.use_rslora = true, "useRslora to false"),
        (|spec| spec.config.hyperparameters.target_modules = TargetModules::of(&["q_proj"]), "set targetModules"),
        (|spec| spec.base_model.id = "test/other".to_owned(), "base_model_name_or_path in adapter_config.json is test/tiny"),
        (|spec| spec.parent = Some(parent("/nowhere".into())), "/nowhere/adapter_config.json"),
    ];
    for (change, said) in cases {
        let mut spec = bench.spec("other", 1);
        spec.parent = Some(parent(folder.clone()));
        change(&mut spec);
        let (outcome, events) = bench.run(&spec);
        let error = outcome.expect_err(said);
        assert!(error.full_message().contains(said), "{}", error.full_message());
        assert!(!kinds(&events).any(|k| matches!(k, TrainerEventKind::Started { .. })), "{said}: billed");
        assert!(!spec.output.dir.join("adapter").exists());
    }
}

#[test]
fn a_run_without_memory_is_refused_with_figures_and_what_would_fit() {
    let bench = Bench::new();
    bench.write_varied_dataset(24);
    let planned = |spec: &RunSpec| {
        let (outcome, events) = bench.run(spec);
        completed(outcome);
        let bytes = kinds(&events).find_map(|k| match k {
            TrainerEventKind::Plan { memory_bytes, .. } => *memory_bytes,
            _ => None,
        });
        bytes.expect("planned")
    };
    let mut spec = bench.spec("plain", 1);
    spec.config.hyperparameters.batch_size = 16;
    let plain = planned(&spec);
    spec = bench.spec("again", 1);
    spec.config.hyperparameters.batch_size = 16;
    spec.config.settings.gradient_checkpointing = GradientCheckpointing::On;
    let again = planned(&spec);
    assert!(again < plain);
    // Tight enough that only recomputing fits: chosen by itself, refused where it is switched off.
    spec.memory_limit = Some((again * 100 / 95 + 4096).min(plain * 100 / 95 - 4096));
    spec.config.settings.gradient_checkpointing = GradientCheckpointing::Auto;
    spec.output.dir = bench.folder.path().join("auto");
    assert_eq!(planned(&spec), again);
    spec.config.settings.gradient_checkpointing = GradientCheckpointing::Off;
    spec.output.dir = bench.folder.path().join("off");
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("too little");
    assert_eq!((error.code(), error.transient()), ("out_of_memory", false));
    let message = error.to_string();
    assert!(message.contains("MiB") && message.contains("gradientCheckpointing on") && message.contains("batchSize 8"), "{message}");
    assert!(!kinds(&events).any(|k| matches!(k, TrainerEventKind::Started { .. })));
}

#[test]
fn recomputing_gives_the_same_bits() {
    let bench = Bench::new();
    bench.write_varied_dataset(16);
    let bytes = |name: &str, asked| {
        let mut spec = bench.spec(name, 1);
        spec.config.settings.gradient_checkpointing = asked;
        completed(bench.run(&spec).0);
        crate::support::adapter_bytes(&spec)
    };
    assert!(bytes("off", GradientCheckpointing::Off) == bytes("on", GradientCheckpointing::On));
}

#[test]
fn a_rehearsal_comes_before_the_bill_and_names_what_to_change() {
    let bench = Bench::new();
    bench.write_varied_dataset(16);
    let spec = bench.spec("out", 1);
    let (outcome, events) = bench.run(&spec);
    completed(outcome);
    let place = |wanted: &dyn Fn(&TrainerEventKind) -> bool| kinds(&events).position(wanted).expect("there");
    let rehearsed = place(&|k| matches!(k, TrainerEventKind::Log { message, .. } if message.starts_with("Rehearsed")));
    assert!(rehearsed < place(&|k| matches!(k, TrainerEventKind::Started { .. })));
    assert!(!spec.output.dir.join(".rehearsal").exists());
}

#[test]
fn a_rehearsal_that_fails_names_the_setting_and_is_not_billed() {
    let bench = Bench::new();
    bench.write_varied_dataset(16);
    let spec = bench.spec("blocked", 1);
    // A file in the way of the rehearsal's checkpoint.
    fs::create_dir_all(&spec.output.dir).expect("made");
    fs::write(spec.output.dir.join(".rehearsal"), b"in the way").expect("written");
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("in the way");
    assert_eq!((error.code(), error.exit_code(), error.transient()), ("rehearsal_failed", 6, false));
    let message = error.full_message();
    for part in ["a checkpoint", "Change output.dir", ".rehearsal"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!kinds(&events).any(|k| matches!(k, TrainerEventKind::Started { .. })));
}

#[test]
fn a_run_that_goes_on_is_rehearsed_too() {
    let bench = Bench::new();
    bench.write_varied_dataset(24);
    let spec = bench.spec("out", 1);
    let (outcome, _) = bench.run_until(&spec, |event| match event.kind {
        TrainerEventKind::Metrics { step: 3, .. } => crate::support::Reaction::Stop,
        _ => crate::support::Reaction::GoOn,
    });
    assert!(matches!(outcome, Ok(trainer::RunOutcome::Stopped { step: 3, .. })));
    let (outcome, events) = bench.run(&spec);
    completed(outcome);
    let place = |wanted: &dyn Fn(&TrainerEventKind) -> bool| kinds(&events).position(wanted).expect("there");
    let rehearsed = place(&|k| matches!(k, TrainerEventKind::Log { message, .. } if message.starts_with("Rehearsed")));
    assert!(rehearsed < place(&|k| matches!(k, TrainerEventKind::Started { resumed_from_step: Some(3), .. })));
}
