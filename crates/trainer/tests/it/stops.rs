//! Trainings that go astray: what stops them, what is said, and what is left.

use crate::support::{Bench, completed, kinds};
use domain::job::Scheduler;
use domain::run::{ParentAdapter, RunSpec, TrainerEvent, TrainerEventKind};
use std::fs;
use trainer::{Kept, TrainerError};

fn steps_done(events: &[TrainerEvent]) -> u64 {
    let step = |kind: &TrainerEventKind| match kind {
        TrainerEventKind::Metrics { step, training_loss: Some(loss), .. } if loss.is_finite() => Some(*step),
        _ => None,
    };
    kinds(events).filter_map(step).max().unwrap_or(0)
}

fn stored(spec: &RunSpec) -> Vec<String> {
    let entries = fs::read_dir(spec.output.dir.join("checkpoints")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn resumed_from(events: &[TrainerEvent]) -> Option<u64> {
    kinds(events).find_map(|kind| match kind {
        TrainerEventKind::Started { resumed_from_step, .. } => *resumed_from_step,
        _ => None,
    })
}

/// A run that goes on from a good adapter at a learning rate that climbs to where no training holds.
fn absurd(bench: &Bench) -> RunSpec {
    bench.write_varied_dataset(60);
    let mut good = bench.spec("good", 12);
    (good.config.hyperparameters.learning_rate, good.config.hyperparameters.gradient_accumulation_steps) = (2e-2, 1);
    good.config.settings.validation_split_ratio = 0.0;
    let (folder, summary) = completed(bench.run(&good).0);
    assert!(summary.final_training_loss < Some(1.5), "{summary:?}");
    let mut spec = bench.spec("out", 20);
    (spec.config.settings.checkpoint_interval, spec.config.settings.validation_split_ratio) = (3, 0.0);
    let h = &mut spec.config.hyperparameters;
    (h.learning_rate, h.scheduler, h.warmup_steps, h.max_grad_norm) = (0.1, Scheduler::Constant, 80, 0.0);
    (h.batch_size, h.gradient_accumulation_steps) = (4, 1);
    spec.parent = Some(ParentAdapter { model_id: "good".to_owned(), path: Some(folder), files: Default::default() });
    spec
}

#[test]
fn an_exploding_loss_stops_with_the_step_its_lines_and_a_checkpoint_from_before() {
    let bench = Bench::new();
    let spec = absurd(&bench);
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("no training holds at this rate");
    let TrainerError::LossExploded { ref reason, ref at, kept } = error else { panic!("{error:?}") };
    assert!(reason.contains("for 16 steps has been more than twice the"), "{error}");
    assert_eq!((error.code(), error.exit_code(), error.transient()), ("loss_exploded", 7, false));
    assert!(at.step == steps_done(&events) + 1 && !at.lines.is_empty(), "{error}");
    let (batch, batches) = at.batch.expect("a batch");
    assert_eq!((at.step, batches), (u64::from(at.epoch - 1) * batches + batch, 15));
    for part in [format!("step {} (batch {batch} of 15", at.step), at.lines.clone(), "Lower the learning rate".to_owned()] {
        assert!(error.to_string().contains(&part), "{part}: {error}");
    }
    // The newest checkpoint is from before, and a run goes on from it, to the same end.
    let kept = kept.0.expect("it went well at first");
    assert!(kept < at.step - 16, "{error}");
    assert_eq!(stored(&spec).last(), Some(&format!("step-{kept:08}")));
    let (again, events) = bench.run(&spec);
    assert_eq!((again.expect_err("again").to_string(), resumed_from(&events)), (error.to_string(), Some(kept)));
    assert!(!spec.output.dir.join("adapter").exists());
    // At a sensible rate it can be gone on from as a parent.
    let folder = spec.output.dir.join(format!("checkpoints/step-{kept:08}"));
    let mut sensible = bench.spec("sensible", 1);
    sensible.config.hyperparameters.learning_rate = 1e-5;
    sensible.parent = Some(ParentAdapter { model_id: "kept".to_owned(), path: Some(folder), files: Default::default() });
    completed(bench.run(&sensible).0);
}

#[test]
fn a_validation_far_above_the_first_stops_a_run() {
    let bench = Bench::new();
    let mut spec = absurd(&bench);
    // At the full rate from the first step on: no step was good, but the validation before it was.
    (spec.config.hyperparameters.warmup_steps, spec.config.settings.validation_split_ratio) = (0, 0.2);
    let (outcome, events) = bench.run(&spec);
    let error = outcome.expect_err("no training holds at this rate");
    let TrainerError::LossExploded { ref reason, ref at, kept: Kept(kept) } = error else { panic!("{error:?}") };
    assert!(reason.starts_with("the validation loss is") && at.batch.is_none() && at.epoch == 1, "{error}");
    let told = kinds(&events).filter(|k| matches!(k, TrainerEventKind::Metrics { validation_loss: Some(_), .. })).count();
    assert_eq!(told, 2, "also the loss that ended it");
    assert!(!spec.output.dir.join("adapter").exists() && kept.is_none_or(|kept| kept < at.step), "{error}");
}

/// A token that only one example has, whose embedding is broken: everything is well until its batch comes.
#[test]
fn a_late_loss_that_is_no_number_names_the_batch_and_keeps_what_was_good() {
    let bench = Bench::new();
    let lines: Vec<(String, String)> = (0..40).map(|i| (format!("my chain is {i}"), "check the brake".to_owned())).collect();
    let mut texts: Vec<(&str, &str)> = lines.iter().map(|(u, a)| (u.as_str(), a.as_str())).collect();
    texts[22].1 = "check the Zebra";
    bench.write_dataset(&texts);
    break_token(&bench, b'Z');
    let mut spec = bench.spec("out", 1);
    spec.config.settings.validation_split_ratio = 0.0;
    spec.config.settings.checkpoint_interval = 1;
    spec.config.hyperparameters.gradient_accumulation_steps = 1;
    // A seed that brings line 23 late; the rehearsal of the longest batch does not judge the loss.
    let (error, events) = (1..20)
        .find_map(|seed| {
            spec.config.settings.seed = seed;
            spec.output.dir = bench.folder.path().join(format!("seed-{seed}"));
            let (outcome, events) = bench.run(&spec);
            Some((outcome.expect_err("line 23 is in every epoch"), events)).filter(|(_, events)| steps_done(events) > 4)
        })
        .expect("a seed");
    let TrainerError::LossNotFinite { what: "loss", ref at, kept } = error else { panic!("{error:?}") };
    assert_eq!((error.code(), error.exit_code()), ("loss_not_finite", 7));
    assert!(at.step == steps_done(&events) + 1 && at.lines.split(", ").any(|line| line == "23"), "{error}");
    assert!(error.to_string().contains(&format!("step {} (batch {} of 20 in epoch 1", at.step, at.step)), "{error}");
    // That of the step before is not there: nothing has shown yet that its weights are good.
    assert_eq!(kept.0, Some(at.step - 2), "{error}");
    assert_eq!(stored(&spec).last(), Some(&format!("step-{:08}", at.step - 2)));
    let (again, events) = bench.run(&spec);
    assert_eq!((again.expect_err("again").to_string(), resumed_from(&events)), (error.to_string(), Some(at.step - 2)));
}

/// Makes the embedding of a byte's token no number; the head becomes a tensor of its own, which stays whole.
fn break_token(bench: &Bench, byte: u8) {
    let tokenizer: serde_json::Value =
        serde_json::from_slice(&fs::read(bench.base().join("tokenizer.json")).expect("there")).expect("JSON");
    let id = tokenizer["model"]["vocab"][char::from(byte).to_string()].as_u64().expect("a token");
    let path = bench.base().join("model.safetensors");
    let mut bytes = fs::read(&path).expect("there");
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    let mut tensors: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).expect("JSON");
    let mut data = bytes.split_off(8 + header);
    let mut head = tensors["model.embed_tokens.weight"].clone();
    let offset = |i: usize| head["data_offsets"][i].as_u64().expect("an offset") as usize;
    let (start, end, width) = (offset(0), offset(1), head["shape"][1].as_u64().expect("a width"));
    let whole = data[start..end].to_vec();
    head["data_offsets"] = serde_json::json!([data.len(), data.len() + whole.len()]);
    data.extend(whole);
    let at = start + (id * width * 4) as usize;
    data[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    tensors["lm_head.weight"] = head;
    let tensors = tensors.to_string().into_bytes();
    fs::write(path, [&(tensors.len() as u64).to_le_bytes(), tensors.as_slice(), &data].concat()).expect("written");
    let path = bench.base().join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("there")).expect("JSON");
    config["tie_word_embeddings"] = false.into();
    fs::write(path, config.to_string()).expect("written");
}
