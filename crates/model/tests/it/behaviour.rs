//! What a trainer relies on: bits that repeat, gradients that add up, dropout that follows its key, errors that say what is wrong.

use model::{
    AdamW, Backend, Batch, Cpu, DecoderConfig, DropoutKey, LinearModule, LoraConfig, LoraGradients, LoraWeights, LossScale, Model,
    ModelError, Precision, Workspace,
};

use crate::devices::on_each_device;
use crate::fixture::{Fixture, VARIANTS, bits, relative_distance};

/// Gradients of the second step, with its loss.
fn gradients<B: Backend>(fixture: &Fixture<B>, dropout: Option<DropoutKey>, ws: &mut Workspace<B>) -> (LoraGradients, f64) {
    let mut lora = fixture.lora();
    lora.dropout = 0.3;
    let mut weights = LoraWeights::zeros(fixture.model.config(), &lora).unwrap();
    for (tensor, source) in weights.params_mut().into_iter().zip(fixture.weights(1).params()) {
        tensor.data.copy_from_slice(source.data);
    }
    let mut gradients = LoraGradients::zeros_like(&weights);
    let step = &fixture.steps[1];
    let scale = LossScale::mean_over(step.label_tokens);
    let loss = fixture.model.forward_backward(&weights, &mut gradients, &step.batch(), scale, dropout, ws).unwrap();
    (gradients, loss.loss_sum)
}

const KEY: DropoutKey = DropoutKey { seed: 3, step: 4, micro_step: 1 };

#[test]
fn the_same_call_gives_the_same_bits_in_a_new_or_a_used_workspace() {
    on_each_device!(same_bits);
}

fn same_bits<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let mut used = Workspace::default();
        let (first, first_loss) = gradients(&fixture, Some(KEY), &mut used);
        fixture.model.loss(None, &fixture.steps[0].batch(), &mut used).unwrap();
        for ws in [&mut used, &mut Workspace::default()] {
            let (again, loss) = gradients(&fixture, Some(KEY), ws);
            assert_eq!(loss.to_bits(), first_loss.to_bits());
            assert_eq!(bits(&again.params()), bits(&first.params()));
        }
    }
}

#[test]
fn a_workspace_may_go_from_model_to_model() {
    on_each_device!(shared_workspace);
}

fn shared_workspace<B: Backend + Clone>(backend: B) {
    let mut used = Workspace::default();
    for variant in ["untied", "tied", "untied"] {
        let fixture = Fixture::on(backend.clone(), variant);
        let (wanted, _) = gradients(&fixture, None, &mut Workspace::default());
        assert_eq!(bits(&gradients(&fixture, None, &mut used).0.params()), bits(&wanted.params()), "{variant}");
    }
}

/// Large enough that every product and row loop is shared out among threads.
#[test]
fn threads_that_finish_in_any_order_give_the_same_bits() {
    let json = r#"{"model_type":"llama","hidden_size":192,"intermediate_size":512,"num_hidden_layers":2,"num_attention_heads":6,
        "num_key_value_heads":2,"vocab_size":1500,"max_position_embeddings":256}"#;
    let config = DecoderConfig::from_json(json.as_bytes()).unwrap();
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let model = Model::from_tensors(config.clone(), Cpu, Precision::F32, |_, shape| {
        Ok((0..shape.iter().product()).map(|_| (next() as f32 / (1 << 23) as f32 - 1.0) * 0.1).collect())
    });
    let lora = LoraConfig::on(&LinearModule::ALL, 8, 16.0, 0.1);
    let (model, weights) = (model.unwrap(), LoraWeights::init(&config, &lora, 2).unwrap());
    let input_ids: Vec<u32> = (0..3 * 150).map(|place| place * 7 % 1500).collect();
    let labels: Vec<i32> = input_ids.iter().map(|token| *token as i32).collect();
    let batch = Batch { input_ids: &input_ids, labels: &labels, batch_size: 3, seq_len: 150 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let run = |ws: &mut Workspace| {
        let mut gradients = LoraGradients::zeros_like(&weights);
        let loss = model.forward_backward(&weights, &mut gradients, &batch, LossScale(0.01), Some(KEY), ws).unwrap();
        (loss.loss_sum.to_bits(), bits(&gradients.params()))
    };
    let first = pool.install(|| {
        let mut ws = Workspace::new();
        let first = run(&mut ws);
        assert!((0..4).all(|_| run(&mut ws) == first));
        first
    });
    // Another number of threads may add in another order, and must not show beyond that.
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (loss, gradients) = pool.install(|| run(&mut Workspace::new()));
        let [wide, narrow] = [first.0, loss].map(f64::from_bits);
        assert!((wide - narrow).abs() <= 1e-5 * wide.abs(), "{threads} threads: loss {narrow}, with 3 {wide}");
        let [wide, narrow] = [&first.1, &gradients].map(|bits| bits.iter().map(|b| f32::from_bits(*b)).collect::<Vec<_>>());
        let distance = relative_distance(&narrow, &wide);
        assert!(distance <= 1e-5, "{threads} threads: gradients are off by {distance:e}");
    }
}

