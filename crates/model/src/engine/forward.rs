//! The forward pass of the blocks and of the head.

use super::{Model, Pass, Workspace, past::LayerPast, workspace::Scratch};
use crate::{
    Backend, LinearModule,
    backend::{Attention, AttentionInputs, Head, Rotation, Write},
};

impl<B: Backend> Model<B> {
    /// Embeds the batch and runs all blocks; the result is the residual stream in the scratch. Keeps what the backward pass needs.
    pub(super) fn blocks_forward(&self, pass: Pass<'_>, ws: &mut Workspace<B>, training: bool) {
        self.backend.gather_frozen_rows(&self.embedding, &pass.batch.tokens, &mut ws.scratch.stream);
        for layer in 0..self.layers.len() {
            if training {
                self.backend.copy(&ws.scratch.stream, &mut ws.inputs[layer]);
            }
            self.block_forward(pass, layer, &ws.adapters, &mut ws.scratch, None);
            if training && !ws.must_recompute(layer, self.layers.len()) {
                let slot = ws.slot(layer);
                ws.scratch.block.keep(&self.backend, self.precision, &mut ws.activations[slot]);
            }
        }
    }

    /// Runs one block over the residual stream in the scratch and leaves what its backward pass needs there; with `past`, over what was computed of the sequences before.
    pub(super) fn block_forward(
        &self,
        pass: Pass<'_>,
        layer: usize,
        adapters: &[B::Buffer],
        scratch: &mut Scratch<B::Buffer>,
        past: Option<&mut LayerPast<'_>>,
    ) {
        let (backend, config, weights) = (&self.backend, &self.config, &self.layers[layer]);
        let run = |module: LinearModule| self.linear(pass, layer, module, adapters);
        let positions = &pass.batch.positions;
        let Scratch { stream, normalised, product, linear, rotary, block: kept, .. } = scratch;
        kept.resize(backend, config, pass.batch.rows());
        let [p_q, p_k, p_v, p_o, p_gate, p_up, p_down] = &mut kept.projected;

        backend.rms_norm(stream, &weights.input_norm, config.rms_norm_eps, normalised);
        run(LinearModule::QProj).forward(normalised, Write::Replace, &mut kept.queries, p_q, linear);
        run(LinearModule::KProj).forward(normalised, Write::Replace, &mut kept.keys, p_k, linear);
        run(LinearModule::VProj).forward(normalised, Write::Replace, &mut kept.values, p_v, linear);
        if let Some([query_norm, key_norm]) = &weights.head_norms {
            std::mem::swap(&mut kept.queries, &mut kept.raw_queries);
            std::mem::swap(&mut kept.keys, &mut kept.raw_keys);
            backend.rms_norm(&kept.raw_queries, query_norm, config.rms_norm_eps, &mut kept.queries);
            backend.rms_norm(&kept.raw_keys, key_norm, config.rms_norm_eps, &mut kept.keys);
        }
        backend.rotate(&mut kept.queries, config.head_dim, positions, rotary, Rotation::Forward);
        backend.rotate(&mut kept.keys, config.head_dim, positions, rotary, Rotation::Forward);
        for buffer in [&mut kept.queries, &mut kept.keys, &mut kept.values] {
            backend.round(self.precision, buffer);
        }
        let inputs = AttentionInputs { queries: &kept.queries, keys: &kept.keys, values: &kept.values };
        let shape = self.attention_shape(pass, layer);
        match past {
            None => backend.attention(shape, inputs, &mut kept.attention),
            Some(past) => past.attend(backend, shape, inputs, &mut kept.attention),
        }
        run(LinearModule::OProj).forward(&kept.attention.output, Write::Accumulate, stream, p_o, linear);

        backend.copy(stream, &mut kept.middle);
        backend.rms_norm(stream, &weights.post_attention_norm, config.rms_norm_eps, normalised);
        run(LinearModule::GateProj).forward(normalised, Write::Replace, &mut kept.gate, p_gate, linear);
        run(LinearModule::UpProj).forward(normalised, Write::Replace, &mut kept.up, p_up, linear);
        backend.swiglu(&kept.gate, &kept.up, product);
        run(LinearModule::DownProj).forward(product, Write::Accumulate, stream, p_down, linear);
    }

    pub(super) fn attention_shape<'a>(&self, pass: Pass<'a>, layer: usize) -> Attention<'a> {
        Attention {
            heads: self.config.num_attention_heads,
            key_value_heads: self.config.num_key_value_heads,
            head_dim: self.config.head_dim,
            offsets: &pass.batch.offsets,
            window: self.config.window(layer),
        }
    }

    /// Normalises the rows that predict a label.
    pub(super) fn head_states(&self, pass: Pass<'_>, scratch: &mut Scratch<B::Buffer>) {
        let (hidden, eps) = (self.config.hidden_size, self.config.rms_norm_eps);
        let head = &mut scratch.head;
        self.backend.gather_rows(&scratch.stream, hidden, &pass.batch.label_rows, &mut head.states);
        self.backend.rms_norm(&head.states, &self.final_norm, eps, &mut head.normalised);
    }

    pub(super) fn head<'a>(&'a self, pass: Pass<'a>, hidden: &'a B::Buffer) -> Head<'a, B::Buffer, B::Frozen> {
        Head {
            hidden,
            weight: self.head_weight(),
            hidden_size: self.config.hidden_size,
            vocabulary: self.config.vocab_size,
            targets: &pass.batch.targets,
        }
    }

    /// The summed loss.
    pub(super) fn head_forward(&self, pass: Pass<'_>, ws: &mut Workspace<B>) -> f64 {
        self.head_states(pass, &mut ws.scratch);
        let head = &mut ws.scratch.head;
        self.backend.head_cross_entropy(self.head(pass, &head.normalised), &mut head.logits)
    }
}
