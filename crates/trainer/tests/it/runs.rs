//! Whole runs: what they learn, write and report, and how they fail.

use crate::support::{Bench, completed, kinds};
use domain::job::{JobStage, LogLevel, OptimizerType, Precision, Scheduler, StageGroup, TargetModules};
use domain::run::{ARTIFACT_FILES, TrainerEventKind};
use std::fs;
use trainer::{RunOutcome, sha256_hex};

#[test]
fn one_batch_is_learned_by_heart() {
    let bench = Bench::new();
    // The same batch again and again: 30 times an epoch.
    bench.write_dataset(&[("one", "uno!"), ("two", "dos?"), ("three", "tres."), ("four", "cuatro")].repeat(30));
    let mut spec = bench.spec("out", 20);
    spec.config.settings.validation_split_ratio = 0.0;
    spec.config.settings.checkpoint_interval = 1000;
    let h = &mut spec.config.hyperparameters;
    (h.batch_size, h.gradient_accumulation_steps, h.lora_rank, h.lora_alpha, h.lora_dropout) = (4, 1, 16, 32.0, 0.0);
    (h.learning_rate, h.scheduler, h.weight_decay) = (1e-2, Scheduler::Cosine, 0.0);
    let (outcome, _) = bench.run(&spec);
    let (_, summary) = completed(outcome);
    let (first, last) = (summary.initial_training_loss.expect("first"), summary.final_training_loss.expect("last"));
    assert!(first > 3.0 && last < 0.05, "{first} to {last}");
}

/// Loss and gradient norm of the first step, over all examples at once.
fn first_step(bench: &Bench, packing: bool, batch_size: u32, accumulation: u32) -> (f64, f64) {
    let mut spec = bench.spec(&format!("out-{packing}-{batch_size}"), 1);
    (spec.config.settings.packing, spec.config.settings.validation_split_ratio) = (packing, 0.0);
    let h = &mut spec.config.hyperparameters;
    (h.batch_size, h.gradient_accumulation_steps, h.lora_dropout) = (batch_size, accumulation, 0.0);
    let (outcome, events) = bench.run(&spec);
    assert_eq!(completed(outcome).1.total_steps, 1);
    let found = kinds(&events).find_map(|k| match k {
        TrainerEventKind::Metrics { step: 1, training_loss: Some(loss), gradient_norm: Some(norm), .. } => Some((*loss, *norm)),
        _ => None,
    });
    found.expect("a step")
}

fn assert_near(found: (f64, f64), wanted: (f64, f64), within: f64) {
    let near = |a: f64, b: f64| (a - b).abs() <= within * b.abs();
    assert!(near(found.0, wanted.0) && near(found.1, wanted.1), "{found:?}, wanted {wanted:?}");
}

#[test]
fn packed_examples_have_the_loss_and_gradients_of_unpacked_ones() {
    let bench = Bench::new();
    bench.write_varied_dataset(24);
    assert_near(first_step(&bench, true, 64, 1), first_step(&bench, false, 64, 1), 1e-5);
}

#[test]
fn accumulation_is_the_larger_batch() {
    let bench = Bench::new();
    bench.write_varied_dataset(24);
    assert_near(first_step(&bench, false, 6, 4), first_step(&bench, false, 24, 1), 1e-6);
}

#[test]
fn a_base_model_in_bf16_trains_to_much_the_same_adapter_and_says_what_it_was() {
    let bench = Bench::new();
    bench.write_varied_dataset(24);
    let run = |precision: Precision| {
        let mut spec = bench.spec(precision.as_str(), 3);
        spec.config.settings.precision = precision;
        let (path, summary) = completed(bench.run(&spec).0);
        let metadata: serde_json::Value = serde_json::from_slice(&fs::read(path.join("metadata.json")).expect("metadata")).expect("JSON");
        assert_eq!(metadata["trainer"]["precision"], precision.as_str());
        summary.final_training_loss.expect("a loss")
    };
    let (exact, rounded) = (run(Precision::F32), run(Precision::Bf16));
    assert!(exact != rounded && (exact - rounded).abs() < 0.02 * exact, "{exact} and {rounded}");
}