#[test]
fn recomputing_blocks_changes_no_bit() {
    on_each_device!(recompute);
}

fn recompute<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        for dropout in [None, Some(KEY)] {
            let (kept, kept_loss) = gradients(&fixture, dropout, &mut Workspace::default());
            let (recomputed, loss) = gradients(&fixture, dropout, &mut Workspace::with_recompute());
            assert_eq!(loss.to_bits(), kept_loss.to_bits());
            assert_eq!(bits(&recomputed.params()), bits(&kept.params()));
        }
    }
}

#[test]
fn dropout_follows_every_part_of_its_key() {
    let fixture = Fixture::open("untied");
    let mut ws = Workspace::new();
    let (_, base) = gradients(&fixture, Some(KEY), &mut ws);
    for other in [DropoutKey { seed: 9, ..KEY }, DropoutKey { step: 9, ..KEY }, DropoutKey { micro_step: 9, ..KEY }] {
        assert_ne!(gradients(&fixture, Some(other), &mut ws).1, base);
    }
    assert_ne!(gradients(&fixture, None, &mut ws).1, base);
}

/// The whole backward pass, dropout included, against a difference of losses along a random direction.
#[test]
fn gradients_under_dropout_predict_the_change_of_the_loss() {
    on_each_device!(differences);
}

fn differences<B: Backend + Clone>(backend: B) {
    for variant in VARIANTS {
        let fixture = Fixture::on(backend.clone(), variant);
        let step = &fixture.steps[1];
        let lora = LoraConfig { dropout: 0.3, ..fixture.lora() };
        let mut ws = Workspace::default();
        let direction = LoraWeights::init(fixture.model.config(), &LoraConfig { alpha: 1.0, ..lora.clone() }, 5).unwrap();
        let loss_at = |distance: f32, ws: &mut Workspace<B>| {
            let mut weights = LoraWeights::zeros(fixture.model.config(), &lora).unwrap();
            let sources = fixture.weights(1);
            for ((tensor, source), along) in weights.params_mut().into_iter().zip(sources.params()).zip(direction.params()) {
                for ((value, start), along) in tensor.data.iter_mut().zip(source.data).zip(along.data) {
                    *value = start + distance * along;
                }
            }
            let mut gradients = LoraGradients::zeros_like(&weights);
            let loss = fixture.model.forward_backward(&weights, &mut gradients, &step.batch(), LossScale(1.0), Some(KEY), ws).unwrap();
            (loss.loss_sum, gradients)
        };
        let (_, gradients) = loss_at(0.0, &mut ws);
        let pairs = gradients.params().into_iter().zip(direction.params());
        let predicted: f64 = pairs.map(|(g, d)| g.data.iter().zip(d.data).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum::<f64>()).sum();
        let distance = 2e-3;
        let measured = (loss_at(distance, &mut ws).0 - loss_at(-distance, &mut ws).0) / (2.0 * f64::from(distance));
        assert!((predicted - measured).abs() < 2e-3 * predicted.abs().max(1.0), "{variant}: {predicted} and {measured}");
    }
}

