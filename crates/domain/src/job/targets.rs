//! Which linear layers get an adapter, as PEFT's `target_modules` and `layers_to_transform` say it.

use crate::error::{Error, Result};
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};

/// The linear layers of a block that LoRA can be put on, in the order of the forward pass.
pub const TARGET_MODULES: [&str; 7] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
/// PEFT's word for all of [`TARGET_MODULES`].
pub const ALL_LINEAR: &str = "all-linear";
/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 1_000;
/// Bytes that a compiled pattern may take.
const PATTERN_LIMIT: usize = 1 << 20;

const TARGETS_FIELD: &str = "hyperparameters.targetModules";
const LAYERS_FIELD: &str = "hyperparameters.layersToTransform";

/// The modules that get an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TargetModules {
    /// These of [`TARGET_MODULES`].
    Names(Vec<String>),
    /// [`ALL_LINEAR`], one name, or a regular expression that is held against whole paths such as `model.layers.0.self_attn.q_proj`.
    Text(String),
}

impl TargetModules {
    /// All linear layers, by name.
    pub fn all() -> Self {
        Self::of(&TARGET_MODULES)
    }

    /// By names.
    pub fn of(names: &[&str]) -> Self {
        Self::Names(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The names meant, in canonical order; none where a pattern decides.
    pub fn names(&self) -> Option<Vec<&str>> {
        let chosen = |chosen: &dyn Fn(&str) -> bool| TARGET_MODULES.into_iter().filter(|name| chosen(name)).collect();
        match self {
            Self::Names(names) => Some(chosen(&|known| names.iter().any(|name| name == known))),
            Self::Text(text) if text == ALL_LINEAR => Some(TARGET_MODULES.to_vec()),
            Self::Text(text) if TARGET_MODULES.contains(&text.as_str()) => Some(chosen(&|known| known == text)),
            Self::Text(_) => None,
        }
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Self::Names(names) => names.join(", "),
            Self::Text(text) => text.clone(),
        }
    }

    /// Checks what can be told without a model.
    ///
    /// # Errors
    /// With the field: nothing named, a name that is unknown or there twice, a pattern that is none.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Names(names) => check_names(names),
            Self::Text(text) if self.names().is_none() => pattern(text).map(drop),
            Self::Text(_) => Ok(()),
        }
    }

    /// The places in a model of so many layers, layer by layer, in each in the order of [`TARGET_MODULES`]; `only` names the layers.
    ///
    /// # Errors
    /// With the field: as [`Self::validate`], a layer that is not there, or a pattern that matches nothing or what cannot be trained.
    pub fn places(&self, layers: u32, only: Option<&[u32]>) -> Result<Vec<(u32, &'static str)>> {
        self.validate()?;
        let all = (0..layers).flat_map(|layer| TARGET_MODULES.map(|module| (layer, module)));
        if let Some(names) = self.names() {
            check_layers(only, layers)?;
            let chosen = |layer: &u32| only.is_none_or(|only| only.contains(layer));
            return Ok(all.filter(|(layer, module)| chosen(layer) && names.contains(module)).collect());
        }
        let Self::Text(text) = self else { return Ok(Vec::new()) };
        if only.is_some() {
            let why = "layersToTransform goes with named modules; with a pattern, let the pattern choose the layers.";
            return Err(Error::invalid(LAYERS_FIELD, why));
        }
        let whole = pattern(text)?;
        if let Some(other) = ["lm_head", "model.embed_tokens"].into_iter().find(|path| whole.is_match(path)) {
            let why = format!("The pattern '{text}' matches {other}, but adapters go on the linear layers of the blocks only.");
            return Err(Error::invalid(TARGETS_FIELD, why));
        }
        let places: Vec<_> = all.filter(|(layer, module)| whole.is_match(&module_path(*layer, module))).collect();
        if places.is_empty() {
            let example = module_path(0, TARGET_MODULES[0]);
            let why = format!("The pattern '{text}' matches no module; it must match a whole path such as {example}.");
            return Err(Error::invalid(TARGETS_FIELD, why));
        }
        Ok(places)
    }
}

/// Path of a module in the base model.
pub fn module_path(layer: u32, module: &str) -> String {
    let block = if matches!(module, "q_proj" | "k_proj" | "v_proj" | "o_proj") { "self_attn" } else { "mlp" };
    format!("model.layers.{layer}.{block}.{module}")
}

/// A pattern that must match a whole path, as Python's `fullmatch`.
fn pattern(text: &str) -> Result<regex::Regex> {
    if text.is_empty() || text.len() > MAX_PATTERN {
        let why = format!("The pattern has {} bytes; give '{ALL_LINEAR}', a name, or a pattern of 1 to {MAX_PATTERN}.", text.len());
        return Err(Error::invalid(TARGETS_FIELD, why));
    }
    let whole = RegexBuilder::new(&format!("^(?:{text})$")).size_limit(PATTERN_LIMIT).build();
    whole.map_err(|_| {
        let known = TARGET_MODULES.join(", ");
        let why = format!(
            "'{text}' is neither '{ALL_LINEAR}' nor one of {known}, and no regular expression either (look-around and back references are \
             not known)."
        );
        Error::invalid(TARGETS_FIELD, why)
    })
}

