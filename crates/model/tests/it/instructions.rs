//! Machines without AVX-512: the same figures, within rounding. Which instructions a process uses is set once, so each is a process.

use std::process::Command;

use model::backend::Instructions;
use model::{Cpu, LoraGradients, LossScale, Model, Precision, Workspace};

use crate::fixture::{Fixture, relative_distance};

const NAME: &str = "BRIGHTRUN_TEST_INSTRUCTIONS";

/// Loss and gradients of the fixture's first step.
fn step(fixture: &Fixture, precision: Precision) -> (f64, Vec<f32>) {
    let model = Model::load_on(Cpu, &fixture.folder, precision, |_| ()).unwrap();
    let (weights, step) = (fixture.weights(0), &fixture.steps[0]);
    let mut gradients = LoraGradients::zeros_like(&weights);
    let scale = LossScale::mean_over(step.label_tokens);
    let loss = model.forward_backward(&weights, &mut gradients, &step.batch(), scale, None, &mut Workspace::new()).unwrap();
    (loss.mean().unwrap(), gradients.params().iter().flat_map(|tensor| tensor.data.to_vec()).collect())
}

#[test]
fn fewer_instructions_give_the_same_figures_within_rounding() {
    let Ok(name) = std::env::var(NAME) else {
        for name in ["avx2", "portable"] {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "instructions::fewer_instructions_give_the_same_figures_within_rounding"]).env(NAME, name);
            let output = child.output().unwrap();
            let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success() && text.contains(" 1 passed"), "{name}: {text}");
        }
        return;
    };
    for variant in ["untied", "qwen3"] {
        let fixture = Fixture::open(variant);
        let runs = || [Precision::F32, Precision::Bf16].map(|precision| step(&fixture, precision));
        let all = runs();
        if name == "avx2" { Instructions::Avx2 } else { Instructions::Portable }.limit();
        for ((loss, gradients), (wanted, wanted_gradients)) in runs().iter().zip(&all) {
            let apart = relative_distance(gradients, wanted_gradients);
            // A sum in another order may round to the other of two neighbours in bf16.
            assert!((loss - wanted).abs() < 1e-3 * wanted && apart < 2e-2, "{name}, {variant}: {loss} and {wanted}, gradients {apart:e}");
        }
        let ((loss, gradients), (wanted, wanted_gradients)) = (&runs()[0], &all[0]);
        let apart = relative_distance(gradients, wanted_gradients);
        assert!((loss - wanted).abs() < 1e-5 * wanted && apart < 1e-5, "{name}, {variant}: {loss} and {wanted}, gradients {apart:e}");
        assert!((loss - fixture.steps[0].loss).abs() < 1e-5 * wanted, "{name}, {variant}: {loss}");
        Instructions::All.limit();
    }
}
