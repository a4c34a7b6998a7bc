//! What a run says of input that it cannot use: the file and the field, an exit code by kind, and nothing left half written. A disk that is
//! full while saving is in the program's own tests, which can mount a small one.

use std::path::Path;

use crate::support::{Bench, kinds};
use domain::job::TargetModules;
use domain::run::{ParentAdapter, RunSpec, TrainerEventKind};
use serde_json::{Value, json};

/// Changes a JSON file of the base model.
fn change(bench: &Bench, name: &str, change: impl FnOnce(&mut Value)) {
    let path = bench.base().join(name);
    let mut value = serde_json::from_slice(&std::fs::read(&path).expect("readable")).expect("JSON");
    change(&mut value);
    std::fs::write(path, value.to_string()).expect("written");
}

/// Changes the header of the weights.
fn header(bench: &Bench, name: &str, change: impl FnOnce(&mut Value)) {
    let path = bench.base().join(name);
    let (mut header, data) = read_safetensors(&path);
    change(&mut header);
    write_safetensors(&path, &header, &data);
}

/// Splits the weights into two shards with an index.
fn shard(bench: &Bench) {
    let path = bench.base().join("model.safetensors");
    let (header, data) = read_safetensors(&path);
    let header = header.as_object().expect("an object");
    let mut map = serde_json::Map::new();
    for (number, last) in [(1, false), (2, true)] {
        let name = format!("model-{number:05}-of-00002.safetensors");
        let (mut part, mut bytes) = (serde_json::Map::new(), Vec::new());
        for (tensor, entry) in header.iter().filter(|(tensor, _)| *tensor != "__metadata__" && tensor.contains("layers") == last) {
            let offset = |i: usize| entry["data_offsets"][i].as_u64().expect("an offset") as usize;
            let mut entry = entry.clone();
            entry["data_offsets"] = json!([bytes.len(), bytes.len() + offset(1) - offset(0)]);
            bytes.extend_from_slice(&data[offset(0)..offset(1)]);
            part.insert(tensor.clone(), entry);
            map.insert(tensor.clone(), json!(name));
        }
        write_safetensors(&bench.base().join(name), &Value::Object(part), &bytes);
    }
    std::fs::remove_file(path).expect("removed");
    std::fs::write(bench.base().join("model.safetensors.index.json"), json!({ "weight_map": map }).to_string()).expect("written");
}

/// An adapter of another training as the parent.
fn parent(bench: &Bench, spec: &mut RunSpec, base_model: &str) {
    let config = json!({"peft_type": "LORA", "r": 4, "lora_alpha": 8.0, "target_modules": ["q_proj", "v_proj"],
        "base_model_name_or_path": base_model});
    let folder = bench.folder.path().join("parent");
    std::fs::create_dir(&folder).expect("folder");
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).expect("written");
    std::fs::write(folder.join("adapter_model.safetensors"), b"none").expect("written");
    spec.parent = Some(ParentAdapter { model_id: "before".to_owned(), path: Some(folder), files: Default::default() });
}

fn read_safetensors(path: &Path) -> (Value, Vec<u8>) {
    let mut bytes = std::fs::read(path).expect("readable");
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let data = bytes.split_off(8 + length);
    (serde_json::from_slice(&bytes[8..]).expect("JSON"), data)
}

fn write_safetensors(path: &Path, header: &Value, data: &[u8]) {
    let header = header.to_string().into_bytes();
    std::fs::write(path, [&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat()).expect("written");
}

fn cut(bench: &Bench, name: &str) {
    let path = bench.base().join(name);
    let bytes = std::fs::read(&path).expect("readable");
    std::fs::write(path, &bytes[..bytes.len() - 1000]).expect("written");
}

struct Case {
    name: &'static str,
    spoil: fn(&Bench, &mut RunSpec),
    exit: u8,
    code: &'static str,
    /// What the message must name.
    named: &'static [&'static str],
}

const NORM: &str = "model.norm.weight";