#[test]
fn packing_makes_fewer_steps_and_says_so() {
    let bench = Bench::new();
    bench.write_varied_dataset(40);
    let mut spec = bench.spec("out", 2);
    spec.config.settings.packing = true;
    let (outcome, events) = bench.run(&spec);
    let (_, summary) = completed(outcome);
    let planned = kinds(&events).find_map(|k| match k {
        TrainerEventKind::Plan { total_steps, .. } => Some(*total_steps),
        _ => None,
    });
    assert_eq!(Some(summary.total_steps), planned);
    assert!(summary.total_steps < 16 && summary.train_examples == 32, "{summary:?}");
    let said =
        kinds(&events).any(|k| matches!(k, TrainerEventKind::Log { message, .. } if message.starts_with("Packed 32 examples into ")));
    assert!(said);
}

#[test]
fn each_optimiser_brings_the_loss_down() {
    for (kind, rate) in [(OptimizerType::Adamw, 5e-3), (OptimizerType::Sgd, 5e-2), (OptimizerType::Adafactor, 5e-3)] {
        let bench = Bench::new();
        bench.write_varied_dataset(30);
        let mut spec = bench.spec("out", 4);
        (spec.config.hyperparameters.optimizer_type, spec.config.hyperparameters.learning_rate) = (kind, rate);
        let (outcome, _) = bench.run(&spec);
        let (_, summary) = completed(outcome);
        let (first, last) = (summary.initial_validation_loss.expect("first"), summary.final_validation_loss.expect("last"));
        assert!(last < 0.9 * first, "{kind}: {first} to {last}");
    }
}

#[test]
fn a_run_reports_each_step_in_order() {
    let bench = Bench::new();
    bench.write_varied_dataset(20);
    let spec = bench.spec("out", 2);
    let (outcome, events) = bench.run(&spec);
    let (_, summary) = completed(outcome);
    assert_eq!((summary.total_epochs, summary.total_steps, summary.train_examples, summary.validation_examples), (2, 8, 16, 4));
    assert!(events.iter().map(|e| e.seq).eq(1..=events.len() as u64));
    let plan = kinds(&events).find_map(|k| match k {
        TrainerEventKind::Plan { total_steps, train_examples, label_tokens, trainable_parameters, .. } => {
            Some((*total_steps, *train_examples, *label_tokens, *trainable_parameters))
        }
        _ => None,
    });
    let (total_steps, train_examples, label_tokens, parameters) = plan.expect("a plan");
    assert!((total_steps, train_examples) == (8, 16) && label_tokens > 100 && parameters > 1000);
    let metrics: Vec<_> = kinds(&events)
        .filter_map(|k| match k {
            TrainerEventKind::Metrics { step, training_loss, validation_loss, learning_rate, .. } => {
                Some((*step, training_loss.is_some(), validation_loss.is_some(), *learning_rate))
            }
            _ => None,
        })
        .collect();
    assert!(metrics.iter().map(|m| m.0).eq(0..=8), "{metrics:?}");
    assert!(metrics.iter().all(|m| m.1 == (m.0 > 0) && m.2 == (m.0 % 4 == 0)), "{metrics:?}");
    assert_eq!((metrics[1].3, metrics[2].3, metrics[3].3), (0.0, 2.5e-3, 5e-3));
    let groups: Vec<_> = kinds(&events)
        .filter_map(|k| match k {
            TrainerEventKind::Stage { stage, group, .. } => Some((*stage, *group)),
            _ => None,
        })
        .collect();
    assert_eq!(groups[0], (JobStage::Initializing, StageGroup::Preprocessing));
    assert_eq!(groups.last(), Some(&(JobStage::Saving, StageGroup::Finalization)));
    assert!(groups.is_sorted_by_key(|g| StageGroup::ALL.iter().position(|a| *a == g.1)), "{groups:?}");
    let before_started = events.iter().take_while(|e| !matches!(e.kind, TrainerEventKind::Started { .. }));
    assert!(before_started.clone().any(|e| matches!(e.kind, TrainerEventKind::Plan { .. })));
    assert!(before_started.map(|e| e.elapsed_seconds).all(|s| s == 0.0));
    assert!(kinds(&events).any(|k| matches!(k, TrainerEventKind::Progress { progress, .. } if *progress == 100.0)));
}

