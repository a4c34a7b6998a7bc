//! PEFT's files, written and read.

use std::collections::HashMap;

use model::{LinearModule, LoraConfig, LoraWeights, ModelError, peft};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::fixture::{Fixture, VARIANTS};

fn read_config(bytes: &[u8]) -> HashMap<String, Value> {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn what_peft_wrote_is_written_again_with_the_same_names_shapes_and_bytes() {
    for variant in VARIANTS {
        let fixture = Fixture::open(variant);
        let files = peft::adapter_files(&fixture.adapter(), variant, None).unwrap();
        let theirs = std::fs::read(fixture.folder.join("adapter").join(peft::WEIGHTS_FILE)).unwrap();
        let (ours, theirs) = (SafeTensors::deserialize(&files.weights).unwrap(), SafeTensors::deserialize(&theirs).unwrap());
        assert_eq!(ours.len(), theirs.len());
        for (name, tensor) in theirs.iter() {
            let found = ours.tensor(name).unwrap();
            assert_eq!((found.shape(), found.dtype()), (tensor.shape(), tensor.dtype()), "{name}");
            assert_eq!(found.data(), tensor.data(), "{name}");
        }
        let (_, header) = SafeTensors::read_metadata(&files.weights).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["format"], "pt");

        let ours = read_config(&files.config);
        let mut theirs = read_config(&std::fs::read(fixture.folder.join("adapter").join(peft::CONFIG_FILE)).unwrap());
        // PEFT sets this to its place in the library's classes; the order of the targets is a set's.
        theirs.insert("auto_mapping".to_owned(), Value::Null);
        for (name, value) in &ours {
            let sorted = |value: &Value| {
                let mut names: Vec<String> = serde_json::from_value(value.clone()).unwrap();
                names.sort();
                names
            };
            match name.as_str() {
                "target_modules" => assert_eq!(sorted(value), sorted(&theirs[name])),
                "lora_dropout" => assert_eq!(value.as_f64(), theirs[name].as_f64()),
                _ => assert_eq!(value, &theirs[name], "{name}"),
            }
        }
    }
}

#[test]
fn an_adapter_survives_the_round_trip() {
    let fixture = Fixture::open("untied");
    let lora = LoraConfig::on(&[LinearModule::UpProj, LinearModule::KProj], 3, 4.5, 0.05);
    let weights = LoraWeights::init(fixture.model.config(), &lora, 11).unwrap();
    let folder = tempfile::tempdir().unwrap();
    peft::save_adapter(folder.path(), &weights, "somebody/base").unwrap();
    assert_eq!(peft::load_adapter(folder.path(), fixture.model.config()).unwrap(), weights);
    let config = read_config(&std::fs::read(folder.path().join(peft::CONFIG_FILE)).unwrap());
    assert_eq!(config["lora_dropout"].to_string(), "0.05");
    assert_eq!(config["lora_alpha"].to_string(), "4.5");
    assert_eq!(config["base_model_name_or_path"], "somebody/base");
}

#[test]
fn adapters_of_other_kinds_or_models_are_refused() {
    let (untied, tied) = (Fixture::open("untied"), Fixture::open("tied"));
    let folder = tempfile::tempdir().unwrap();
    peft::save_adapter(folder.path(), &untied.adapter(), "base").unwrap();
    let config = std::fs::read_to_string(folder.path().join(peft::CONFIG_FILE)).unwrap();
    let refused = |config: &str| {
        std::fs::write(folder.path().join(peft::CONFIG_FILE), config).unwrap();
        peft::load_adapter(folder.path(), untied.model.config()).unwrap_err()
    };
    let changes = [
        (r#""alpha_pattern": {}"#, r#""alpha_pattern": {"q_proj": 2}"#, "alpha_pattern"),
        (r#""use_dora": false"#, r#""use_dora": true"#, "use_dora"),
        (r#""rank_pattern": {}"#, r#""rank_pattern": {"q_proj": 2}"#, "rank_pattern"),
        (r#""bias": "none""#, r#""bias": "all""#, "bias"),
        (r#""peft_type": "LORA""#, r#""peft_type": "IA3""#, "IA3"),
        (r#""q_proj""#, r#""lm_head""#, "lm_head"),
    ];
    for (from, to, named) in changes {
        let changed = config.replace(from, to);
        assert_ne!(changed, config, "{from}");
        let error = refused(&changed);
        assert!(matches!(error, ModelError::Unsupported { .. }) && error.to_string().contains(named), "{error}");
    }
    assert!(matches!(refused(&config.replace("\"r\": 4", "\"r\": 5")), ModelError::TensorShape { .. }));
    let fewer = config.replace("\"q_proj\",", "");
    assert!(matches!(refused(&fewer), ModelError::AdapterMismatch { .. }));
    std::fs::write(folder.path().join(peft::CONFIG_FILE), &config).unwrap();
    assert!(peft::load_adapter(folder.path(), tied.model.config()).is_err());
    std::fs::remove_file(folder.path().join(peft::WEIGHTS_FILE)).unwrap();
    let error = peft::load_adapter(folder.path(), untied.model.config()).unwrap_err();
    assert!(matches!(&error, ModelError::Read { path, .. } if path.ends_with(peft::WEIGHTS_FILE)), "{error}");
}