/// Sequences one by one, at another padding, add up to the gradients of the whole batch.
#[test]
fn accumulation_over_sequences_equals_one_batch() {
    on_each_device!(accumulation);
}

fn accumulation<B: Backend + Clone>(backend: B) {
    let fixture = Fixture::on(backend.clone(), "untied");
    let (step, weights, mut ws) = (&fixture.steps[0], fixture.weights(1), Workspace::default());
    let scale = LossScale::mean_over(step.label_tokens);
    let mut whole = LoraGradients::zeros_like(&weights);
    let loss = fixture.model.forward_backward(&weights, &mut whole, &step.batch(), scale, None, &mut ws).unwrap();
    let mut parts = LoraGradients::zeros_like(&weights);
    let (mut loss_sum, mut label_tokens) = (0.0, 0);
    for row in 0..step.batch_size {
        let place = row * step.seq_len..(row + 1) * step.seq_len;
        let (mut input_ids, mut labels) = (step.input_ids[place.clone()].to_vec(), step.labels[place].to_vec());
        input_ids.extend([95; 7]);
        labels.extend([-100; 7]);
        let batch = Batch { input_ids: &input_ids, labels: &labels, batch_size: 1, seq_len: step.seq_len + 7 };
        let part = fixture.model.forward_backward(&weights, &mut parts, &batch, scale, None, &mut ws).unwrap();
        loss_sum += part.loss_sum;
        label_tokens += part.label_tokens;
    }
    assert_eq!(label_tokens, loss.label_tokens);
    assert!((loss_sum - loss.loss_sum).abs() < 1e-5 * loss_sum);
    for (part, whole) in parts.params().iter().zip(whole.params()) {
        assert!(relative_distance(part.data, whole.data) < 1e-5, "{}", part.name);
    }
}

/// Steps of two batches each, with clipping and dropout, with everything on the device and with gradients and optimiser on the host.
#[test]
fn training_on_the_device_is_training_on_the_host() {
    on_each_device!(resident);
}

fn resident<B: Backend + Clone>(backend: B) {
    let fixture = Fixture::on(backend, "untied");
    let (mut weights, mut ws) = (fixture.weights(1), Workspace::default());
    let zeros: Vec<Vec<f32>> = weights.params().iter().map(|tensor| vec![0.0; tensor.data.len()]).collect();
    let (mut means, mut squares) = (zeros.clone(), zeros.clone());
    let model = &fixture.model;
    let mut held = model.resident(&weights, zeros.iter().map(|zero| [zero.as_slice(), zero])).unwrap();
    let (mut collected, mut moments) = (fixture.weights(0), [zeros.clone(), zeros]);
    let mut gradients = LoraGradients::zeros_like(&weights);
    for step in 1..4 {
        gradients.zero();
        model.zero_gradients(&mut held).unwrap();
        for (micro_step, data) in fixture.steps[..2].iter().enumerate() {
            let (scale, key) = (LossScale::mean_over(data.label_tokens), Some(DropoutKey { step, micro_step: micro_step as u64, ..KEY }));
            let there = model.forward_backward_resident((&weights, &mut held), &data.batch(), scale, key, &mut ws).unwrap();
            let here = model.forward_backward(&weights, &mut gradients, &data.batch(), scale, key, &mut ws).unwrap();
            assert!((there.loss_sum - here.loss_sum).abs() <= 1e-5 * here.loss_sum, "step {step}: {there:?} and {here:?}");
        }
        let (there, here) = (model.gradient_norm(&held).unwrap(), gradients.global_norm());
        assert!((there - here).abs() <= 1e-4 * here, "step {step}: {there} and {here}");
        let adamw = AdamW::new(step, 0.01, 0.1, 0.5);
        model.update(&mut held, adamw).unwrap();
        let state = means.iter_mut().zip(&mut squares);
        for ((tensor, gradient), (mean, square)) in weights.params_mut().into_iter().zip(gradients.params()).zip(state) {
            adamw.apply(tensor.data, gradient.data, mean, square);
        }
        let [found_means, found_squares] = &mut moments;
        let places = found_means.iter_mut().zip(found_squares).map(|(mean, square)| [mean.as_mut_slice(), square]);
        model.collect(&held, &mut collected, places).unwrap();
        for ((found, wanted), place) in collected.params().iter().zip(weights.params()).zip(0..) {
            // A gradient near zero may have the other sign there, and AdamW's first steps are as large as for any other.
            let distance = relative_distance(found.data, wanted.data);
            assert!(distance < 1e-3, "step {step}, {}: {distance:e}", found.name);
            assert!(relative_distance(&moments[0][place], &means[place]) < 1e-3, "step {step}, mean of {}", found.name);
            assert!(relative_distance(&moments[1][place], &squares[place]) < 1e-3, "step {step}, squares of {}", found.name);
        }
    }
    let other = Fixture::open("tied").weights(0);
    assert!(model.resident(&other, std::iter::empty()).is_err());
    assert!(model.resident(&weights, std::iter::empty()).is_err());
    assert!(model.collect(&held, &mut collected, std::iter::empty()).is_err());
}