#[test]
fn the_adapter_is_complete_and_says_where_it_is_from() {
    let bench = Bench::new();
    bench.write_varied_dataset(20);
    let spec = bench.spec("out", 2);
    let (outcome, _) = bench.run(&spec);
    let RunOutcome::Completed { artifacts, path, summary } = outcome.expect("completes") else { panic!("stopped") };
    assert!(artifacts.iter().map(|a| a.name.as_str()).eq(ARTIFACT_FILES));
    assert_eq!(path, spec.output.dir.join("adapter"));
    for file in &artifacts {
        let bytes = fs::read(path.join(&file.name)).expect("there");
        assert_eq!((file.size, &file.sha256), (bytes.len() as u64, &sha256_hex(&bytes)), "{}", file.name);
    }
    let metadata: serde_json::Value = serde_json::from_slice(&fs::read(path.join("metadata.json")).expect("there")).expect("JSON");
    assert_eq!(metadata["dataset"]["sha256"], sha256_hex(&fs::read(bench.dataset()).expect("there")));
    assert_eq!(metadata["config"]["hyperparameters"]["loraRank"], 4);
    assert_eq!(metadata["provenance"]["datasetName"], "Bench");
    assert_eq!(metadata["exported"]["chosenBy"], "best validation loss");
    assert_eq!(metadata["metrics"]["finalValidationLoss"], serde_json::json!(summary.final_validation_loss));
    assert_eq!(metadata["files"].as_array().map(Vec::len), Some(ARTIFACT_FILES.len() - 1));
    let config: serde_json::Value = serde_json::from_slice(&fs::read(path.join("adapter_config.json")).expect("there")).expect("JSON");
    assert_eq!((&config["base_model_name_or_path"], &config["r"]), (&"test/tiny".into(), &4.into()));
    let card = fs::read_to_string(path.join("README.md")).expect("there");
    assert!(card.contains("base_model: \"test/tiny\"") && card.contains("PeftModel.from_pretrained"), "{card}");
    assert!(fs::read(path.join("tokenizer.json")).expect("there") == fs::read(bench.base().join("tokenizer.json")).expect("there"));
}

#[test]
fn targets_scaling_and_layers_are_as_asked() {
    let bench = Bench::new();
    bench.write_varied_dataset(6);
    let all: Vec<String> = domain::job::TARGET_MODULES.iter().map(|name| (*name).to_owned()).collect();
    let text = |text: &str| TargetModules::Text(text.to_owned());
    let cases = [
        (text("all-linear"), None, serde_json::json!(all), 28),
        (text("v_proj"), Some(vec![1]), serde_json::json!(["v_proj"]), 2),
        (TargetModules::of(&["q_proj", "up_proj"]), Some(vec![0]), serde_json::json!(["q_proj", "up_proj"]), 4),
        (text(r".*\.1\.mlp\.(up|down)_proj"), None, serde_json::json!(r".*\.1\.mlp\.(up|down)_proj"), 4),
    ];
    for (targets, layers, written, tensors) in cases {
        let mut spec = bench.spec(&format!("out-{}", targets.shown().replace('/', "")), 1);
        let h = &mut spec.config.hyperparameters;
        (h.target_modules, h.layers_to_transform, h.use_rslora) = (targets, layers.clone(), true);
        let (outcome, _) = bench.run(&spec);
        let (path, _) = completed(outcome);
        let config: serde_json::Value = serde_json::from_slice(&fs::read(path.join("adapter_config.json")).expect("there")).expect("JSON");
        let wanted = serde_json::json!([written, layers, true]);
        assert_eq!(serde_json::json!([config["target_modules"], config["layers_to_transform"], config["use_rslora"]]), wanted);
        let bytes = fs::read(path.join("adapter_model.safetensors")).expect("there");
        assert_eq!(safetensors::SafeTensors::deserialize(&bytes).expect("readable").len(), tensors, "{wanted}");
        let card = fs::read_to_string(path.join("README.md")).expect("there");
        assert!(card.contains("(rsLoRA)"), "{card}");
    }
}

#[test]
fn early_stopping_keeps_the_best() {
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let mut spec = bench.spec("out", 20);
    spec.config.settings.early_stopping_patience = Some(2);
    // Far too high a rate: the held-out loss soon rises.
    spec.config.hyperparameters.learning_rate = 5e-2;
    let (outcome, events) = bench.run(&spec);
    let (_, summary) = completed(outcome);
    assert!(summary.total_epochs < 20, "{summary:?}");
    let losses: Vec<f64> = kinds(&events)
        .filter_map(|k| match k {
            TrainerEventKind::Metrics { step, validation_loss, .. } if *step > 0 => *validation_loss,
            _ => None,
        })
        .collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(summary.final_validation_loss, Some(best));
    assert!(losses[losses.len() - 2..].iter().all(|l| *l >= best) && losses[losses.len() - 3] == best, "{losses:?}");
    let kept = fs::read_dir(spec.output.dir.join("checkpoints")).expect("checkpoints").count();
    assert!(kept <= 4, "{kept} checkpoints are kept");
}

