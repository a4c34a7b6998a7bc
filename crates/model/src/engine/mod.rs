//! The decoder: frozen weights, and the passes over them.

mod backward;
mod forward;
mod generate;
mod linear;
mod past;
mod score;
mod workspace;

use std::path::Path;

pub use generate::Prompt;
pub use score::SequenceScore;
pub use workspace::Workspace;

use crate::{
    Backend, Batch, BatchLoss, Cpu, DecoderConfig, DropoutKey, LinearModule, LoraGradients, LoraWeights, LossScale, ModelError,
    backend::{Matrix, Write},
    batch::PackedBatch,
    weights::{self, TensorFiles},
};
use linear::{Adapter, Linear};

/// A decoder block's frozen weights.
struct Layer<Buffer> {
    /// `[hidden]`, before the attention.
    input_norm: Buffer,
    /// `[hidden]`, before the feed-forward.
    post_attention_norm: Buffer,
    /// `[out, in]` each, in the order of [`LinearModule::ALL`].
    linears: [Buffer; 7],
    /// `[out]` each, in the same order, where the module has a bias.
    biases: [Option<Buffer>; 7],
    /// `[head_dim]` each: norms of the heads of queries and keys, where the model has them.
    head_norms: Option<[Buffer; 2]>,
}

/// A base model: frozen weights on a device, in f32.
pub struct Model<B: Backend = Cpu> {
    config: DecoderConfig,
    backend: B,
    /// `[vocabulary, hidden]`.
    embedding: B::Buffer,
    layers: Vec<Layer<B::Buffer>>,
    /// `[hidden]`, before the head.
    final_norm: B::Buffer,
    /// `[vocabulary, hidden]`; none when the embedding is used.
    head: Option<B::Buffer>,
}

/// One pass over a batch: what is computed, with which adapters and which dropout.
#[derive(Clone, Copy)]
struct Pass<'a> {
    batch: &'a PackedBatch,
    lora: Option<&'a LoraWeights>,
    dropout: Option<DropoutKey>,
}

impl Model<Cpu> {
    /// Loads a model folder in Hugging Face layout: `config.json` with `model.safetensors`, or with the shards of
    /// `model.safetensors.index.json`. Weights may be stored as f32, f16 or bf16.
    ///
    /// # Errors
    /// When a file is missing or damaged, when a tensor is missing or has another shape than the configuration says, or when the
    /// architecture is not supported.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let config = DecoderConfig::from_json(&weights::read_file(&folder.join("config.json"))?)?;
        let files = weights::open_model_files(folder)?;
        let tensors = TensorFiles::parse(&files)?;
        Self::from_tensors(config, Cpu, |name, shape| tensors.read(name, shape))
    }
}

impl<B: Backend> Model<B> {
    /// Builds a model from any source of tensors. The source is asked for each tensor once, by its Hugging Face name and shape, and
    /// answers with its elements in row-major order.
    ///
    /// # Errors
    /// When the configuration makes no sense, or the source fails or answers with another number of elements.
    pub fn from_tensors(
        config: DecoderConfig,
        backend: B,
        mut source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, ModelError>,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        let mut tensor = |name: &str, shape: &[usize]| {
            let elements = source(name, shape)?;
            if elements.len() != shape.iter().product::<usize>() {
                let found = vec![elements.len()];
                return Err(ModelError::TensorShape { name: name.to_owned(), expected: shape.to_vec(), found });
            }
            Ok(backend.upload(elements))
        };
        let hidden = config.hidden_size;
        let embedding = tensor("model.embed_tokens.weight", &[config.vocab_size, hidden])?;
        let mut layers = Vec::with_capacity(config.num_hidden_layers);
        for index in 0..config.num_hidden_layers {
            let mut linears: [B::Buffer; 7] = Default::default();
            let mut biases: [Option<B::Buffer>; 7] = Default::default();
            for module in LinearModule::ALL {
                let (inputs, outputs) = config.linear_dims(module);
                let name = |part: &str| format!("{}.{part}", module.path(index));
                linears[module.index()] = tensor(&name("weight"), &[outputs, inputs])?;
                if config.biases.contains(&module) {
                    biases[module.index()] = Some(tensor(&name("bias"), &[outputs])?);
                }
            }
            let mut head_norm = |part: &str| tensor(&format!("model.layers.{index}.self_attn.{part}.weight"), &[config.head_dim]);
            let head_norms = if config.qk_norm { Some([head_norm("q_norm")?, head_norm("k_norm")?]) } else { None };
            layers.push(Layer {
                input_norm: tensor(&format!("model.layers.{index}.input_layernorm.weight"), &[hidden])?,
                post_attention_norm: tensor(&format!("model.layers.{index}.post_attention_layernorm.weight"), &[hidden])?,
                linears,
                biases,
                head_norms,
            });
        }
        let final_norm = tensor("model.norm.weight", &[hidden])?;
        let head = match config.tie_word_embeddings {
            true => None,
            false => Some(tensor("lm_head.weight", &[config.vocab_size, hidden])?),
        };
        Ok(Self { config, backend, embedding, layers, final_norm, head })
    }

