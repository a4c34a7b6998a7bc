//! Greedy answers and what an evaluation asks, against the figures of transformers and PEFT that `scripts/generation_oracle.py` wrote.

use model::{Backend, Batch, Prompt, Workspace};
use serde::Deserialize;

use crate::devices::on_each_device;
use crate::fixture::{Fixture, VARIANTS, largest_difference};

#[derive(Deserialize)]
struct Scores {
    loss: f64,
    correct: usize,
    mean_state: Vec<f32>,
}

#[derive(Deserialize)]
struct BothScores {
    base: Scores,
    adapted: Scores,
}

#[derive(Deserialize)]
struct Asked {
    tokens: Vec<u32>,
    base: Vec<u32>,
    adapted: Vec<u32>,
    scores: BothScores,
}

#[derive(Deserialize)]
struct Oracle {
    stop: u32,
    max_new_tokens: usize,
    prompts: Vec<Asked>,
}

fn oracle<B: Backend>(fixture: &Fixture<B>) -> Oracle {
    serde_json::from_slice(&std::fs::read(fixture.folder.join("generation.json")).unwrap()).unwrap()
}

#[test]
fn greedy_answers_are_those_of_transformers() {
    on_each_device!(answers);
}

fn answers<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let (oracle, adapter, mut ws) = (oracle(&fixture), fixture.adapter(), Workspace::default());
        assert!(oracle.prompts.len() >= 3, "{variant}");
        let prompts: Vec<Prompt<'_>> =
            oracle.prompts.iter().map(|p| Prompt { tokens: &p.tokens, max_new_tokens: oracle.max_new_tokens }).collect();
        let mut alone = |lora| -> Vec<Vec<u32>> {
            let mut answer = |p: &Prompt<'_>| {
                fixture.model.generate(lora, std::slice::from_ref(p), &[oracle.stop], &mut ws, &mut || true).unwrap().unwrap().remove(0)
            };
            prompts.iter().map(&mut answer).collect()
        };
        let (base, adapted) = (alone(None), alone(Some(&adapter)));
        for (place, asked) in oracle.prompts.iter().enumerate() {
            assert_eq!(base[place], asked.base, "{variant}: prompt {place}, base model");
            assert_eq!(adapted[place], asked.adapted, "{variant}: prompt {place}, adapter");
        }
        // Side by side the answers are the same; dynamic RoPE looks at the longest of them.
        if variant != "dynamic" {
            let together = fixture.model.generate(Some(&adapter), &prompts, &[oracle.stop], &mut ws, &mut || true).unwrap().unwrap();
            assert_eq!(together, adapted, "{variant}");
        }
    }
}

#[test]
fn losses_guesses_and_states_of_sequences_are_those_of_transformers() {
    on_each_device!(scores);
}

fn scores<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let (oracle, adapter, mut ws) = (oracle(&fixture), fixture.adapter(), Workspace::default());
        for asked in &oracle.prompts {
            let tokens = [asked.tokens.as_slice(), &asked.base].concat();
            let labels: Vec<i32> = tokens.iter().map(|token| token.cast_signed()).collect();
            let batch = Batch { input_ids: &tokens, labels: &labels, batch_size: 1, seq_len: tokens.len() };
            for (lora, wanted) in [(None, &asked.scores.base), (Some(&adapter), &asked.scores.adapted)] {
                let score = fixture.model.score(lora, &batch, &mut ws).unwrap()[0];
                assert_eq!((score.label_tokens, score.correct), (tokens.len() - 1, wanted.correct), "{variant}");
                assert!((score.loss_sum - wanted.loss).abs() < 1e-5 * wanted.loss, "{variant}: {} and {}", score.loss_sum, wanted.loss);
            }
            let state = fixture.model.mean_states(&[&tokens], &mut ws).unwrap().remove(0);
            assert!(largest_difference(&state, &asked.scores.base.mean_state) < 1e-4, "{variant}");
        }
    }
}

#[test]
fn scores_of_a_batch_add_up_to_its_loss() {
    let fixture = Fixture::open("untied");
    let (step, adapter, mut ws) = (&fixture.steps[0], fixture.weights(1), Workspace::new());
    let loss = fixture.model.loss(Some(&adapter), &step.batch(), &mut ws).unwrap();
    let scores = fixture.model.score(Some(&adapter), &step.batch(), &mut ws).unwrap();
    assert_eq!(scores.len(), step.batch_size);
    assert_eq!(scores.iter().map(|s| s.label_tokens).sum::<usize>(), loss.label_tokens);
    assert!((scores.iter().map(|s| s.loss_sum).sum::<f64>() - loss.loss_sum).abs() < 1e-5 * loss.loss_sum);
}

#[test]
fn generation_keeps_to_its_bounds() {
    let fixture = Fixture::open("untied");
    let mut ws = Workspace::new();
    let long: Vec<u32> = (0..60).map(|i| i % 96).collect();
    let prompts = [Prompt { tokens: &long, max_new_tokens: 99 }, Prompt { tokens: &long[..5], max_new_tokens: 0 }];
    let mut asked = 0;
    let answers = fixture.model.generate(None, &prompts, &[], &mut ws, &mut || true).unwrap().unwrap();
    assert_eq!(answers.iter().map(Vec::len).collect::<Vec<_>>(), [4, 0], "the context holds 64");
    let stopped = fixture.model.generate(None, &prompts, &[], &mut ws, &mut || {
        asked += 1;
        asked < 3
    });
    assert!(stopped.unwrap().is_none() && asked == 3);
    assert_eq!(fixture.model.generate(None, &[], &[], &mut ws, &mut || true).unwrap().unwrap(), Vec::<Vec<u32>>::new());
    for tokens in [&[][..], &[96], &[1; 65]] {
        assert!(fixture.model.generate(None, &[Prompt { tokens, max_new_tokens: 1 }], &[], &mut ws, &mut || true).is_err());
    }
    // More prompts than go side by side.
    let many: Vec<Prompt<'_>> = (1..20).map(|n| Prompt { tokens: &long[..n], max_new_tokens: 3 }).collect();
    assert_eq!(fixture.model.generate(None, &many, &[], &mut ws, &mut || true).unwrap().unwrap().len(), 19);
}
