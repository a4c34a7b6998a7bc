//! LoRA settings, weights and gradients on the host, as an ordered list of named tensors.
//!
//! The order is fixed: layer by layer, in each layer the targeted modules in the order of [`LinearModule::ALL`], of each module
//! first A, then B. Weights, gradients and whatever an optimiser keeps beside them can therefore be walked in step.

use crate::{DecoderConfig, LinearModule, ModelError, random, targets::TargetModules};

/// Settings of the adapters.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraConfig {
    /// Inner width r.
    pub rank: usize,
    /// Numerator of the scale by which the adapter's output is multiplied.
    pub alpha: f32,
    /// Whether the scale is `alpha / sqrt(rank)` (Kalajdzievski, 2023, "rsLoRA") rather than `alpha / rank`.
    pub use_rslora: bool,
    /// Probability with which an element of the adapter's input is dropped in training, in `[0, 1)`.
    pub dropout: f32,
    /// The modules that carry an adapter.
    pub target_modules: TargetModules,
    /// The layers in which they do, ascending; none for all. Only with modules that are named.
    pub layers_to_transform: Option<Vec<usize>>,
}

impl LoraConfig {
    /// Adapters on the named modules in every layer, with the scale `alpha / rank`.
    pub fn on(modules: &[LinearModule], rank: usize, alpha: f32, dropout: f32) -> Self {
        let target_modules = TargetModules::Names(modules.to_vec());
        Self { rank, alpha, use_rslora: false, dropout, target_modules, layers_to_transform: None }
    }

    /// The factor on the adapter's output.
    pub fn scale(&self) -> f32 {
        let rank = self.rank as f32;
        self.alpha / if self.use_rslora { rank.sqrt() } else { rank }
    }

    /// Checks the settings against a model.
    ///
    /// # Errors
    /// When nothing is targeted, something is named twice or is not there, the rank is 0 or above a targeted layer's size, or alpha or
    /// dropout is out of range.
    pub fn validate(&self, model: &DecoderConfig) -> Result<(), ModelError> {
        self.places(model).map(drop)
    }

    /// Checks the settings and lists the modules that carry an adapter, layer by layer.
    fn places(&self, model: &DecoderConfig) -> Result<Vec<(usize, LinearModule)>, ModelError> {
        let places = self.target_modules.places(model, self.layers_to_transform.as_deref())?;
        for (_, module) in &places {
            let (inputs, outputs) = model.linear_dims(*module);
            let largest = inputs.min(outputs);
            if !(1..=largest).contains(&self.rank) {
                return Err(ModelError::invalid_lora(format!(
                    "rank {} does not fit {module} ({inputs} to {outputs} features); use 1 to {largest}",
                    self.rank
                )));
            }
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(ModelError::invalid_lora(format!("alpha is {}, but must be above 0", self.alpha)));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(ModelError::invalid_lora(format!("dropout is {}, but must be at least 0 and below 1", self.dropout)));
        }
        Ok(places)
    }
}

/// A tensor with PEFT's name, row-major, for reading.
#[derive(Debug, Clone, Copy)]
pub struct NamedTensor<'a> {
    /// `base_model.model.model.layers.{i}.{module path}.lora_{A|B}.weight`.
    pub name: &'a str,
    /// `[rank, in]` for A, `[out, rank]` for B.
    pub shape: [usize; 2],
    /// The elements.
    pub data: &'a [f32],
}

/// A tensor with PEFT's name, row-major, for changing in place.
#[derive(Debug)]
pub struct NamedTensorMut<'a> {
    /// As in [`NamedTensor`].
    pub name: &'a str,
    /// As in [`NamedTensor`].
    pub shape: [usize; 2],
    /// The elements.
    pub data: &'a mut [f32],
}

#[derive(Debug, Clone, PartialEq)]
struct Tensor {
    name: String,
    shape: [usize; 2],
    data: Vec<f32>,
}

/// The tensors of one kind (weights, or gradients) for every adapter of a model.
#[derive(Debug, Clone, PartialEq)]
struct TensorSet(Vec<Tensor>);

impl TensorSet {
    fn zeros(model: &DecoderConfig, rank: usize, places: &[(usize, LinearModule)]) -> Self {
        let mut tensors = Vec::with_capacity(2 * places.len());
        for (layer, module) in places {
            let (inputs, outputs) = model.linear_dims(*module);
            for (part, shape) in [("A", [rank, inputs]), ("B", [outputs, rank])] {
                let name = format!("base_model.model.{}.lora_{part}.weight", module.path(*layer));
                tensors.push(Tensor { name, shape, data: vec![0.0; shape[0] * shape[1]] });
            }
        }
        Self(tensors)
    }