const CASES: &[Case] = &[
    Case {
        name: "weights cut short",
        spoil: |bench, _| cut(bench, "model.safetensors"),
        exit: 5,
        code: "base_model_invalid",
        named: &["/base", "model.safetensors", "not a whole safetensors file"],
    },
    Case {
        name: "a corrupt shard",
        spoil: |bench, _| {
            shard(bench);
            cut(bench, "model-00002-of-00002.safetensors");
        },
        exit: 5,
        code: "base_model_invalid",
        named: &["model-00002-of-00002.safetensors", "not a whole safetensors file"],
    },
    Case {
        name: "a missing shard",
        spoil: |bench, _| {
            shard(bench);
            std::fs::remove_file(bench.base().join("model-00001-of-00002.safetensors")).expect("removed");
        },
        exit: 5,
        code: "base_model_invalid",
        named: &["model-00001-of-00002.safetensors", "check that the file exists"],
    },
    Case {
        name: "a shard that lacks a tensor",
        spoil: |bench, _| {
            shard(bench);
            header(bench, "model-00001-of-00002.safetensors", |header| {
                let norm = header.as_object_mut().expect("an object").remove(NORM).expect("there");
                header["model.another.weight"] = norm;
            });
        },
        exit: 5,
        code: "base_model_invalid",
        named: &[NORM, "the 2 shards of model.safetensors.index.json"],
    },
    Case {
        name: "a type of numbers that is none of weights",
        spoil: |bench, _| header(bench, "model.safetensors", |header| header[NORM]["dtype"] = json!("I32")),
        exit: 5,
        code: "base_model_invalid",
        named: &[NORM, "I32", "model.safetensors", "F32, F16 or BF16"],
    },
    Case {
        name: "a configuration of another size than the tensors",
        spoil: |bench, _| change(bench, "config.json", |config| config["intermediate_size"] = json!(48)),
        exit: 5,
        code: "base_model_invalid",
        named: &["gate_proj.weight", "model.safetensors", "[64, 32]", "[48, 32]"],
    },
    Case {
        name: "a configuration of another model",
        spoil: |bench, _| change(bench, "config.json", |config| config["model_type"] = json!("gpt2")),
        exit: 5,
        code: "base_model_invalid",
        named: &["gpt2", "LlamaForCausalLM"],
    },
    Case {
        name: "a tokenizer larger than the embedding",
        spoil: |bench, _| {
            change(bench, "tokenizer.json", |tokenizer| {
                let mut token = tokenizer["added_tokens"][0].clone();
                (token["id"], token["content"]) = (json!(261), json!("<|new|>"));
                tokenizer["added_tokens"].as_array_mut().expect("a list").push(token);
            });
        },
        exit: 5,
        code: "tokenizer_invalid",
        named: &["tokenizer.json", "<|new|>", "261", "vocab_size in config.json"],
    },
    Case {
        name: "a template that raises",
        spoil: |bench, _| {
            let template = "{{ raise_exception('Only Esperanto is spoken here') }}";
            change(bench, "tokenizer_config.json", |config| config["chat_template"] = json!(template));
        },
        exit: 4,
        code: "no_trainable_examples",
        named: &["line 1", "Only Esperanto is spoken here"],
    },
    Case {
        name: "a template that is none",
        spoil: |bench, _| change(bench, "tokenizer_config.json", |config| config["chat_template"] = json!("{% for %}")),
        exit: 5,
        code: "tokenizer_invalid",
        named: &["/base", "template"],
    },
    Case {
        name: "an adapter for another base model",
        spoil: |bench, spec| parent(bench, spec, "somebody/else"),
        exit: 5,
        code: "parent_adapter_invalid",
        named: &["base_model_name_or_path in adapter_config.json", "somebody/else", "test/tiny"],
    },
    Case {
        name: "an adapter that is cut short",
        spoil: |bench, spec| parent(bench, spec, "test/tiny"),
        exit: 5,
        code: "parent_adapter_invalid",
        named: &["/parent", "adapter_model.safetensors"],
    },
    Case {
        name: "a target module that does not exist",
        spoil: |_, spec| spec.config.hyperparameters.target_modules = TargetModules::of(&["q_proj", "w_proj"]),
        exit: 4,
        code: "invalid_config",
        named: &["targetModules", "w_proj", "q_proj, k_proj"],
    },
    Case {
        name: "a sequence beyond what is taken",
        spoil: |_, spec| spec.config.hyperparameters.max_seq_length = 40_000,
        exit: 4,
        code: "invalid_config",
        named: &["hyperparameters.maxSeqLength", "40000", "32768"],
    },
];

#[test]
fn bad_input_is_told_by_file_and_field_and_leaves_nothing() {
    for case in CASES {
        let bench = Bench::new();
        bench.write_varied_dataset(12);
        let mut spec = bench.spec("run", 1);
        (case.spoil)(&bench, &mut spec);
        let (outcome, events) = bench.run(&spec);
        let error = outcome.expect_err(case.name);
        let message = error.full_message();
        assert_eq!((error.exit_code(), error.code(), error.transient()), (case.exit, case.code, false), "{}: {message}", case.name);
        let absent: Vec<&&str> = case.named.iter().filter(|part| !message.contains(**part)).collect();
        assert!(absent.is_empty(), "{}: {absent:?} are not in {message}", case.name);
        assert!(!kinds(&events).any(|kind| matches!(kind, TrainerEventKind::Started { .. })), "{}: it would be billed", case.name);
        for left in ["adapter", ".unfinished-adapter", "checkpoints", ".rehearsal"] {
            assert!(!spec.output.dir.join(left).exists(), "{}: {left} is left", case.name);
        }
    }
}

#[test]
fn a_sequence_beyond_the_context_is_cut_to_it_and_said() {
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let mut spec = bench.spec("run", 1);
    spec.config.hyperparameters.max_seq_length = 4096;
    let (outcome, events) = bench.run(&spec);
    crate::support::completed(outcome);
    let said = |kind: &TrainerEventKind| match kind {
        TrainerEventKind::Log { message, .. } => {
            message.contains("hyperparameters.maxSeqLength is 4096")
                && message.contains("128 tokens are used")
                && message.contains("config.json")
        }
        _ => false,
    };
    assert!(kinds(&events).any(said));
}

/// The shards of a model are the model.
#[test]
fn sharded_weights_train_to_the_same_bits() {
    let bench = Bench::new();
    bench.write_varied_dataset(12);
    let adapter = |name: &str| {
        let spec = bench.spec(name, 1);
        crate::support::completed(bench.run(&spec).0);
        crate::support::adapter_bytes(&spec)
    };
    let whole = adapter("whole");
    shard(&bench);
    assert!(adapter("sharded") == whole);
}
