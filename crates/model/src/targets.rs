//! Which linear layers carry an adapter, as PEFT's `target_modules` and `layers_to_transform` say it.

use std::str::FromStr;

use regex::RegexBuilder;

use crate::{DecoderConfig, LinearModule, ModelError};

/// PEFT's word for all linear layers but the head.
const ALL_LINEAR: &str = "all-linear";
/// Bytes that a compiled pattern may take.
const PATTERN_LIMIT: usize = 1 << 20;

/// The modules that carry an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetModules {
    /// These, in each layer.
    Names(Vec<LinearModule>),
    /// Those whose whole path, such as `model.layers.0.self_attn.q_proj`, the regular expression matches.
    Pattern(String),
}

impl FromStr for TargetModules {
    type Err = ModelError;

    /// `all-linear`, the name of a module, or a regular expression, as PEFT reads a text.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        if text == ALL_LINEAR {
            return Ok(Self::Names(LinearModule::ALL.to_vec()));
        }
        Ok(text.parse().map_or_else(|_| Self::Pattern(text.to_owned()), |module| Self::Names(vec![module])))
    }
}

impl TargetModules {
    /// By names.
    ///
    /// # Errors
    /// The first name that no module has.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Result<Self, ModelError> {
        if let [only] = names
            && only.as_ref() == ALL_LINEAR
        {
            return Ok(Self::Names(LinearModule::ALL.to_vec()));
        }
        names.iter().map(|name| name.as_ref().parse()).collect::<Result<_, _>>().map(Self::Names)
    }

    /// The same, with names in the order of the forward pass.
    pub(crate) fn in_order(&self) -> Self {
        match self {
            Self::Names(names) => {
                let mut names = names.clone();
                names.sort_unstable();
                Self::Names(names)
            }
            Self::Pattern(_) => self.clone(),
        }
    }

    /// The modules of a model, layer by layer, in each in the order of [`LinearModule::ALL`].
    pub(crate) fn places(&self, model: &DecoderConfig, layers: Option<&[usize]>) -> Result<Vec<(usize, LinearModule)>, ModelError> {
        let all = (0..model.num_hidden_layers).flat_map(|layer| LinearModule::ALL.map(|module| (layer, module)));
        match self {
            Self::Names(names) => {
                if names.is_empty() {
                    return Err(ModelError::invalid_lora("no target module is named, so nothing would be trained"));
                }
                if let Some(module) = names.iter().enumerate().find_map(|(place, module)| names[..place].contains(module).then_some(module))
                {
                    return Err(ModelError::invalid_lora(format!("target module {module} is named twice")));
                }
                check_layers(model, layers)?;
                let chosen = |layer: &usize| layers.is_none_or(|layers| layers.contains(layer));
                Ok(all.filter(|(layer, module)| chosen(layer) && names.contains(module)).collect())
            }
            Self::Pattern(_) if layers.is_some() => Err(ModelError::invalid_lora(
                "layers_to_transform goes with named modules; with a pattern, let the pattern choose the layers",
            )),
            Self::Pattern(pattern) => {
                let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_LIMIT).build();
                let whole = whole.map_err(|_| ModelError::invalid_lora(format!("the pattern {pattern:?} is no regular expression")))?;
                if let Some(other) = ["lm_head", "model.embed_tokens"].into_iter().find(|path| whole.is_match(path)) {
                    let supported = "adapters go on the linear layers of the blocks";
                    return Err(ModelError::unsupported(format!("target module {other} (matched by {pattern:?})"), supported));
                }
                let places: Vec<_> = all.filter(|(layer, module)| whole.is_match(&module.path(*layer))).collect();
                if places.is_empty() {
                    let example = LinearModule::QProj.path(0);
                    let reason = format!("the pattern {pattern:?} matches no module; it must match a whole path such as {example}");
                    return Err(ModelError::invalid_lora(reason));
                }
                Ok(places)
            }
        }
    }
}

fn check_layers(model: &DecoderConfig, layers: Option<&[usize]>) -> Result<(), ModelError> {
    let Some(layers) = layers else { return Ok(()) };
    if layers.is_empty() {
        return Err(ModelError::invalid_lora("layers_to_transform names no layer, so nothing would be trained"));
    }
    for (place, layer) in layers.iter().enumerate() {
        if *layer >= model.num_hidden_layers {
            let last = model.num_hidden_layers - 1;
            return Err(ModelError::invalid_lora(format!("layers_to_transform names layer {layer}; the model has 0 to {last}")));
        }
        if layers[..place].contains(layer) {
            return Err(ModelError::invalid_lora(format!("layers_to_transform names layer {layer} twice")));
        }
    }
    Ok(())
}