    fn views(&self) -> Vec<NamedTensor<'_>> {
        self.0.iter().map(|t| NamedTensor { name: &t.name, shape: t.shape, data: &t.data }).collect()
    }

    fn views_mut(&mut self) -> Vec<NamedTensorMut<'_>> {
        self.0.iter_mut().map(|t| NamedTensorMut { name: &t.name, shape: t.shape, data: &mut t.data }).collect()
    }

    fn parameter_count(&self) -> u64 {
        self.0.iter().map(|t| t.data.len() as u64).sum()
    }
}

/// The trainable weights: an A and a B for every targeted module of every layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraWeights {
    config: LoraConfig,
    /// The modules that carry an adapter: each has an A and a B in `tensors`, in this order.
    places: Vec<(usize, LinearModule)>,
    tensors: TensorSet,
}

impl LoraWeights {
    /// Fresh weights as PEFT makes them: A Kaiming-uniform with `a = sqrt 5`, which is uniform in `±1/sqrt(in)`; B zero, so that the
    /// adapter changes nothing at first. The same seed gives the same weights.
    ///
    /// # Errors
    /// As [`LoraConfig::validate`].
    pub fn init(model: &DecoderConfig, lora: &LoraConfig, seed: u64) -> Result<Self, ModelError> {
        const INITIAL_A: u64 = 0x696e_6974;
        let mut weights = Self::zeros(model, lora)?;
        for (index, tensor) in weights.tensors.0.iter_mut().enumerate().step_by(2) {
            let key = random::key(&[INITIAL_A, seed, index as u64]);
            let bound = 1.0 / (tensor.shape[1] as f32).sqrt();
            for (place, value) in tensor.data.iter_mut().enumerate() {
                *value = (2.0 * random::unit_f32(key, place as u64) - 1.0) * bound;
            }
        }
        Ok(weights)
    }

    /// Weights that are all zero, to be filled through [`Self::params_mut`], from a checkpoint for example.
    ///
    /// # Errors
    /// As [`LoraConfig::validate`].
    pub fn zeros(model: &DecoderConfig, lora: &LoraConfig) -> Result<Self, ModelError> {
        let places = lora.places(model)?;
        let tensors = TensorSet::zeros(model, lora.rank, &places);
        let config = LoraConfig { target_modules: lora.target_modules.in_order(), ..lora.clone() };
        Ok(Self { config, places, tensors })
    }

    /// The settings, with the target modules in canonical order.
    pub fn config(&self) -> &LoraConfig {
        &self.config
    }

    /// The tensors in the fixed order.
    pub fn params(&self) -> Vec<NamedTensor<'_>> {
        self.tensors.views()
    }

    /// The tensors in the fixed order, for an optimiser.
    pub fn params_mut(&mut self) -> Vec<NamedTensorMut<'_>> {
        self.tensors.views_mut()
    }

    /// Number of trainable parameters.
    pub fn parameter_count(&self) -> u64 {
        self.tensors.parameter_count()
    }

    /// Place of the A tensor of a module in the fixed order (B follows it), or none when the module carries no adapter.
    pub(crate) fn place(&self, layer: usize, module: LinearModule) -> Option<usize> {
        self.places.binary_search(&(layer, module)).ok().map(|place| 2 * place)
    }

    /// Checks that the weights were made for this model.
    pub(crate) fn check_fits(&self, model: &DecoderConfig) -> Result<(), ModelError> {
        let rank = self.config.rank;
        let fits = |((layer, module), pair): (&(usize, LinearModule), &[Tensor])| {
            let (inputs, outputs) = model.linear_dims(*module);
            *layer < model.num_hidden_layers && pair[0].shape == [rank, inputs] && pair[1].shape == [outputs, rank]
        };
        let (pairs, rest) = self.tensors.0.as_chunks::<2>();
        if !rest.is_empty()
            || pairs.len() != self.places.len()
            || !self.places.iter().zip(pairs.iter().map(<[Tensor; 2]>::as_slice)).all(fits)
        {
            return Err(ModelError::AdapterMismatch { reason: "it was made for a model of another geometry".to_owned() });
        }
        Ok(())
    }
}

/// Gradients of the loss for [`LoraWeights`], in the same order and shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraGradients {
    tensors: TensorSet,
}