#[test]
fn a_batch_without_labels_costs_nothing_and_changes_nothing() {
    let fixture = Fixture::open("untied");
    let (weights, mut ws) = (fixture.weights(1), Workspace::new());
    let mut gradients = LoraGradients::zeros_like(&weights);
    let batch = Batch { input_ids: &[1, 2, 3, 4], labels: &[1, -100, 3, -100][..], batch_size: 2, seq_len: 2 };
    let loss = fixture.model.forward_backward(&weights, &mut gradients, &batch, LossScale(1.0), None, &mut ws).unwrap();
    assert_eq!((loss.loss_sum, loss.label_tokens, loss.mean()), (0.0, 0, None));
    assert_eq!(gradients.global_norm(), 0.0);
}

#[test]
fn weights_and_gradients_of_another_model_are_refused() {
    let (untied, tied) = (Fixture::open("untied"), Fixture::open("tied"));
    let mut ws = Workspace::new();
    let batch = untied.steps[0].batch();
    let foreign = tied.weights(0);
    assert!(matches!(untied.model.loss(Some(&foreign), &batch, &mut ws), Err(ModelError::AdapterMismatch { .. })));
    let mut gradients = LoraGradients::zeros_like(&foreign);
    let refused = untied.model.forward_backward(&untied.weights(0), &mut gradients, &batch, LossScale(1.0), None, &mut ws);
    assert!(matches!(refused, Err(ModelError::AdapterMismatch { .. })));
}

#[test]
fn damaged_model_folders_are_named() {
    let fixture = Fixture::open("untied");
    let folder = tempfile::tempdir().unwrap();
    let config = std::fs::read_to_string(fixture.folder.join("config.json")).unwrap();
    let weights = std::fs::read(fixture.folder.join("model.safetensors")).unwrap();
    let load = |config: &str, weights: &[u8]| {
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        std::fs::write(folder.path().join("model.safetensors"), weights).unwrap();
        Model::load(folder.path()).map(|_| ()).unwrap_err().to_string()
    };
    assert!(load(&config[..40], &weights).contains("config.json"));
    assert!(load(&config, &weights[..weights.len() - 9]).contains("whole safetensors"));
    let wider = config.replace("\"intermediate_size\": 64", "\"intermediate_size\": 66");
    assert!(load(&wider, &weights).contains("[66, 32]"));
    let deeper = config.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
    assert!(load(&deeper, &weights).contains("model.layers.2.self_attn.q_proj.weight"));
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert!(Model::load(folder.path()).map(|_| ()).unwrap_err().to_string().contains("model.safetensors"));
}

