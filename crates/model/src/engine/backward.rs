//! The backward pass: from the loss to the adapters' gradients, block by block from the last.

use super::{Model, Pass, Workspace, workspace::Scratch};
use crate::{
    Backend, LinearModule, LossScale,
    backend::{AttentionInputs, Rotation, Write},
};

/// Where the gradients of a layer's adapters go.
struct Destinations<'a, Buffer> {
    pass: Pass<'a>,
    layer: usize,
    gradients: &'a mut [Buffer],
}

impl<Buffer> Destinations<'_, Buffer> {
    /// The gradient buffers (A, then B) of a module, if it carries an adapter.
    fn of(&mut self, module: LinearModule) -> Option<[&mut Buffer; 2]> {
        let place = self.pass.lora?.place(self.layer, module)?;
        match self.gradients.get_mut(place..place + 2)? {
            [a, b] => Some([a, b]),
            _ => None,
        }
    }
}

impl<B: Backend> Model<B> {
    /// The summed loss; leaves the gradient of `scale ·` it for the residual stream in the scratch.
    pub(super) fn head_backward(&self, pass: Pass<'_>, scale: LossScale, ws: &mut Workspace<B>) -> f64 {
        self.head_states(pass, &mut ws.scratch);
        let (backend, config) = (&self.backend, &self.config);
        let Scratch { head, d_stream, .. } = &mut ws.scratch;
        let layer = self.head(pass, &head.normalised);
        let loss = backend.head_cross_entropy_backward(layer, scale.0, &mut head.d_normalised, &mut head.logits);
        let (states, d_states) = (&head.states, &mut head.d_states);
        backend.rms_norm_backward(states, &self.final_norm, config.rms_norm_eps, &head.d_normalised, Write::Replace, d_states);
        backend.scatter_rows(d_states, config.hidden_size, &pass.batch.label_rows, d_stream);
        loss
    }

    /// Carries the stream's gradient through all blocks and writes the adapters' gradients.
    pub(super) fn blocks_backward(&self, pass: Pass<'_>, ws: &mut Workspace<B>) {
        let layers = self.layers.len();
        for layer in (0..layers).rev() {
            let slot = ws.slot(layer);
            let again = ws.must_recompute(layer, layers);
            let Workspace { inputs, activations, adapters, gradients, scratch, .. } = ws;
            if again {
                self.backend.copy(&inputs[layer], &mut scratch.stream);
                self.block_forward(pass, layer, adapters, scratch, None);
                // Through the same rounding, so that it is the same to the bit.
                scratch.block.keep(&self.backend, self.precision, &mut activations[slot]);
            }
            scratch.block.recall(&self.backend, self.precision, &mut activations[slot]);
            self.feed_forward_backward(pass, layer, (adapters, gradients), scratch);
            self.attention_backward(pass, layer, (adapters, gradients), &inputs[layer], scratch);
        }
    }

    /// Second half of a block: `stream += down(silu(gate(n)) · up(n))` with `n = norm(stream)`.
    fn feed_forward_backward(
        &self,
        pass: Pass<'_>,
        layer: usize,
        (adapters, gradients): (&[B::Buffer], &mut [B::Buffer]),
        scratch: &mut Scratch<B::Buffer>,
    ) {
        let (backend, eps, norm) = (&self.backend, self.config.rms_norm_eps, &self.layers[layer].post_attention_norm);
        let Scratch { d_stream, normalised, d_normalised, product, d_product, linear, block: kept, .. } = scratch;
        let [.., p_gate, p_up, p_down] = &kept.projected;
        let run = |module: LinearModule| self.linear(pass, layer, module, adapters);
        let mut into = Destinations { pass, layer, gradients };

        backend.swiglu(&kept.gate, &kept.up, product);
        let d_input = Some((Write::Replace, &mut *d_product));
        run(LinearModule::DownProj).backward((product, p_down), d_stream, into.of(LinearModule::DownProj), d_input, linear);
        backend.swiglu_backward(&mut kept.gate, &mut kept.up, d_product);

        backend.rms_norm(&kept.middle, norm, eps, normalised);
        let d_input = Some((Write::Replace, &mut *d_normalised));
        run(LinearModule::GateProj).backward((normalised, p_gate), &kept.gate, into.of(LinearModule::GateProj), d_input, linear);
        let d_input = Some((Write::Accumulate, &mut *d_normalised));
        run(LinearModule::UpProj).backward((normalised, p_up), &kept.up, into.of(LinearModule::UpProj), d_input, linear);
        backend.rms_norm_backward(&kept.middle, norm, eps, d_normalised, Write::Accumulate, d_stream);
    }

    /// First half of a block: `stream += o(attention(q(n), k(n), v(n)))` with `n = norm(stream)`.
    fn attention_backward(
        &self,
        pass: Pass<'_>,
        layer: usize,
        (adapters, gradients): (&[B::Buffer], &mut [B::Buffer]),
        input: &B::Buffer,
        scratch: &mut Scratch<B::Buffer>,
    ) {
        let (backend, config, norm) = (&self.backend, &self.config, &self.layers[layer].input_norm);
        let Scratch { d_stream, normalised, d_normalised, d_attention, d_heads, linear, rotary, block: kept, .. } = scratch;
        let [p_q, p_k, p_v, p_o, ..] = &kept.projected;
        let run = |module: LinearModule| self.linear(pass, layer, module, adapters);
        let mut into = Destinations { pass, layer, gradients };
        let positions = &pass.batch.positions;

        let d_input = Some((Write::Replace, &mut *d_attention));
        run(LinearModule::OProj).backward((&kept.attention.output, p_o), d_stream, into.of(LinearModule::OProj), d_input, linear);
        let inputs = AttentionInputs { queries: &kept.queries, keys: &kept.keys, values: &kept.values };
        backend.attention_backward(self.attention_shape(pass, layer), inputs, &kept.attention, d_attention, d_heads);
        backend.rotate(&mut d_heads.queries, config.head_dim, positions, rotary, Rotation::Backward);
        backend.rotate(&mut d_heads.keys, config.head_dim, positions, rotary, Rotation::Backward);
        if let Some([query_norm, key_norm]) = &self.layers[layer].head_norms {
            // What the attention's gradient was made from is not needed any more: its room takes the gradients before the norms.
            let eps = config.rms_norm_eps;
            backend.rms_norm_backward(&kept.raw_queries, query_norm, eps, &d_heads.queries, Write::Replace, &mut kept.queries);
            backend.rms_norm_backward(&kept.raw_keys, key_norm, eps, &d_heads.keys, Write::Replace, &mut kept.keys);
            std::mem::swap(&mut kept.queries, &mut d_heads.queries);
            std::mem::swap(&mut kept.keys, &mut d_heads.keys);
        }

        backend.rms_norm(input, norm, config.rms_norm_eps, normalised);
        // Below the first block there is only the frozen embedding, which wants no gradient.
        let wanted = layer > 0;
        let branches = [
            (LinearModule::QProj, p_q, &d_heads.queries, Write::Replace),
            (LinearModule::KProj, p_k, &d_heads.keys, Write::Accumulate),
            (LinearModule::VProj, p_v, &d_heads.values, Write::Accumulate),
        ];
        for (module, projected, dy, write) in branches {
            let d_input = wanted.then_some((write, &mut *d_normalised));
            run(module).backward((normalised, projected), dy, into.of(module), d_input, linear);
        }
        if wanted {
            backend.rms_norm_backward(input, norm, config.rms_norm_eps, d_normalised, Write::Accumulate, d_stream);
        }
    }
}
