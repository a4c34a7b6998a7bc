//! The evaluation at the end of a run: what it measures, its bounds, and that it can be broken off.

use crate::support::{Bench, Collect, Reaction, adapter_bytes, completed, kinds};
use chrono::{DateTime, Duration, Utc};
use domain::Clock;
use domain::evaluation::{Evaluation, EvaluationScores};
use domain::job::{JobStage, LogLevel, StageGroup};
use domain::run::{RunSpec, TrainerEvent, TrainerEventKind};
use std::fs;
use std::sync::Mutex;
use trainer::{Emitter, RunOutcome, StopFlag};

fn bench() -> (Bench, RunSpec) {
    let bench = Bench::new();
    bench.write_varied_dataset(40);
    let mut spec = bench.spec("out", 4);
    spec.config.hyperparameters.learning_rate = 2e-2;
    spec.config.settings.validation_split_ratio = 0.3;
    (bench, spec)
}

/// Without what it took, which differs each time.
fn figures(evaluation: Option<Evaluation>) -> Evaluation {
    Evaluation { seconds: 0.0, ..evaluation.expect("something was held out") }
}

fn near(found: Option<f64>, wanted: Option<f64>) -> bool {
    found.zip(wanted).is_some_and(|(f, w)| (f - w).abs() < 1e-5 * w.abs())
}

#[test]
fn both_models_are_measured_on_the_same_held_out_examples() {
    let (bench, spec) = bench();
    let (outcome, _) = bench.run(&spec);
    let (folder, summary) = completed(outcome);
    let found = figures(summary.evaluation.clone());
    assert_eq!((found.examples, found.conversations, found.generated_examples, found.time_limit_reached), (12, 12, 12, false));
    assert!(near(found.base.loss, summary.initial_validation_loss), "{found:?}");
    assert!(near(found.adapter.loss, summary.final_validation_loss), "{found:?}");
    assert!(near(found.adapter.perplexity, found.adapter.loss.map(f64::exp)));
    let shares = |s: &EvaluationScores| [s.token_accuracy, s.semantic_similarity, s.fluency, s.bleu.map(|bleu| bleu / 100.0)];
    for share in shares(&found.base).into_iter().chain(shares(&found.adapter)) {
        assert!(share.is_some_and(|share| (0.0..=1.0).contains(&share)), "{found:?}");
    }
    // The answers are single sentences, so that their coherence cannot be told.
    let improvement = &found.improvement;
    assert!(improvement.loss.is_some_and(|better| better > 0.5) && improvement.token_accuracy.is_some_and(|better| better > 0.1));
    assert!(improvement.bleu.is_some_and(|better| better >= 0.0) && found.perplexity_reduction.is_some_and(|percent| percent > 30.0));
    let interval = found.loss_interval.expect("enough conversations");
    let loss = improvement.loss.expect("measured");
    assert!(interval.low > 0.0 && interval.low < loss && loss < interval.high, "{interval:?} around {loss}");
    assert!(found.bleu_interval.is_some());
    assert!(summary.overfit_gap.is_some() && summary.loss_trend.is_some());

    let metadata: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("metadata.json")).expect("read")).expect("JSON");
    assert_eq!(metadata["metrics"]["evaluation"]["adapter"]["tokenAccuracy"].as_f64(), found.adapter.token_accuracy);
    let card = fs::read_to_string(folder.join("README.md")).expect("read");
    assert!(card.contains("| Token accuracy |") && card.contains("12 held-out examples"), "{card}");

    let mut again = spec.clone();
    again.output.dir = bench.folder.path().join("again");
    assert_eq!(figures(completed(bench.run(&again).0).1.evaluation), found, "the same seed gives the same figures");
}

#[test]
fn nothing_held_out_is_nothing_evaluated_and_no_questions_are_no_answers() {
    let (bench, mut spec) = bench();
    spec.config.settings.evaluation_examples = 0;
    let found = figures(completed(bench.run(&spec).0).1.evaluation);
    assert!(found.adapter.loss.is_some() && found.generated_examples == 0);
    assert_eq!((found.adapter.bleu, found.adapter.fluency, found.adapter.semantic_similarity), (None, None, None));
    (spec.output.dir, spec.config.settings.validation_split_ratio) = (bench.folder.path().join("none"), 0.0);
    let (_, summary) = completed(bench.run(&spec).0);
    assert_eq!((summary.evaluation, summary.overfit_gap, summary.loss_trend), (None, None, None));
}

fn is_evaluating(event: &TrainerEvent) -> bool {
    matches!(&event.kind, TrainerEventKind::Stage { stage: JobStage::Validating, group: StageGroup::Finalization, message }
        if message.starts_with("Evaluating"))
}

