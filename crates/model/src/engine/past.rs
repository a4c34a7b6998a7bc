//! Keys and values of the positions before, so that one more token costs one row. They lie on the host, whatever the device: a token's
//! attention is little beside its products.

use rayon::prelude::*;

use crate::{
    Backend,
    backend::{
        Attention, AttentionInputs, AttentionOutputs,
        decode::{OneQuery, Past},
    },
};

/// What was computed of some sequences, layer by layer.
pub(super) struct SequencePasts {
    /// For each layer, one for each sequence.
    layers: Vec<Vec<Past>>,
    /// The sequences that still go on, in the order of the rows of a pass.
    pub(super) active: Vec<usize>,
}

impl SequencePasts {
    pub(super) fn new(layers: usize, sequences: usize) -> Self {
        Self { layers: vec![vec![Past::default(); sequences]; layers], active: (0..sequences).collect() }
    }

    pub(super) fn layer(&mut self, layer: usize) -> LayerPast<'_> {
        LayerPast { sequences: &mut self.layers[layer], active: &self.active }
    }
}

/// One layer of [`SequencePasts`].
pub(super) struct LayerPast<'a> {
    sequences: &'a mut [Past],
    active: &'a [usize],
}

impl LayerPast<'_> {
    /// The attention of a pass: the first one is over whole prompts, each later one over one more row of each sequence that goes on.
    pub(super) fn attend<B: Backend>(
        &mut self,
        backend: &B,
        shape: Attention<'_>,
        inputs: AttentionInputs<'_, B::Buffer>,
        outputs: &mut AttentionOutputs<B::Buffer>,
    ) {
        let first = self.sequences.iter().all(|past| past.keys.is_empty());
        let (rows, width) = (shape.offsets.last().copied().unwrap_or(0), shape.key_value_heads * shape.head_dim);
        let on_host = |buffer: &B::Buffer, width: usize| {
            let mut values = vec![0f32; rows * width];
            backend.read(buffer, &mut values);
            values
        };
        let (keys, values) = (on_host(inputs.keys, width), on_host(inputs.values, width));
        for (rows, sequence) in shape.offsets.windows(2).zip(self.active) {
            let (from, to) = (rows[0] * width, rows[1] * width);
            self.sequences[*sequence].keys.extend_from_slice(&keys[from..to]);
            self.sequences[*sequence].values.extend_from_slice(&values[from..to]);
        }
        if first {
            return backend.attention(shape, inputs, outputs);
        }
        let query_width = shape.heads * shape.head_dim;
        let queries = on_host(inputs.queries, query_width);
        let one = OneQuery { heads: shape.heads, key_value_heads: shape.key_value_heads, head_dim: shape.head_dim, window: shape.window };
        let mut attended = vec![0f32; rows * query_width];
        attended
            .par_chunks_exact_mut(query_width)
            .zip(queries.par_chunks_exact(query_width))
            .zip(self.active)
            .for_each(|((output, query), sequence)| one.attend(query, &self.sequences[*sequence], output));
        backend.write(&attended, &mut outputs.output);
    }
}