fn check_names(names: &[String]) -> Result<()> {
    let known = TARGET_MODULES.join(", ");
    if names.is_empty() {
        return Err(Error::invalid(TARGETS_FIELD, format!("Name at least one target module: {known}.")));
    }
    for (i, name) in names.iter().enumerate() {
        if name == ALL_LINEAR {
            let why = format!("'{ALL_LINEAR}' stands by itself, not in a list: \"targetModules\": \"{ALL_LINEAR}\".");
            return Err(Error::invalid(TARGETS_FIELD, why));
        }
        if !TARGET_MODULES.contains(&name.as_str()) {
            return Err(Error::invalid(TARGETS_FIELD, format!("'{name}' is not a target module; known: {known}.")));
        }
        if names[..i].contains(name) {
            return Err(Error::invalid(TARGETS_FIELD, format!("'{name}' is named twice.")));
        }
    }
    Ok(())
}

fn check_layers(only: Option<&[u32]>, layers: u32) -> Result<()> {
    let Some(only) = only else { return Ok(()) };
    check_layer_list(only)?;
    match only.iter().find(|layer| **layer >= layers) {
        Some(layer) => {
            let last = layers.saturating_sub(1);
            Err(Error::invalid(LAYERS_FIELD, format!("layersToTransform names layer {layer}; this base model has 0 to {last}.")))
        }
        None => Ok(()),
    }
}

/// Checks what can be told of a choice of layers without a model.
///
/// # Errors
/// With the field: no layer, or one twice.
pub(super) fn check_layer_list(only: &[u32]) -> Result<()> {
    if only.is_empty() {
        return Err(Error::invalid(LAYERS_FIELD, "layersToTransform names no layer, so nothing would be trained; leave it out for all."));
    }
    match only.iter().enumerate().find(|(i, layer)| only[..*i].contains(layer)) {
        Some((_, layer)) => Err(Error::invalid(LAYERS_FIELD, format!("layersToTransform names layer {layer} twice."))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> TargetModules {
        TargetModules::Text(text.to_owned())
    }

    #[test]
    fn names_all_linear_and_patterns_choose_places() {
        let two = TargetModules::of(&["up_proj", "q_proj"]);
        assert_eq!(two.places(2, None).expect("places"), [(0, "q_proj"), (0, "up_proj"), (1, "q_proj"), (1, "up_proj")]);
        assert_eq!(two.places(3, Some(&[2])).expect("places"), [(2, "q_proj"), (2, "up_proj")]);
        assert_eq!(text(ALL_LINEAR).places(3, None).expect("places").len(), 21);
        assert_eq!(text("v_proj").places(1, None).expect("places"), [(0, "v_proj")]);
        let found = text(r".*\.0\.mlp\.(up|down)_proj|.*\.1\.self_attn\.v_proj").places(2, None).expect("places");
        assert_eq!(found, [(0, "up_proj"), (0, "down_proj"), (1, "v_proj")]);
    }

    #[test]
    fn what_cannot_be_chosen_names_its_field() {
        let names = |names: &[&str]| TargetModules::of(names);
        for (targets, only, field, said) in [
            (names(&[]), None, TARGETS_FIELD, "at least one"),
            (names(&["q_proj", "lm_head"]), None, TARGETS_FIELD, "'lm_head'"),
            (names(&["q_proj", "q_proj"]), None, TARGETS_FIELD, "twice"),
            (names(&["all-linear"]), None, TARGETS_FIELD, "by itself"),
            (text(""), None, TARGETS_FIELD, "0 bytes"),
            (text(&"x".repeat(1001)), None, TARGETS_FIELD, "1001 bytes"),
            (text("(q_proj"), None, TARGETS_FIELD, "no regular expression"),
            (text("q_proj.*"), None, TARGETS_FIELD, "matches no module"),
            (text(".*lm_head|.*q_proj"), None, TARGETS_FIELD, "lm_head"),
            (text(".*q_proj"), Some(vec![0]), LAYERS_FIELD, "pattern"),
            (names(&["q_proj"]), Some(vec![]), LAYERS_FIELD, "no layer"),
            (names(&["q_proj"]), Some(vec![0, 0]), LAYERS_FIELD, "twice"),
            (names(&["q_proj"]), Some(vec![2]), LAYERS_FIELD, "0 to 1"),
        ] {
            let error = targets.places(2, only.as_deref()).expect_err(said);
            assert_eq!(error.field.as_deref(), Some(field), "{error}");
            assert!(error.message.contains(said), "{error}");
        }
    }

    #[test]
    fn json_is_a_list_or_a_text() {
        let read = |json: &str| serde_json::from_str::<TargetModules>(json).expect("read");
        assert_eq!(read(r#"["q_proj"]"#), TargetModules::of(&["q_proj"]));
        assert_eq!(serde_json::to_string(&read(r#""all-linear""#)).expect("written"), r#""all-linear""#);
        assert!(serde_json::from_str::<TargetModules>("5").is_err());
    }
}
