//! Optimisers, clipping and schedules against figures of torch and transformers (`scripts/optimizer_oracle.py`).

use domain::job::{OptimizerType, Scheduler};
use serde::Deserialize;
use std::collections::BTreeMap;
use trainer::{Optimizer, Schedule, clip_factor};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Oracle {
    shapes: Vec<[usize; 2]>,
    rates: Vec<f64>,
    weight_decay: f64,
    initial: Vec<Vec<f32>>,
    gradients: Vec<Vec<Vec<f32>>>,
    trajectories: BTreeMap<OptimizerType, Vec<Vec<Vec<f32>>>>,
    clipping: Vec<Clipping>,
    schedules: Vec<Rates>,
}

#[derive(Deserialize)]
struct Clipping {
    limit: f64,
    norm: f64,
    clipped: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rates {
    kind: Scheduler,
    warmup_steps: u64,
    total_steps: u64,
    peak: f64,
    rates: Vec<f64>,
}

fn oracle() -> Oracle {
    serde_json::from_str(include_str!("../fixtures/optimizer_oracle.json")).expect("fixture parses")
}

fn close(ours: f32, theirs: f32) -> bool {
    (ours - theirs).abs() <= 2e-6 * theirs.abs().max(0.1)
}

#[test]
fn optimisers_follow_torch_step_by_step() {
    let oracle = oracle();
    assert_eq!(oracle.trajectories.len(), OptimizerType::ALL.len());
    for (kind, expected) in &oracle.trajectories {
        let names = ["a", "b"];
        let mut optimizer = Optimizer::new(*kind, oracle.weight_decay, names.into_iter().zip(oracle.shapes.iter().copied()));
        let mut weights = oracle.initial.clone();
        for (step, (rate, want)) in oracle.rates.iter().zip(expected).enumerate() {
            let gradients: Vec<&[f32]> = oracle.gradients[step].iter().map(Vec::as_slice).collect();
            let mut views: Vec<&mut [f32]> = weights.iter_mut().map(Vec::as_mut_slice).collect();
            optimizer.step(&mut views, &gradients, *rate).expect("shapes fit");
            for (ours, theirs) in weights.iter().flatten().zip(want.iter().flatten()) {
                assert!(close(*ours, *theirs), "{kind}, step {step}: {ours} instead of {theirs}");
            }
        }
    }
}

#[test]
fn a_restored_optimiser_goes_on_to_the_same_bits() {
    let oracle = oracle();
    for kind in OptimizerType::ALL {
        let fresh = || Optimizer::new(*kind, 0.1, ["a", "b"].into_iter().zip(oracle.shapes.iter().copied()));
        let run = |optimizer: &mut Optimizer, weights: &mut [Vec<f32>], steps: std::ops::Range<usize>| {
            for step in steps {
                let gradients: Vec<&[f32]> = oracle.gradients[step].iter().map(Vec::as_slice).collect();
                let mut views: Vec<&mut [f32]> = weights.iter_mut().map(Vec::as_mut_slice).collect();
                optimizer.step(&mut views, &gradients, 1e-2).expect("shapes fit");
            }
        };
        let (mut whole, mut whole_weights) = (fresh(), oracle.initial.clone());
        run(&mut whole, &mut whole_weights, 0..6);
        let (mut first, mut weights) = (fresh(), oracle.initial.clone());
        run(&mut first, &mut weights, 0..3);
        let state = first.state();
        let mut second = fresh();
        let find = |name: &str| state.iter().find(|t| t.name == name).map(|t| t.data.clone());
        second.restore(first.steps(), find).expect("restores");
        run(&mut second, &mut weights, 3..6);
        assert_eq!((weights, second), (whole_weights, whole));
        assert!(fresh().restore(1, |_| None).expect_err("missing").contains(".a"));
    }
}

#[test]
fn clipping_is_torchs() {
    let oracle = oracle();
    for (case, step) in oracle.clipping.iter().zip([4, 0]) {
        let gradients = &oracle.gradients[step];
        let norm = gradients.iter().flatten().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        assert!((norm - case.norm).abs() < 1e-5 * case.norm, "{norm} instead of {}", case.norm);
        let factor = clip_factor(norm, case.limit);
        for (ours, theirs) in gradients.iter().flatten().zip(case.clipped.iter().flatten()) {
            assert!(close(ours * factor, *theirs));
        }
    }
    assert_eq!(clip_factor(1e9, 0.0), 1.0);
}

#[test]
fn schedules_are_transformers() {
    for case in oracle().schedules {
        let schedule = Schedule { kind: case.kind, peak: case.peak, warmup_steps: case.warmup_steps, total_steps: case.total_steps };
        for (step, want) in case.rates.iter().enumerate() {
            let ours = schedule.rate(step as u64);
            assert!((ours - want).abs() < 1e-12, "{} {step}: {ours} instead of {want}", case.kind);
        }
    }
}
