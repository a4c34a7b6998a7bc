//! Buffers of a pass, kept from step to step so that memory is asked for once.

use super::{Model, Pass, linear::LinearScratch};
use crate::{
    Backend, Cpu, DecoderConfig, Precision, Rope,
    backend::{AttentionGradients, AttentionOutputs, Kept, RotaryTable},
};

/// What the backward pass of a block needs from its forward pass, besides the block's input, while the block is computed.
#[derive(Default)]
pub(super) struct LayerActivations<Buffer> {
    /// Rotated queries, `[rows, heads · head_dim]`.
    pub(super) queries: Buffer,
    /// Rotated keys, `[rows, kv_heads · head_dim]`.
    pub(super) keys: Buffer,
    /// Queries before their norm, where the model has one.
    pub(super) raw_queries: Buffer,
    /// Keys before their norm, where the model has one.
    pub(super) raw_keys: Buffer,
    /// Values, `[rows, kv_heads · head_dim]`.
    pub(super) values: Buffer,
    pub(super) attention: AttentionOutputs<Buffer>,
    /// The residual stream between attention and feed-forward, `[rows, hidden]`.
    pub(super) middle: Buffer,
    /// `[rows, intermediate]`; the backward pass replaces it by its gradient.
    pub(super) gate: Buffer,
    /// `[rows, intermediate]`; the backward pass replaces it by its gradient.
    pub(super) up: Buffer,
    /// Inner activations of the adapters, `[rows, rank]`, in the order of the modules.
    pub(super) projected: [Buffer; 7],
}

/// The same between the passes, in the order of [`LayerActivations::rounded`] and [`LayerActivations::exact`].
#[derive(Default)]
pub(super) struct LayerKept<Buffer> {
    rounded: [Kept<Buffer>; 9],
    exact: [Kept<Buffer>; 8],
}

/// Buffers that no layer leaves anything in for another pass.
pub(super) struct Scratch<Buffer> {
    /// The residual stream, `[rows, hidden]`.
    pub(super) stream: Buffer,
    /// Its gradient.
    pub(super) d_stream: Buffer,
    /// A normalised residual stream, `[rows, hidden]`.
    pub(super) normalised: Buffer,
    /// Its gradient.
    pub(super) d_normalised: Buffer,
    /// Gradient of the attention's output, `[rows, heads · head_dim]`.
    pub(super) d_attention: Buffer,
    /// Gradients of queries, keys and values.
    pub(super) d_heads: AttentionGradients<Buffer>,
    /// Input of the feed-forward's output layer, `[rows, intermediate]`.
    pub(super) product: Buffer,
    /// Its gradient.
    pub(super) d_product: Buffer,
    /// The block that is being computed.
    pub(super) block: LayerActivations<Buffer>,
    pub(super) linear: LinearScratch<Buffer>,
    pub(super) rotary: RotaryTable<Buffer>,
    /// What the rotary table was made for: width of a head, embedding, and the length where that matters.
    rotary_geometry: (usize, Rope, usize),
    pub(super) head: HeadScratch<Buffer>,
}

/// Buffers of the head, `[labels, hidden]` but for the logits.
#[derive(Default)]
pub(super) struct HeadScratch<Buffer> {
    pub(super) states: Buffer,
    pub(super) d_states: Buffer,
    pub(super) normalised: Buffer,
    pub(super) d_normalised: Buffer,
    /// Logits of one chunk of rows.
    pub(super) logits: Buffer,
}

/// The memory in which a model computes. Make one for a run and give it to every call: it grows to the largest batch and stays.
pub struct Workspace<B: Backend = Cpu> {
    recompute: bool,
    /// Input of each block, `[rows, hidden]`.
    pub(super) inputs: Vec<B::Buffer>,
    /// One for each layer, or a single one when blocks are computed again.
    pub(super) activations: Vec<LayerKept<B::Buffer>>,
    /// The adapter weights, in their fixed order.
    pub(super) adapters: Vec<B::Buffer>,
    /// Their gradients for this batch.
    pub(super) gradients: Vec<B::Buffer>,
    pub(super) scratch: Scratch<B::Buffer>,
}