#[test]
fn shards_give_the_same_model_as_one_file() {
    let fixture = Fixture::open("untied");
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(fixture.folder.join("model.safetensors")).unwrap();
    let all = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let shard_of = |name: &str| if name.contains("layers.1") { "b.safetensors" } else { "a.safetensors" };
    for shard in ["a.safetensors", "b.safetensors"] {
        let part = all.iter().filter(|(name, _)| shard_of(name) == shard);
        std::fs::write(folder.path().join(shard), safetensors::serialize(part, None).unwrap()).unwrap();
    }
    let map: serde_json::Map<_, _> = all.names().into_iter().map(|name| (name.to_owned(), shard_of(name).into())).collect();
    let index = serde_json::json!({ "metadata": {}, "weight_map": map });
    std::fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    std::fs::copy(fixture.folder.join("config.json"), folder.path().join("config.json")).unwrap();
    let sharded = Model::load(folder.path()).unwrap();
    let logits = |model: &Model| model.logits(None, &[1, 2, 3], 1, 3).unwrap();
    assert_eq!(logits(&sharded), logits(&fixture.model));

    let outside = serde_json::json!({ "weight_map": { "model.norm.weight": "../a.safetensors" } });
    std::fs::write(folder.path().join("model.safetensors.index.json"), outside.to_string()).unwrap();
    assert!(Model::load(folder.path()).map(|_| ()).unwrap_err().to_string().contains("in the model's folder"));
}

#[test]
fn a_source_that_answers_with_another_size_is_refused() {
    let json =
        r#"{"model_type":"llama","hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":1,"vocab_size":10}"#;
    let config = DecoderConfig::from_json(json.as_bytes()).unwrap();
    let refused = Model::from_tensors(config.clone(), Cpu, Precision::F32, |_, _| Ok(vec![0.0; 3])).map(|_| ());
    assert!(matches!(refused, Err(ModelError::TensorShape { .. })));
    let mut elements = 0;
    let model = Model::from_tensors(config, Cpu, Precision::F32, |_, shape| {
        elements += shape.iter().product::<usize>();
        Ok(vec![0.0; shape.iter().product()])
    });
    assert_eq!(elements as u64, model.unwrap().config().parameter_count());
}

/// The model with a head four times as large: a frozen head through a frozen norm bounds how sure any adapter can make it, for the
/// fixture's own at a mean loss of 0.628 on this batch.
fn with_larger_head(fixture: &Fixture) -> Model {
    let bytes = std::fs::read(fixture.folder.join("model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let source = |name: &str, _: &[usize]| {
        let (words, _) = tensors.tensor(name).unwrap().data().as_chunks::<4>();
        let factor = if name == "lm_head.weight" { 4.0 } else { 1.0 };
        Ok(words.iter().map(|word| factor * f32::from_le_bytes(*word)).collect())
    };
    Model::from_tensors(fixture.model.config().clone(), Cpu, Precision::F32, source).unwrap()
}

/// One batch, learned by heart by gradient descent with momentum.
#[test]
fn one_batch_can_be_learned_by_heart() {
    let fixture = Fixture::open("untied");
    let model = with_larger_head(&fixture);
    let lora = LoraConfig::on(&LinearModule::ALL, 16, 32.0, 0.0);
    let mut weights = LoraWeights::init(model.config(), &lora, 1).unwrap();
    let mut gradients = LoraGradients::zeros_like(&weights);
    let mut velocity = gradients.clone();
    let (step, mut ws) = (&fixture.steps[0], Workspace::new());
    let scale = LossScale::mean_over(step.label_tokens);
    let mut losses = Vec::new();
    for _ in 0..600 {
        gradients.zero();
        let loss = model.forward_backward(&weights, &mut gradients, &step.batch(), scale, None, &mut ws).unwrap();
        losses.push(loss.mean().unwrap());
        gradients.scale(0.05 / gradients.global_norm().max(1.0) as f32);
        velocity.scale(0.9);
        velocity.add(&gradients).unwrap();
        for (weight, step) in weights.params_mut().into_iter().zip(velocity.params()) {
            weight.data.iter_mut().zip(step.data).for_each(|(w, v)| *w -= v);
        }
    }
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(first > 4.0 && last < 0.05, "from {first} to {last}");
}
