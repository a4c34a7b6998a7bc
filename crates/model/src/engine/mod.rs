//! The decoder: frozen weights, and the passes over them.

mod backward;
mod forward;
mod generate;
mod linear;
mod past;
mod resident;
mod score;
mod workspace;

use std::path::Path;

pub use generate::Prompt;
pub use resident::ResidentAdapters;
pub use score::SequenceScore;
pub use workspace::Workspace;

use crate::{
    Backend, Batch, BatchLoss, Cpu, DecoderConfig, DropoutKey, LinearModule, LoraGradients, LoraWeights, LossScale, ModelError, Precision,
    backend::Write,
    batch::PackedBatch,
    weights::{self, Elements, LoadProgress, TensorFiles},
};
use linear::{Adapter, Linear};

/// A decoder block's frozen weights.
struct Layer<B: Backend> {
    /// `[hidden]`, before the attention.
    input_norm: B::Buffer,
    /// `[hidden]`, before the feed-forward.
    post_attention_norm: B::Buffer,
    /// `[out, in]` each, in the order of [`LinearModule::ALL`].
    linears: [B::Frozen; 7],
    /// `[out]` each, in the same order, where the module has a bias.
    biases: [Option<B::Buffer>; 7],
    /// `[head_dim]` each: norms of the heads of queries and keys, where the model has them.
    head_norms: Option<[B::Buffer; 2]>,
}

/// A base model: frozen weights on a device. Matrices are kept in the model's [`Precision`], norms and biases in f32.
pub struct Model<B: Backend = Cpu> {
    config: DecoderConfig,
    backend: B,
    precision: Precision,
    /// `[vocabulary, hidden]`.
    embedding: B::Frozen,
    layers: Vec<Layer<B>>,
    /// `[hidden]`, before the head.
    final_norm: B::Buffer,
    /// `[vocabulary, hidden]`; none when the embedding is used.
    head: Option<B::Frozen>,
}

/// One pass over a batch: what is computed, with which adapters and which dropout.
#[derive(Clone, Copy)]
struct Pass<'a> {
    batch: &'a PackedBatch,
    lora: Option<&'a LoraWeights>,
    dropout: Option<DropoutKey>,
}

impl Model<Cpu> {
    /// Loads a model folder onto the processors, in f32; see [`Model::load_on`].
    ///
    /// # Errors
    /// As [`Model::load_on`].
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Self::load_on(Cpu, folder, Precision::F32, |_| ())
    }
}

impl<B: Backend> Model<B> {
    /// Loads a model folder in Hugging Face layout: `config.json` with `model.safetensors`, or with the shards of
    /// `model.safetensors.index.json`. Weights may be stored as f32, f16 or bf16. Files are mapped, and what was read of them is given
    /// back at once, so that little more memory is taken on the way than the weights take at the end.
    ///
    /// # Errors
    /// When a file is missing or damaged, when a tensor is missing or has another shape than the configuration says, or when the
    /// architecture is not supported, or when the device fails.
    pub fn load_on(backend: B, folder: &Path, precision: Precision, mut progress: impl FnMut(LoadProgress)) -> Result<Self, ModelError> {
        let config = DecoderConfig::from_json(&weights::read_file(&folder.join("config.json"))?)?;
        let files = weights::open_model_files(folder)?;
        let tensors = TensorFiles::parse(&files)?;
        let mut loaded = LoadProgress { bytes: 0, total_bytes: tensors.bytes() };
        Self::assemble(config, backend, precision, |name, shape, take| {
            let (elements, bytes) = tensors.find(name, shape)?;
            take(elements);
            tensors.forget(name);
            loaded.bytes += bytes;
            progress(loaded);
            Ok(())
        })
    }

    /// Builds a model from any source of tensors. The source is asked for each tensor once, by its Hugging Face name and shape, and
    /// answers with its elements in row-major order.
    ///
    /// # Errors
    /// When the configuration makes no sense, the source fails or answers with another number of elements, or the device fails.
    pub fn from_tensors(
        config: DecoderConfig,
        backend: B,
        precision: Precision,
        mut source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, ModelError>,
    ) -> Result<Self, ModelError> {
        Self::assemble(config, backend, precision, |name, shape, take| {
            let elements = source(name, shape)?;
            if elements.len() != shape.iter().product::<usize>() {
                let found = vec![elements.len()];
                let file = "the given tensors".to_owned();
                return Err(ModelError::TensorShape { name: name.to_owned(), file, expected: shape.to_vec(), found });
            }
            take(Elements::Owned(elements));
            Ok(())
        })
    }

