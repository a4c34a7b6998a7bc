//! Stopping, dying and going on.

use crate::support::{Bench, Reaction, adapter_bytes, completed, kinds};
use domain::job::LogLevel;
use domain::run::{RunSpec, TrainerEvent, TrainerEventKind};
use std::fs;
use trainer::RunOutcome;

/// A run to compare with, and the bench that it ran on.
fn uninterrupted(seed: u64) -> (Bench, RunSpec, Vec<u8>, usize) {
    let bench = Bench::new();
    bench.write_varied_dataset(23);
    let mut spec = bench.spec("whole", 3);
    spec.config.settings.seed = seed;
    spec.config.settings.packing = seed.is_multiple_of(2);
    let (outcome, events) = bench.run(&spec);
    completed(outcome);
    let bytes = adapter_bytes(&spec);
    (bench, spec, bytes, events.len())
}

fn resumed_from(events: &[TrainerEvent]) -> Option<u64> {
    kinds(events).find_map(|k| match k {
        TrainerEventKind::Started { resumed_from_step, .. } => *resumed_from_step,
        _ => None,
    })
}

/// Dies at random events, again and again, until a run comes through; the adapter must be the same to the bit.
#[test]
fn a_killed_run_goes_on_to_the_same_bits() {
    for seed in [1, 2, 3, 4] {
        let (bench, spec, whole, events) = uninterrupted(seed);
        let mut broken = spec.clone();
        broken.output.dir = bench.folder.path().join("broken");
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut resumes = 0;
        for _ in 0..40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let last = 6 + (state >> 33) % (events as u64 / 2);
            let (outcome, seen) = bench.run_until(&broken, move |event| if event.seq == last { Reaction::Die } else { Reaction::GoOn });
            resumes += usize::from(resumed_from(&seen).is_some());
            match outcome {
                Ok(outcome) => {
                    completed(Ok(outcome));
                    break;
                }
                Err(error) => assert_eq!(error.code(), "event_sink_closed", "{error}"),
            }
        }
        assert!(resumes > 0, "no attempt went on from a checkpoint");
        assert!(adapter_bytes(&broken) == whole, "seed {seed}: the weights differ");
    }
}

/// Stops at every kind of event once: in the middle of an epoch, at its end, in a validation.
#[test]
fn a_stopped_run_saves_and_goes_on_to_the_same_bits() {
    let (bench, spec, whole, events) = uninterrupted(5);
    for at in (5..events as u64).step_by(3) {
        let mut stopped = spec.clone();
        stopped.output.dir = bench.folder.path().join(format!("stopped-{at}"));
        let (outcome, seen) = bench.run_until(&stopped, move |event| if event.seq == at { Reaction::Stop } else { Reaction::GoOn });
        match outcome.expect("no error") {
            RunOutcome::Completed { .. } => {}
            RunOutcome::Stopped { step, checkpoint_saved } => {
                assert_eq!(checkpoint_saved, step > 0, "event {at}");
                let last = kinds(&seen).last();
                assert!(matches!(last, Some(TrainerEventKind::Stopped { step: s, .. }) if *s == step), "{last:?}");
                let (outcome, seen) = bench.run(&stopped);
                completed(outcome);
                assert_eq!(resumed_from(&seen), (step > 0).then_some(step), "event {at}");
            }
        }
        assert!(adapter_bytes(&stopped) == whole, "stopped after event {at}: the weights differ");
    }
}

/// As after a crash between the last checkpoint and the upload.
#[test]
fn a_finished_run_started_again_only_writes_its_adapter() {
    let (bench, spec, whole, _) = uninterrupted(4);
    fs::remove_dir_all(spec.output.dir.join("adapter")).expect("removed");
    let (outcome, events) = bench.run(&spec);
    let (_, summary) = completed(outcome);
    assert_eq!(resumed_from(&events), Some(summary.total_steps));
    assert!(!kinds(&events).any(|k| matches!(k, TrainerEventKind::Metrics { .. })));
    assert!(summary.final_validation_loss.is_some() && summary.final_training_loss.is_some(), "{summary:?}");
    assert!(adapter_bytes(&spec) == whole);
}

#[test]
fn another_seed_gives_other_weights() {
    let (_a, _, first, _) = uninterrupted(1);
    let (_b, _, second, _) = uninterrupted(2);
    assert!(first != second);
}