#[test]
fn a_loss_that_is_not_finite_names_the_step_and_the_lines() {
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let mut spec = bench.spec("out", 1);
    let weights = bench.base().join("model.safetensors");
    let mut bytes = fs::read(&weights).expect("there");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&weights, bytes).expect("written");
    spec.config.settings.validation_split_ratio = 0.0;
    let (outcome, _) = bench.run(&spec);
    let error = outcome.expect_err("not finite");
    assert_eq!((error.code(), error.transient()), ("loss_not_finite", false));
    assert!(error.to_string().contains("step 1 (batch 1 of") && error.to_string().contains("lines "), "{error}");
}

#[test]
fn nothing_to_train_on_costs_nothing() {
    let bench = Bench::new();
    let line = r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","weight":0}]}"#;
    fs::write(bench.dataset(), format!("{line}\n").repeat(12)).expect("written");
    let (outcome, events) = bench.run(&bench.spec("out", 1));
    let error = outcome.expect_err("nothing");
    assert_eq!((error.code(), error.transient()), ("no_trainable_examples", false), "{error}");
    assert!(!kinds(&events).any(|k| matches!(k, TrainerEventKind::Started { .. })));
}

#[test]
fn long_examples_are_cut_counted_and_named() {
    let bench = Bench::new();
    let long = "very long ".repeat(40);
    bench.write_dataset(&[(&long, "short answer"), ("short", &long), ("a", "b"), ("c", "d")]);
    let mut spec = bench.spec("out", 1);
    spec.config.hyperparameters.max_seq_length = 4096;
    spec.config.settings.validation_split_ratio = 0.0;
    let (outcome, events) = bench.run(&spec);
    completed(outcome);
    assert!(kinds(&events).any(|k| matches!(k, TrainerEventKind::Plan { truncated_examples: 2, masked_examples: 0, .. })));
    let warnings: Vec<_> = kinds(&events)
        .filter_map(|k| match k {
            TrainerEventKind::Log { level: LogLevel::Warning, message } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    assert!(warnings.iter().any(|w| w.contains("above the base model's context; 128 tokens")), "{warnings:?}");
    for named in ["overlong_example: 2 examples are longer than 128 tokens", "answer_cut: 1 examples lost the end of an answer: lines 2."] {
        assert!(warnings.iter().any(|w| w.contains(named)), "{warnings:?}");
    }
}

#[test]
fn settings_and_files_that_cannot_be_used_are_named() {
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let mut spec = bench.spec("out", 1);
    spec.config.hyperparameters.lora_rank = 200;
    let error = bench.run(&spec).0.expect_err("rank");
    assert!(error.code() == "invalid_config" && error.to_string().contains("rank"), "{error}");
    let mut spec = bench.spec("out", 1);
    spec.dataset.sha256 = Some("00".repeat(32));
    assert_eq!(bench.run(&spec).0.expect_err("hash").code(), "dataset_changed");
    let mut spec = bench.spec("out", 1);
    spec.base_model.path = bench.folder.path().join("nowhere");
    let error = bench.run(&spec).0.expect_err("no model");
    assert!(error.full_message().contains("config.json"), "{}", error.full_message());
}

#[test]
fn the_order_of_the_data_is_written_down() {
    let bench = Bench::new();
    bench.write_varied_dataset(20);
    for packing in [false, true] {
        let mut spec = bench.spec(&format!("out-{packing}"), 2);
        spec.config.settings.packing = packing;
        let (path, _) = completed(bench.run(&spec).0);
        let metadata: serde_json::Value = serde_json::from_slice(&fs::read(path.join("metadata.json")).expect("there")).expect("JSON");
        let mut orders = Vec::new();
        for epoch in 1..=2 {
            let bytes = fs::read(spec.output.dir.join(format!("order/epoch-000{epoch}.json"))).expect("written");
            assert_eq!(metadata["dataOrder"]["sha256ByEpoch"][epoch - 1], sha256_hex(&bytes));
            let order: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
            assert_eq!((order["epoch"].as_u64(), order["seed"].as_u64()), (Some(epoch as u64), Some(7)));
            let rows: Vec<Vec<u64>> = serde_json::from_value(order["rows"].clone()).expect("rows of lines");
            assert_eq!(rows.iter().all(|row| row.len() == 1), !packing);
            orders.push(rows.concat());
        }
        assert_ne!(orders[0], orders[1]);
        orders.iter_mut().for_each(|lines| lines.sort_unstable());
        assert!(orders[0] == orders[1] && orders[0].len() == 16 && orders[0].windows(2).all(|w| w[0] < w[1]), "{orders:?}");
    }
}