    /// The model's geometry.
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// Computes the loss of a batch and adds the gradients of `loss_scale · loss_sum` for the adapter weights to `grads`.
    /// A batch without labels adds nothing. The same key gives the same dropout masks; without one there is no dropout.
    ///
    /// # Errors
    /// When the batch, the weights or the gradients do not fit the model, or the device fails.
    pub fn forward_backward(
        &self,
        lora: &LoraWeights,
        grads: &mut LoraGradients,
        batch: &Batch<'_>,
        loss_scale: LossScale,
        dropout: Option<DropoutKey>,
        ws: &mut Workspace<B>,
    ) -> Result<BatchLoss, ModelError> {
        lora.check_fits(&self.config)?;
        grads.check_fits(lora)?;
        let packed = PackedBatch::for_loss(batch, &self.config)?;
        let label_tokens = packed.targets.len();
        if label_tokens == 0 {
            return Ok(BatchLoss { loss_sum: 0.0, label_tokens });
        }
        let pass = Pass { batch: &packed, lora: Some(lora), dropout };
        ws.prepare(self, pass, true);
        self.blocks_forward(pass, ws, true);
        let loss_sum = self.head_backward(pass, loss_scale, ws);
        self.blocks_backward(pass, ws);
        self.backend.finish()?;
        for (gradient, total) in ws.gradients.iter().zip(grads.params_mut()) {
            self.backend.add_to_host(gradient, total.data);
        }
        Ok(BatchLoss { loss_sum, label_tokens })
    }

    /// The loss of a batch, without dropout and without gradients.
    ///
    /// # Errors
    /// When the batch or the weights do not fit the model, or the device fails.
    pub fn loss(&self, lora: Option<&LoraWeights>, batch: &Batch<'_>, ws: &mut Workspace<B>) -> Result<BatchLoss, ModelError> {
        lora.map_or(Ok(()), |lora| lora.check_fits(&self.config))?;
        let packed = PackedBatch::for_loss(batch, &self.config)?;
        let label_tokens = packed.targets.len();
        if label_tokens == 0 {
            return Ok(BatchLoss { loss_sum: 0.0, label_tokens });
        }
        let pass = Pass { batch: &packed, lora, dropout: None };
        ws.prepare(self, pass, false);
        self.blocks_forward(pass, ws, false);
        let loss_sum = self.head_forward(pass, ws);
        self.backend.finish()?;
        Ok(BatchLoss { loss_sum, label_tokens })
    }

    /// Logits `[batch_size, seq_len, vocabulary]`. Every one is kept at once, so this is for short sequences.
    ///
    /// # Errors
    /// When the tokens or the weights do not fit the model, or the device fails.
    pub fn logits(&self, lora: Option<&LoraWeights>, input_ids: &[u32], batch_size: usize, seq_len: usize) -> Result<Vec<f32>, ModelError> {
        lora.map_or(Ok(()), |lora| lora.check_fits(&self.config))?;
        let packed = PackedBatch::whole(input_ids, batch_size, seq_len, &self.config)?;
        let pass = Pass { batch: &packed, lora, dropout: None };
        let mut ws = Workspace::default();
        ws.prepare(self, pass, false);
        self.blocks_forward(pass, &mut ws, false);
        let (hidden, vocabulary, rows) = (self.config.hidden_size, self.config.vocab_size, packed.rows());
        let scratch = &mut ws.scratch;
        self.backend.rms_norm(&scratch.stream, &self.final_norm, self.config.rms_norm_eps, &mut scratch.normalised);
        let mut logits = B::Buffer::default();
        self.backend.resize(&mut logits, rows * vocabulary);
        let states = Matrix::new(&scratch.normalised, rows, hidden);
        let head = Matrix::new(self.head_weight(), vocabulary, hidden);
        self.backend.product(1.0, states, head.t(), Write::Replace, &mut logits);
        self.backend.finish()?;
        let mut answer = vec![0.0; rows * vocabulary];
        self.backend.read(&logits, &mut answer);
        Ok(answer)
    }

    fn head_weight(&self) -> &B::Buffer {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// A linear layer with its adapter, if it has one, for the rows of a pass.
    fn linear<'a>(&'a self, pass: Pass<'a>, layer: usize, module: LinearModule, adapters: &'a [B::Buffer]) -> Linear<'a, B> {
        let (inputs, outputs) = self.config.linear_dims(module);
        let adapter = pass.lora.and_then(|lora| {
            let config = lora.config();
            let [a, b] = adapters.get(lora.place(layer, module)?..)?.get(..2)? else { return None };
            let key = pass.dropout.filter(|_| config.dropout > 0.0);
            let mask = key.map(|key| key.mask(layer, module.index(), config.dropout));
            Some(Adapter { a, b, rank: config.rank, scale: config.scale(), mask })
        });
        let weights = &self.layers[layer];
        let (weight, bias) = (&weights.linears[module.index()], weights.biases[module.index()].as_ref());
        Linear { backend: &self.backend, weight, bias, rows: pass.batch.rows(), inputs, outputs, adapter }
    }
}