#[test]
fn a_run_that_stops_or_dies_while_evaluating_goes_on_to_the_same_result() {
    let (bench, spec) = bench();
    let (_, summary) = completed(bench.run(&spec).0);
    let (bytes, found) = (adapter_bytes(&spec), figures(summary.evaluation));
    for (name, wanted) in [("stopped", 1), ("stopped-later", 2), ("killed", 3)] {
        let mut broken = spec.clone();
        broken.output.dir = bench.folder.path().join(name);
        let mut seen = 0;
        let (outcome, events) = bench.run_until(&broken, move |event| {
            seen += usize::from(is_evaluating(event));
            match (seen == wanted, wanted) {
                (true, 3) => Reaction::Die,
                (true, _) => Reaction::Stop,
                _ => Reaction::GoOn,
            }
        });
        match outcome {
            Ok(RunOutcome::Stopped { checkpoint_saved, .. }) if wanted < 3 => assert!(checkpoint_saved),
            Err(error) if wanted == 3 => assert_eq!(error.code(), "event_sink_closed"),
            other => panic!("{name}: {other:?}"),
        }
        assert!(events.iter().any(is_evaluating) && !broken.output.dir.join("adapter").exists());
        let (outcome, events) = bench.run(&broken);
        let trained = kinds(&events).filter(|k| matches!(k, TrainerEventKind::Metrics { .. })).count();
        assert_eq!((figures(completed(outcome).1.evaluation), trained), (found.clone(), 0), "{name}");
        assert!(adapter_bytes(&broken) == bytes, "{name}");
    }
}

/// A clock that moves on by a tenth of a second whenever it is asked.
struct Hurried(Mutex<DateTime<Utc>>);

impl Clock for Hurried {
    fn now(&self) -> DateTime<Utc> {
        let mut now = self.0.lock().expect("lock");
        *now += Duration::milliseconds(100);
        *now
    }
}

#[test]
fn time_that_runs_out_leaves_figures_out_and_says_so() {
    let (bench, mut spec) = bench();
    let run = |spec: &RunSpec| {
        let (mut sink, clock) = (Collect::default(), Hurried(Mutex::new(DateTime::UNIX_EPOCH)));
        let mut emitter = Emitter::new(&mut sink, &clock);
        let outcome = trainer::run(spec, &bench.dataset(), &mut emitter, &StopFlag::new());
        (completed(outcome).1.evaluation.expect("held out"), sink.0)
    };
    spec.config.settings.evaluation_minutes = 0.1;
    let (found, events) = run(&spec);
    assert!(found.time_limit_reached && found.examples == 12 && found.generated_examples < 12, "{found:?}");
    assert!(found.seconds < 8.0, "{found:?}");
    let warned = |kind: &TrainerEventKind| matches!(kind, TrainerEventKind::Log { level: LogLevel::Warning, message } if message.contains("evaluationMinutes"));
    assert!(kinds(&events).any(warned));
    let left = kinds(&events)
        .filter(|k| matches!(k, TrainerEventKind::Progress { progress, estimated_time_remaining: Some(_), .. } if *progress == 100.0));
    assert!(left.count() > 3, "the time that is left is told while it evaluates");
    spec.output.dir = bench.folder.path().join("long");
    spec.config.settings.evaluation_minutes = 60.0;
    let (found, _) = run(&spec);
    assert!(!found.time_limit_reached && found.generated_examples == 12, "{found:?}");
}

#[test]
fn an_estimate_counts_the_evaluation_within_its_bound() {
    use domain::MicroUsd;
    use domain::cost::{Throughput, estimate, evaluation_work};
    let (_bench, spec) = bench();
    let mut config = spec.config;
    let statistics = domain::dataset::DatasetStatistics {
        total_training_pairs: 200,
        total_conversations: 50,
        total_tokens: 20_000,
        ..domain::dataset::DatasetStatistics::default()
    };
    let seconds = |config: &domain::job::TrainingConfig| {
        let speed = Throughput { tokens_per_second: 100.0, measured: true };
        estimate(&statistics, 1000, config, 1, MicroUsd::from_usd(0.05), speed, 0.0).seconds
    };
    config.settings.evaluation_examples = 0;
    let without = seconds(&config);
    config.settings.evaluation_examples = 16;
    let with = seconds(&config);
    assert!(with - without > 16.0 * 128.0 * 2.0 / 100.0, "{with} and {without}");
    config.settings.evaluation_minutes = 0.1;
    assert!(seconds(&config) <= without + 6.0);
    assert!(
        evaluation_work(1000.0, 4, &config.settings) < evaluation_work(1000.0, 16, &config.settings),
        "no more questions than examples"
    );
}