impl<B: Backend> Default for Workspace<B> {
    fn default() -> Self {
        Self {
            recompute: false,
            inputs: Vec::new(),
            activations: Vec::new(),
            adapters: Vec::new(),
            gradients: Vec::new(),
            scratch: Scratch {
                stream: B::Buffer::default(),
                d_stream: B::Buffer::default(),
                normalised: B::Buffer::default(),
                d_normalised: B::Buffer::default(),
                d_attention: B::Buffer::default(),
                d_heads: AttentionGradients::default(),
                product: B::Buffer::default(),
                d_product: B::Buffer::default(),
                block: LayerActivations::default(),
                linear: LinearScratch::default(),
                rotary: RotaryTable::default(),
                rotary_geometry: (0, Rope::plain(0.0), 0),
                head: HeadScratch::default(),
            },
        }
    }
}

impl Workspace<Cpu> {
    /// An empty workspace on the processors.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<B: Backend> Workspace<B> {
    /// An empty workspace that keeps only each block's input and computes the block again in the backward pass (gradient
    /// checkpointing): about a third more work for a fraction of the memory, with the same bits as result.
    pub fn with_recompute() -> Self {
        Self { recompute: true, ..Self::default() }
    }

    /// Gives every buffer back.
    pub fn release(&mut self) {
        *self = Self { recompute: self.recompute, ..Self::default() };
    }

    /// The place of a layer's activations.
    pub(super) fn slot(&self, layer: usize) -> usize {
        layer.min(self.activations.len() - 1)
    }

    /// Whether the backward pass must compute a block again.
    pub(super) fn must_recompute(&self, layer: usize, layers: usize) -> bool {
        self.recompute && layer + 1 < layers
    }

    /// Gives every buffer the size of this pass and brings the adapter weights to the device.
    pub(super) fn prepare(&mut self, model: &Model<B>, pass: Pass<'_>, training: bool) {
        let params = pass.lora.map(|lora| lora.params()).unwrap_or_default();
        self.adapters.resize_with(params.len(), B::Buffer::default);
        for (buffer, tensor) in self.adapters.iter_mut().zip(&params) {
            model.backend.write(tensor.data, buffer);
        }
        self.make_room(model, pass, training);
    }

    /// Gives every buffer the size of this pass; the adapter weights are those that the device has.
    pub(super) fn make_room(&mut self, model: &Model<B>, pass: Pass<'_>, training: bool) {
        let (backend, config) = (&model.backend, &model.config);
        let rows = pass.batch.rows();
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        // Slots are never taken away: a validation between two steps must not cost the training pass its memory.
        let slots = if self.recompute { 1 } else { config.num_hidden_layers };
        if training && self.activations.len() < slots {
            self.activations.resize_with(slots, LayerKept::default);
        }
        let scratch = &mut self.scratch;
        for (buffer, width) in [(&mut scratch.stream, hidden), (&mut scratch.normalised, hidden), (&mut scratch.product, intermediate)] {
            backend.resize(buffer, rows * width);
        }
        let labels = pass.batch.targets.len();
        backend.resize(&mut scratch.head.states, labels * hidden);
        backend.resize(&mut scratch.head.normalised, labels * hidden);
        let rotary_geometry = (config.head_dim, config.rope, config.rope.length_that_matters(pass.batch.span));
        if scratch.rotary_geometry != rotary_geometry || scratch.rotary.positions < pass.batch.longest() {
            let positions = pass.batch.longest().next_power_of_two();
            let (cos, sin) = config.rope.table(positions, config.head_dim, pass.batch.span);
            scratch.rotary = RotaryTable { cos: backend.upload(cos), sin: backend.upload(sin), positions };
            scratch.rotary_geometry = rotary_geometry;
        }
        if training {
            let params = pass.lora.map(|lora| lora.params()).unwrap_or_default();
            self.gradients.resize_with(params.len(), B::Buffer::default);
            for (buffer, tensor) in self.gradients.iter_mut().zip(&params) {
                backend.resize(buffer, tensor.data.len());
            }
            self.prepare_backward(model, rows, labels);
        }
    }