    /// Asks for every tensor and hands it to the device. Each is let go before the next is asked for.
    fn assemble(
        config: DecoderConfig,
        backend: B,
        precision: Precision,
        mut source: impl FnMut(&str, &[usize], &mut dyn FnMut(Elements<'_>)) -> Result<(), ModelError>,
    ) -> Result<Self, ModelError> {
        config.validate()?;
        let hidden = config.hidden_size;
        let mut loader = Loader { backend: &backend, precision, source: &mut source };
        let embedding = loader.matrix("model.embed_tokens.weight", config.vocab_size, hidden)?;
        // Here, and not at the end, where a large one would stand beside everything else while it is converted.
        let head = match config.tie_word_embeddings {
            true => None,
            false => Some(loader.matrix("lm_head.weight", config.vocab_size, hidden)?),
        };
        let layers = (0..config.num_hidden_layers).map(|index| loader.layer(&config, index)).collect::<Result<_, _>>()?;
        let final_norm = loader.row("model.norm.weight", hidden)?;
        backend.finish()?;
        Ok(Self { config, backend, precision, embedding, layers, final_norm, head })
    }

    /// The numbers in which the frozen matrices are kept.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The device that the model is on.
    pub fn backend(&self) -> &B {
        &self.backend
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
        grads.check_fits(lora)?;
        let loss = self.there_and_back(lora, batch, loss_scale, dropout, ws, Workspace::prepare)?;
        if loss.label_tokens > 0 {
            for (gradient, total) in ws.gradients.iter().zip(grads.params_mut()) {
                self.backend.add_to_host(gradient, total.data);
            }
        }
        self.backend.finish()?;
        Ok(loss)
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
        let (vocabulary, rows) = (self.config.vocab_size, packed.rows());
        let scratch = &mut ws.scratch;
        self.backend.rms_norm(&scratch.stream, &self.final_norm, self.config.rms_norm_eps, &mut scratch.normalised);
        let mut logits = B::Buffer::default();
        self.backend.resize(&mut logits, rows * vocabulary);
        self.backend.linear(&scratch.normalised, self.head_weight(), None, Write::Replace, &mut logits);
        let mut answer = vec![0.0; rows * vocabulary];
        self.backend.read(&logits, &mut answer);
        self.backend.finish()?;
        Ok(answer)
    }

    /// Both passes over a batch, in the workspace as `prepare` leaves it. The gradients lie there then, unless the batch has no labels.
    fn there_and_back(
        &self,
        lora: &LoraWeights,
        batch: &Batch<'_>,
        loss_scale: LossScale,
        dropout: Option<DropoutKey>,
        ws: &mut Workspace<B>,
        prepare: impl FnOnce(&mut Workspace<B>, &Self, Pass<'_>, bool),
    ) -> Result<BatchLoss, ModelError> {
        lora.check_fits(&self.config)?;
        let packed = PackedBatch::for_loss(batch, &self.config)?;
        let label_tokens = packed.targets.len();
        if label_tokens == 0 {
            return Ok(BatchLoss { loss_sum: 0.0, label_tokens });
        }
        let pass = Pass { batch: &packed, lora: Some(lora), dropout };
        prepare(ws, self, pass, true);
        self.blocks_forward(pass, ws, true);
        let loss_sum = self.head_backward(pass, loss_scale, ws);
        self.blocks_backward(pass, ws);
        self.backend.finish()?;
        Ok(BatchLoss { loss_sum, label_tokens })
    }

    fn head_weight(&self) -> &B::Frozen {
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

/// Where [`Model::assemble`] asks for a tensor, with the place that takes it over.
type Source<'a> = dyn FnMut(&str, &[usize], &mut dyn FnMut(Elements<'_>)) -> Result<(), ModelError> + 'a;

/// Brings tensors to a device by name.
struct Loader<'a, B> {
    backend: &'a B,
    precision: Precision,
    source: &'a mut Source<'a>,
}

impl<B: Backend> Loader<'_, B> {
    fn take<T>(&mut self, name: &str, shape: &[usize], mut make: impl FnMut(Elements<'_>) -> T) -> Result<T, ModelError> {
        let mut made = None;
        (self.source)(name, shape, &mut |elements| made = Some(make(elements)))?;
        made.ok_or_else(|| ModelError::MissingTensor { name: name.to_owned(), file: "the source of tensors".to_owned() })
    }

    /// A frozen `[rows, columns]` matrix.
    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<B::Frozen, ModelError> {
        let (backend, precision) = (self.backend, self.precision);
        self.take(name, &[rows, columns], |elements| backend.freeze(elements, rows, columns, precision))
    }

    /// A norm's weight or a bias.
    fn row(&mut self, name: &str, width: usize) -> Result<B::Buffer, ModelError> {
        let backend = self.backend;
        self.take(name, &[width], |elements| backend.upload(elements.into_vec()))
    }

    fn layer(&mut self, config: &DecoderConfig, index: usize) -> Result<Layer<B>, ModelError> {
        let part = |module: LinearModule, part: &str| format!("{}.{part}", module.path(index));
        let block = |part: &str| format!("model.layers.{index}.{part}.weight");
        let mut matrix = |module: LinearModule| {
            let (inputs, outputs) = config.linear_dims(module);
            self.matrix(&part(module, "weight"), outputs, inputs)
        };
        let [q, k, v, o, gate, up, down] = LinearModule::ALL;
        let linears = [matrix(q)?, matrix(k)?, matrix(v)?, matrix(o)?, matrix(gate)?, matrix(up)?, matrix(down)?];
        let mut biases: [Option<B::Buffer>; 7] = Default::default();
        for module in &config.biases {
            biases[module.index()] = Some(self.row(&part(*module, "bias"), config.linear_dims(*module).1)?);
        }
        let head_norms = match config.qk_norm {
            true => Some([self.row(&block("self_attn.q_norm"), config.head_dim)?, self.row(&block("self_attn.k_norm"), config.head_dim)?]),
            false => None,
        };
        let input_norm = self.row(&block("input_layernorm"), config.hidden_size)?;
        let post_attention_norm = self.row(&block("post_attention_layernorm"), config.hidden_size)?;
        Ok(Layer { input_norm, post_attention_norm, linears, biases, head_norms })
    }
}