fn warnings(events: &[TrainerEvent]) -> Vec<String> {
    let text = |k: &TrainerEventKind| match k {
        TrainerEventKind::Log { level: LogLevel::Warning, message } => Some(message.clone()),
        _ => None,
    };
    kinds(events).filter_map(text).collect()
}

/// A run that stopped at step 5, with checkpoints of steps 2, 4 and 5.
fn stopped_at_five() -> (Bench, RunSpec) {
    let bench = Bench::new();
    bench.write_varied_dataset(40);
    let spec = bench.spec("out", 2);
    let (outcome, _) = bench.run_until(&spec, |event| match event.kind {
        TrainerEventKind::Metrics { step: 5, .. } => Reaction::Stop,
        _ => Reaction::GoOn,
    });
    assert!(matches!(outcome, Ok(RunOutcome::Stopped { step: 5, checkpoint_saved: true })), "{outcome:?}");
    (bench, spec)
}

#[test]
fn a_torn_checkpoint_is_passed_over() {
    let (bench, spec) = stopped_at_five();
    let file = spec.output.dir.join("checkpoints/step-00000005/optimizer.safetensors");
    let bytes = fs::read(&file).expect("there");
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("torn");
    fs::create_dir_all(spec.output.dir.join("checkpoints/.unfinished-step-00000009")).expect("left behind");
    let (outcome, events) = bench.run(&spec);
    completed(outcome);
    assert_eq!(resumed_from(&events), Some(4));
    assert!(warnings(&events)[0].contains("step 5 is damaged: optimizer.safetensors"), "{:?}", warnings(&events));
    assert!(!spec.output.dir.join("checkpoints/.unfinished-step-00000009").exists());
}

#[test]
fn checkpoints_of_other_settings_or_data_are_not_used() {
    let (bench, spec) = stopped_at_five();
    let mut other = spec.clone();
    other.config.hyperparameters.learning_rate *= 2.0;
    let die_when_started = |event: &TrainerEvent| match event.kind {
        TrainerEventKind::Started { .. } => Reaction::Die,
        _ => Reaction::GoOn,
    };
    let (_, events) = bench.run_until(&other, die_when_started);
    assert_eq!(resumed_from(&events), None);
    assert!(warnings(&events)[0].contains("other settings or another data set"), "{:?}", warnings(&events));
    let mut more_often = spec.clone();
    more_often.config.settings.checkpoint_interval = 1;
    assert_eq!(resumed_from(&bench.run_until(&more_often, die_when_started).1), Some(5));
    bench.write_varied_dataset(41);
    assert_eq!(resumed_from(&bench.run_until(&spec, die_when_started).1), None);
}

#[test]
fn the_time_limit_stops_with_a_checkpoint() {
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let mut spec = bench.spec("out", 2);
    // A checkpoint that says that the job has used its time, then one more attempt.
    spec.config.settings.max_duration_hours = 0.01;
    let stop_at_two = |event: &TrainerEvent| match event.kind {
        TrainerEventKind::Metrics { step: 1, .. } => Reaction::Stop,
        _ => Reaction::GoOn,
    };
    let (outcome, _) = bench.run_until(&spec, stop_at_two);
    assert!(matches!(outcome, Ok(RunOutcome::Stopped { step: 1, .. })), "{outcome:?}");
    let folder = spec.output.dir.join("checkpoints/step-00000001");
    let mut state: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("state.json")).expect("there")).expect("JSON");
    state["seconds"] = 37.0.into();
    let bytes = serde_json::to_vec(&state).expect("JSON");
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).expect("there")).expect("JSON");
    manifest["state.json"] = serde_json::json!({"size": bytes.len(), "sha256": trainer::sha256_hex(&bytes)});
    fs::write(folder.join("state.json"), bytes).expect("written");
    fs::write(folder.join("manifest.json"), manifest.to_string()).expect("written");
    let (outcome, events) = bench.run(&spec);
    assert!(matches!(outcome, Ok(RunOutcome::Stopped { step: 2, checkpoint_saved: true })), "{outcome:?}");
    assert!(warnings(&events)[0].contains("limit of 0.01 hours"), "{:?}", warnings(&events));
}