impl LoraGradients {
    /// Zero gradients for these weights.
    pub fn zeros_like(weights: &LoraWeights) -> Self {
        let mut tensors = weights.tensors.clone();
        tensors.0.iter_mut().for_each(|tensor| tensor.data.fill(0.0));
        Self { tensors }
    }

    /// Sets every element to zero, for the next optimiser step.
    pub fn zero(&mut self) {
        self.tensors.0.iter_mut().for_each(|tensor| tensor.data.fill(0.0));
    }

    /// Multiplies every element, for clipping.
    pub fn scale(&mut self, factor: f32) {
        self.tensors.0.iter_mut().flat_map(|tensor| &mut tensor.data).for_each(|value| *value *= factor);
    }

    /// Euclidean norm over all elements of all tensors, summed in f64 in the fixed order.
    pub fn global_norm(&self) -> f64 {
        self.tensors.0.iter().flat_map(|tensor| &tensor.data).map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
    }

    /// Adds other gradients, element by element.
    ///
    /// # Errors
    /// When they belong to other weights.
    pub fn add(&mut self, other: &Self) -> Result<(), ModelError> {
        let same = |(a, b): (&Tensor, &Tensor)| a.shape == b.shape && a.name == b.name;
        if self.tensors.0.len() != other.tensors.0.len() || !self.tensors.0.iter().zip(&other.tensors.0).all(same) {
            return Err(ModelError::AdapterMismatch { reason: "the gradients to be added belong to other weights".to_owned() });
        }
        for (mine, theirs) in self.tensors.0.iter_mut().zip(&other.tensors.0) {
            mine.data.iter_mut().zip(&theirs.data).for_each(|(a, b)| *a += b);
        }
        Ok(())
    }

