//! Losses, gradients and logits against the figures of transformers and PEFT.

use model::{Backend, LoraGradients, LossScale, Workspace};

use crate::devices::on_each_device;
use crate::fixture::{Fixture, VARIANTS, largest_difference, relative_distance};

#[test]
fn losses_and_gradients_of_two_steps_are_those_of_peft() {
    on_each_device!(training_steps);
}

fn training_steps<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let mut ws = Workspace::default();
        for (index, step) in fixture.steps.iter().enumerate() {
            let weights = fixture.weights(index);
            let mut gradients = LoraGradients::zeros_like(&weights);
            let (batch, scale) = (step.batch(), LossScale::mean_over(step.label_tokens));
            assert_eq!(batch.label_tokens(), step.label_tokens);
            let loss = fixture.model.forward_backward(&weights, &mut gradients, &batch, scale, None, &mut ws).unwrap();
            assert_eq!(loss.label_tokens, step.label_tokens);
            let error = (loss.mean().unwrap() - step.loss).abs() / step.loss;
            assert!(error < 1e-5, "{variant} step {index}: loss {:?}, wanted {} ({error:e})", loss.mean(), step.loss);
            for tensor in gradients.params() {
                let wanted = fixture.tensor(&format!("step{index}.gradients.{}", tensor.name));
                let error = relative_distance(tensor.data, &wanted);
                assert!(error < 1e-4, "{variant} step {index}: gradient of {} is off by {error:e}", tensor.name);
            }
        }
    }
}

#[test]
fn losses_without_gradients_are_those_of_peft_with_and_without_the_adapter() {
    on_each_device!(losses);
}

fn losses<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let (mut ws, step) = (Workspace::default(), &fixture.steps[1]);
        for (weights, wanted) in [(Some(&fixture.weights(1)), step.loss), (None, step.base_loss)] {
            let loss = fixture.model.loss(weights, &step.batch(), &mut ws).unwrap().mean().unwrap();
            assert!((loss - wanted).abs() / wanted < 1e-5, "{variant}: {loss}, wanted {wanted}");
        }
    }
}

#[test]
fn logits_with_an_adapter_that_peft_saved_are_those_of_peft() {
    on_each_device!(logits);
}

fn logits<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let asked = &fixture.logits;
        let logits = |lora| fixture.model.logits(lora, &asked.input_ids, asked.batch_size, asked.seq_len).unwrap();
        let (adapted, base) = (fixture.tensor("logits"), fixture.tensor("base_logits"));
        let adapter = fixture.adapter();
        let differences = [largest_difference(&logits(Some(&adapter)), &adapted), largest_difference(&logits(None), &base)];
        assert!(differences.iter().all(|difference| *difference < 1e-4), "{variant}: {differences:?}");
        assert!(largest_difference(&adapted, &base) > 0.1, "the adapter must change the logits");
    }
}