    fn prepare_backward(&mut self, model: &Model<B>, rows: usize, labels: usize) {
        let (backend, config) = (&model.backend, &model.config);
        let hidden = config.hidden_size;
        self.inputs.resize_with(config.num_hidden_layers, B::Buffer::default);
        self.inputs.iter_mut().for_each(|input| backend.resize(input, rows * hidden));
        let scratch = &mut self.scratch;
        for (buffer, length) in [
            (&mut scratch.d_stream, rows * hidden),
            (&mut scratch.d_normalised, rows * hidden),
            (&mut scratch.d_attention, rows * config.query_width()),
            (&mut scratch.d_heads.queries, rows * config.query_width()),
            (&mut scratch.d_heads.keys, rows * config.key_value_width()),
            (&mut scratch.d_heads.values, rows * config.key_value_width()),
            (&mut scratch.d_product, rows * config.intermediate_size),
            (&mut scratch.head.d_states, labels * hidden),
            (&mut scratch.head.d_normalised, labels * hidden),
        ] {
            backend.resize(buffer, length);
        }
    }
}

impl<Buffer> LayerActivations<Buffer> {
    /// Gives every buffer the size of a pass. What was set aside has left others behind.
    pub(super) fn resize<B: Backend<Buffer = Buffer>>(&mut self, backend: &B, config: &DecoderConfig, rows: usize) {
        let (query, key, heads) = (config.query_width(), config.key_value_width(), config.num_attention_heads);
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let raw = if config.qk_norm { [query, key] } else { [0, 0] };
        for (buffer, width) in [
            (&mut self.queries, query),
            (&mut self.keys, key),
            (&mut self.values, key),
            (&mut self.attention.output, query),
            (&mut self.attention.log_sum_exp, heads),
            (&mut self.middle, hidden),
            (&mut self.gate, intermediate),
            (&mut self.up, intermediate),
            (&mut self.raw_queries, raw[0]),
            (&mut self.raw_keys, raw[1]),
        ] {
            backend.resize(buffer, rows * width);
        }
    }

    /// What may be kept in bf16 where the model is.
    fn rounded(&mut self) -> [&mut Buffer; 9] {
        let Self { queries, keys, raw_queries, raw_keys, values, attention, middle, gate, up, .. } = self;
        [queries, keys, raw_queries, raw_keys, values, &mut attention.output, middle, gate, up]
    }

    /// What is kept as it is: little, or a logarithm.
    fn exact(&mut self) -> [&mut Buffer; 8] {
        let [q, k, v, o, gate, up, down] = &mut self.projected;
        [&mut self.attention.log_sum_exp, q, k, v, o, gate, up, down]
    }

    /// Sets everything aside for the backward pass.
    pub(super) fn keep<B: Backend<Buffer = Buffer>>(&mut self, backend: &B, precision: Precision, kept: &mut LayerKept<Buffer>) {
        self.rounded().into_iter().zip(&mut kept.rounded).for_each(|(buffer, kept)| backend.keep(precision, buffer, kept));
        self.exact().into_iter().zip(&mut kept.exact).for_each(|(buffer, kept)| backend.keep(Precision::F32, buffer, kept));
    }

    /// Brings everything back.
    pub(super) fn recall<B: Backend<Buffer = Buffer>>(&mut self, backend: &B, precision: Precision, kept: &mut LayerKept<Buffer>) {
        self.rounded().into_iter().zip(&mut kept.rounded).for_each(|(buffer, kept)| backend.recall(precision, kept, buffer));
        self.exact().into_iter().zip(&mut kept.exact).for_each(|(buffer, kept)| backend.recall(Precision::F32, kept, buffer));
    }
}