    /// The tensors in the fixed order.
    pub fn params(&self) -> Vec<NamedTensor<'_>> {
        self.tensors.views()
    }

    /// The tensors in the fixed order, for changing in place.
    pub fn params_mut(&mut self) -> Vec<NamedTensorMut<'_>> {
        self.tensors.views_mut()
    }

    /// Checks that these gradients belong to the weights.
    pub(crate) fn check_fits(&self, weights: &LoraWeights) -> Result<(), ModelError> {
        let shapes = |set: &TensorSet| set.0.iter().map(|t| t.shape).collect::<Vec<_>>();
        if shapes(&self.tensors) != shapes(&weights.tensors) {
            return Err(ModelError::AdapterMismatch { reason: "the gradients belong to other weights".to_owned() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> DecoderConfig {
        DecoderConfig {
            hidden_size: 32,
            intermediate_size: 64,
            num_hidden_layers: 2,
            num_attention_heads: 4,
            num_key_value_heads: 2,
            head_dim: 8,
            vocab_size: 96,
            max_position_embeddings: 64,
            rms_norm_eps: 1e-5,
            rope: crate::Rope::plain(10_000.0),
            tie_word_embeddings: true,
            biases: Vec::new(),
            qk_norm: false,
            sliding_window: None,
        }
    }

    fn lora(rank: usize, target_modules: &[LinearModule]) -> LoraConfig {
        LoraConfig::on(target_modules, rank, 16.0, 0.0)
    }

    #[test]
    fn tensors_come_in_one_order_whatever_the_order_of_the_targets() {
        let weights = LoraWeights::init(&model(), &lora(4, &[LinearModule::DownProj, LinearModule::QProj]), 3).unwrap();
        let names: Vec<&str> = weights.params().iter().map(|t| t.name).collect();
        assert_eq!(names[0], "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
        assert_eq!(names[3], "base_model.model.model.layers.0.mlp.down_proj.lora_B.weight");
        assert_eq!(names.len(), 8);
        assert_eq!(weights.params()[2].shape, [4, 64]);
        assert_eq!(weights.place(1, LinearModule::DownProj), Some(6));
        assert_eq!(weights.place(1, LinearModule::KProj), None);
        assert_eq!(weights.parameter_count(), 2 * (4 * 32 + 32 * 4 + 4 * 64 + 32 * 4));
    }

    #[test]
    fn a_is_uniform_in_its_bound_and_b_is_zero() {
        let weights = LoraWeights::init(&model(), &lora(8, &LinearModule::ALL), 3).unwrap();
        for tensor in weights.params() {
            if tensor.name.contains("lora_B") {
                assert!(tensor.data.iter().all(|x| *x == 0.0));
                continue;
            }
            let bound = 1.0 / (tensor.shape[1] as f32).sqrt();
            let largest = tensor.data.iter().fold(0f32, |m, x| m.max(x.abs()));
            assert!(largest <= bound && largest > 0.95 * bound, "{largest} of {bound}");
            let mean = tensor.data.iter().sum::<f32>() / tensor.data.len() as f32;
            assert!(mean.abs() < 0.15 * bound, "{mean}");
        }
        let again = LoraWeights::init(&model(), &lora(8, &LinearModule::ALL), 3).unwrap();
        let other = LoraWeights::init(&model(), &lora(8, &LinearModule::ALL), 4).unwrap();
        assert_eq!(weights, again);
        assert_ne!(weights, other);
    }

    #[test]
    fn settings_that_cannot_train_are_refused_with_the_limit() {
        let wrong = [
            (lora(4, &[]), "no target module"),
            (lora(0, &[LinearModule::QProj]), "1 to 32"),
            (lora(17, &[LinearModule::QProj, LinearModule::KProj]), "1 to 16"),
            (lora(4, &[LinearModule::QProj, LinearModule::QProj]), "twice"),
            (LoraConfig { dropout: 1.0, ..lora(4, &[LinearModule::QProj]) }, "below 1"),
            (LoraConfig { alpha: f32::NAN, ..lora(4, &[LinearModule::QProj]) }, "alpha"),
        ];
        for (settings, named) in wrong {
            let error = LoraWeights::init(&model(), &settings, 0).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn layers_and_patterns_choose_the_places() {
        let model = model();
        let some = LoraConfig { layers_to_transform: Some(vec![1]), ..lora(4, &[LinearModule::QProj, LinearModule::UpProj]) };
        let names = |lora: &LoraConfig| {
            let weights = LoraWeights::init(&model, lora, 3).unwrap();
            weights.check_fits(&model).unwrap();
            weights.params().iter().step_by(2).map(|t| t.name.replace("base_model.model.model.layers.", "")).collect::<Vec<_>>()
        };
        assert_eq!(names(&some), ["1.self_attn.q_proj.lora_A.weight", "1.mlp.up_proj.lora_A.weight"]);
        let pattern = |text: &str| LoraConfig { target_modules: TargetModules::Pattern(text.to_owned()), ..lora(4, &[]) };
        let found = names(&pattern(r".*\.0\.mlp\.(up|down)_proj|.*\.1\.self_attn\.v_proj"));
        assert_eq!(found, ["0.mlp.up_proj.lora_A.weight", "0.mlp.down_proj.lora_A.weight", "1.self_attn.v_proj.lora_A.weight"]);
        let scale = LoraConfig { use_rslora: true, ..lora(4, &[LinearModule::QProj]) }.scale();
        assert_eq!((scale, lora(4, &[LinearModule::QProj]).scale()), (8.0, 4.0));
        for (settings, named) in [
            (pattern("nothing"), "nothing"),
            (pattern("(q_proj"), "(q_proj"),
            (pattern(".*lm_head|.*q_proj"), "lm_head"),
            (LoraConfig { layers_to_transform: Some(vec![0]), ..pattern(".*q_proj") }, "layers_to_transform"),
            (LoraConfig { layers_to_transform: Some(vec![2]), ..lora(4, &[LinearModule::QProj]) }, "0 to 1"),
            (LoraConfig { layers_to_transform: Some(vec![]), ..lora(4, &[LinearModule::QProj]) }, "no layer"),
            (LoraConfig { layers_to_transform: Some(vec![1, 1]), ..lora(4, &[LinearModule::QProj]) }, "twice"),
        ] {
            let error = LoraWeights::init(&model, &settings, 0).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn gradients_add_scale_and_measure() {
        let weights = LoraWeights::init(&model(), &lora(4, &[LinearModule::QProj]), 0).unwrap();
        let mut gradients = LoraGradients::zeros_like(&weights);
        gradients.params_mut()[0].data[..2].copy_from_slice(&[3.0, 4.0]);
        assert_eq!(gradients.global_norm(), 5.0);
        let copy = gradients.clone();
        gradients.add(&copy).unwrap();
        gradients.scale(0.25);
        assert_eq!(gradients.global_norm(), 2.5);
        gradients.zero();
        assert_eq!(gradients, LoraGradients::zeros_like(&weights));
        let other = LoraWeights::init(&model(), &lora(4, &[LinearModule::KProj]), 0).unwrap();
        assert!(gradients.add(&LoraGradients::zeros_like(&other)).is_err());
        assert!(gradients.check_fits(&other).is_err());
    }
}
