//! Base models in bf16, against PEFT's figures in f32 and in bf16 (`scripts/bf16_oracle.py`).
//!
//! bf16 has 8 bits, so that every rounded factor of a product is off by up to 2^-9. PEFT rounds activations, sums' results and gradients
//! as well as factors; the engine rounds factors only, and so must come at least as near to f32 as PEFT does.

use model::{Cpu, LoraGradients, LossScale, Model, Precision, Workspace};
use serde::Deserialize;

use crate::fixture::{Fixture, VARIANTS, bits, largest_difference};

#[derive(Deserialize)]
struct Figures {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    loss: f64,
    gradient_distance: f64,
}

#[test]
fn losses_and_gradients_in_bf16_are_nearer_to_f32_than_those_of_peft_in_bf16() {
    for variant in VARIANTS {
        let fixture = Fixture::open(variant);
        let model = Model::load_on(Cpu, &fixture.folder, Precision::Bf16, |_| ()).unwrap();
        let figures: Figures = serde_json::from_slice(&std::fs::read(fixture.folder.join("bf16.json")).unwrap()).unwrap();
        let mut ws = Workspace::new();
        for (index, (step, theirs)) in fixture.steps.iter().zip(figures.steps).enumerate() {
            let weights = fixture.weights(index);
            let mut gradients = LoraGradients::zeros_like(&weights);
            let scale = LossScale::mean_over(step.label_tokens);
            let loss = model.forward_backward(&weights, &mut gradients, &step.batch(), scale, None, &mut ws).unwrap().mean().unwrap();
            // Of two roundings of one number either may be nearer by chance, so the loss has a bound of its own.
            assert!((loss - step.loss).abs() < 4e-3 * step.loss, "{variant} step {index}: loss {loss}, in f32 {}", step.loss);
            assert!((loss - theirs.loss).abs() < 1e-2 * step.loss, "{variant} step {index}: loss {loss}, PEFT {}", theirs.loss);
            let (mut apart, mut length) = (0.0, 0.0);
            for tensor in gradients.params() {
                for (found, wanted) in tensor.data.iter().zip(fixture.tensor(&format!("step{index}.gradients.{}", tensor.name))) {
                    apart += f64::from(found - wanted).powi(2);
                    length += f64::from(wanted).powi(2);
                }
            }
            let distance = (apart / length).sqrt();
            let most = theirs.gradient_distance;
            assert!(distance > 1e-6 && distance <= most, "{variant} step {index}: gradients are off by {distance:e}, PEFT's by {most:e}");
        }
    }
}

#[test]
fn recomputing_blocks_in_bf16_changes_no_bit() {
    for variant in VARIANTS {
        let fixture = Fixture::open(variant);
        let model = Model::load_on(Cpu, &fixture.folder, Precision::Bf16, |_| ()).unwrap();
        let run = |mut ws: Workspace| {
            let (weights, step) = (fixture.weights(0), &fixture.steps[0]);
            let mut gradients = LoraGradients::zeros_like(&weights);
            let mut losses = Vec::new();
            // Twice, so that buffers which one pass has left behind meet another.
            for _ in 0..2 {
                let scale = LossScale::mean_over(step.label_tokens);
                let loss = model.forward_backward(&weights, &mut gradients, &step.batch(), scale, None, &mut ws).unwrap();
                losses.extend([loss.loss_sum, model.loss(Some(&weights), &step.batch(), &mut ws).unwrap().loss_sum].map(f64::to_bits));
            }
            (losses, bits(&gradients.params()))
        };
        let (losses, gradients) = run(Workspace::new());
        assert!(losses.iter().all(|loss| *loss == losses[0]), "{variant}: with and without a backward pass");
        assert!((losses, gradients) == run(Workspace::with_recompute()), "{variant}");
    }
}

#[test]
fn a_model_in_bf16_gives_other_logits_than_in_f32_but_not_far_off() {
    let fixture = Fixture::open("untied");
    let model = Model::load_on(Cpu, &fixture.folder, Precision::Bf16, |_| ()).unwrap();
    assert_eq!(model.precision(), Precision::Bf16);
    let logits = |model: &Model| model.logits(None, &fixture.logits.input_ids, fixture.logits.batch_size, fixture.logits.seq_len).unwrap();
    let difference = largest_difference(&logits(&model), &logits(&fixture.model));
    assert!(difference > 1e-4 && difference < 0.2, "{difference}");
}

#[test]
fn loading_tells_how_far_it_is_up_to_the_end() {
    let fixture = Fixture::open("untied");
    let mut seen = Vec::new();
    Model::load_on(Cpu, &fixture.folder, Precision::F32, |progress| seen.push(progress)).unwrap();
    assert!(seen.is_sorted_by(|a, b| a.bytes < b.bytes));
    assert_eq!(seen.last().map(|last| last.bytes), seen.first().map(|first| first.total_bytes));
}
