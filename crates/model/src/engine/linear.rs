//! A frozen linear layer with an optional LoRA adapter (Hu et al., 2021): `y = x·Wᵀ + bias + scale · dropout(x)·Aᵀ·Bᵀ`.

use crate::{
    Backend,
    backend::{Matrix, Thin, Write},
    random::DropoutMask,
};

/// The trainable part.
pub(super) struct Adapter<'a, B: Backend> {
    /// `[rank, in]`.
    pub(super) a: &'a B::Buffer,
    /// `[out, rank]`.
    pub(super) b: &'a B::Buffer,
    pub(super) rank: usize,
    /// `alpha / rank`.
    pub(super) scale: f32,
    /// Dropout of the adapter's input, in training.
    pub(super) mask: Option<DropoutMask>,
}

/// A layer for a number of rows.
pub(super) struct Linear<'a, B: Backend> {
    pub(super) backend: &'a B,
    /// `[out, in]`.
    pub(super) weight: &'a B::Frozen,
    /// `[out]`, where the layer has one.
    pub(super) bias: Option<&'a B::Buffer>,
    pub(super) rows: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) adapter: Option<Adapter<'a, B>>,
}

/// Buffers that any linear layer may use and none leaves anything in.
#[derive(Default)]
pub(super) struct LinearScratch<Buffer> {
    /// The adapter's input after dropout, or its gradient, `[rows, in]`.
    dropped: Buffer,
    /// Gradient of the inner activations, `[rows, rank]`.
    d_projected: Buffer,
}

impl<'a, B: Backend> Linear<'a, B> {
    fn matrix<'m>(&self, buffer: &'m B::Buffer, columns: usize) -> Matrix<'m, B::Buffer> {
        Matrix::new(buffer, self.rows, columns)
    }

    /// `y (+)= layer(x)`, with `x` `[rows, in]` and `y` `[rows, out]`. Leaves the adapter's inner activations in `projected`, `[rows, rank]`.
    pub(super) fn forward(
        &self,
        x: &B::Buffer,
        write: Write,
        y: &mut B::Buffer,
        projected: &mut B::Buffer,
        scratch: &mut LinearScratch<B::Buffer>,
    ) {
        let backend = self.backend;
        if let Some(adapter) = &self.adapter {
            let input = self.adapter_input(adapter, x, &mut scratch.dropped);
            backend.resize(projected, self.rows * adapter.rank);
            let a = Matrix::new(adapter.a, adapter.rank, self.inputs);
            backend.product(1.0, self.matrix(input, self.inputs), a.t(), Write::Replace, projected);
        }
        let thin = self.adapter.as_ref().map(|a| Thin { factor: a.scale, inner: &*projected, matrix: a.b, rank: a.rank });
        backend.linear(x, self.weight, thin, write, y);
        if let Some(bias) = self.bias {
            backend.add_to_rows(bias, y);
        }
    }

    /// From the gradient `dy` of the output: writes the adapter's gradients to `gradients` (A, then B), and `dx (+)=` the gradient for
    /// the input where one is wanted. `x` and `projected` are those of the forward pass.
    pub(super) fn backward(
        &self,
        (x, projected): (&B::Buffer, &B::Buffer),
        dy: &B::Buffer,
        gradients: Option<[&mut B::Buffer; 2]>,
        dx: Option<(Write, &mut B::Buffer)>,
        scratch: &mut LinearScratch<B::Buffer>,
    ) {
        let backend = self.backend;
        let (Some(adapter), Some([d_a, d_b])) = (&self.adapter, gradients) else {
            if let Some((write, dx)) = dx {
                backend.linear_backward(dy, self.weight, None, write, dx);
            }
            return;
        };
        backend.product(adapter.scale, self.matrix(dy, self.outputs).t(), self.matrix(projected, adapter.rank), Write::Replace, d_b);
        let LinearScratch { dropped, d_projected } = scratch;
        backend.resize(d_projected, self.rows * adapter.rank);
        let b = Matrix::new(adapter.b, self.outputs, adapter.rank);
        backend.product(adapter.scale, self.matrix(dy, self.outputs), b, Write::Replace, d_projected);
        let input = self.adapter_input(adapter, x, dropped);
        let d_inner = || self.matrix(d_projected, adapter.rank);
        backend.product(1.0, d_inner().t(), self.matrix(input, self.inputs), Write::Replace, d_a);
        let Some((write, dx)) = dx else { return };
        match adapter.mask {
            None => {
                let thin = Thin { factor: 1.0, inner: &*d_projected, matrix: adapter.a, rank: adapter.rank };
                backend.linear_backward(dy, self.weight, Some(thin), write, dx);
            }
            Some(mask) => {
                backend.linear_backward(dy, self.weight, None, write, dx);
                let a = Matrix::new(adapter.a, adapter.rank, self.inputs);
                backend.product(1.0, d_inner(), a, Write::Replace, dropped);
                backend.dropout_backward(mask, dropped, dx);
            }
        }
    }

    /// The input of A: `x`, or in training with dropout what the mask leaves of it, in `dropped`.
    fn adapter_input<'m>(&self, adapter: &Adapter<'_, B>, x: &'m B::Buffer, dropped: &'m mut B::Buffer) -> &'m B::Buffer {
        match adapter.mask {
            None => x,
            Some(mask) => {
                self.backend.resize(dropped, self.rows * self.inputs);
                self.backend.dropout(mask, x, dropped);
                dropped
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cpu, DropoutKey, Precision, backend::Frozen, random, weights::Elements};

    const ROWS: usize = 9;
    const INPUTS: usize = 7;
    const OUTPUTS: usize = 5;
    const RANK: usize = 3;

    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let key = random::key(&[seed]);
        (0..count as u64).map(|place| 2.0 * random::unit_f32(key, place) - 1.0).collect()
    }

    struct Tensors {
        x: Vec<f32>,
        weight: Vec<f32>,
        bias: Option<Vec<f32>>,
        a: Vec<f32>,
        b: Vec<f32>,
    }

    impl Tensors {
        fn frozen(&self) -> Frozen {
            Cpu.freeze(Elements::Owned(self.weight.clone()), OUTPUTS, INPUTS, Precision::F32)
        }

        fn linear<'a>(&'a self, weight: &'a Frozen, mask: Option<DropoutMask>) -> Linear<'a, Cpu> {
            let adapter = Some(Adapter { a: &self.a, b: &self.b, rank: RANK, scale: 2.0, mask });
            Linear { backend: &Cpu, weight, bias: self.bias.as_ref(), rows: ROWS, inputs: INPUTS, outputs: OUTPUTS, adapter }
        }
    }

    /// `Σ dy ∘ y` by the definition, in f64; `kept` is the mask with its scale.
    fn reference([x, weight, a, b]: [&[f64]; 4], kept: &[f32], dy: &[f32]) -> f64 {
        let mut sum = 0.0;
        for row in 0..ROWS {
            let dropped = |i: usize| x[row * INPUTS + i] * f64::from(kept[row * INPUTS + i]);
            let inner: Vec<f64> = (0..RANK).map(|r| (0..INPUTS).map(|i| dropped(i) * a[r * INPUTS + i]).sum()).collect();
            for o in 0..OUTPUTS {
                let base: f64 = (0..INPUTS).map(|i| x[row * INPUTS + i] * weight[o * INPUTS + i]).sum();
                let adapter: f64 = (0..RANK).map(|r| inner[r] * b[o * RANK + r]).sum();
                sum += f64::from(dy[row * OUTPUTS + o]) * (base + 2.0 * adapter);
            }
        }
        sum
    }

    /// The function is linear in each tensor, so a difference of one whole step is exact.
    fn gradient(tensors: &Tensors, which: usize, kept: &[f32], dy: &[f32]) -> Vec<f64> {
        let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
        let mut all = [wide(&tensors.x), wide(&tensors.weight), wide(&tensors.a), wide(&tensors.b)];
        let value = |all: &[Vec<f64>; 4]| reference([&all[0], &all[1], &all[2], &all[3]], kept, dy);
        let before = value(&all);
        (0..all[which].len())
            .map(|place| {
                all[which][place] += 1.0;
                let after = value(&all);
                all[which][place] -= 1.0;
                after - before
            })
            .collect()
    }

    fn assert_close(found: &[f32], wanted: &[f64], what: &str) {
        let largest = wanted.iter().fold(0f64, |m, w| m.max(w.abs()));
        assert!(largest > 0.0 && found.len() == wanted.len());
        for (f, w) in found.iter().zip(wanted) {
            assert!((f64::from(*f) - w).abs() < 1e-5 * largest, "{what}: {f}, wanted {w}");
        }
    }

    fn check(mask: Option<DropoutMask>) {
        let tensors = Tensors {
            x: numbers(1, ROWS * INPUTS),
            weight: numbers(2, OUTPUTS * INPUTS),
            bias: None,
            a: numbers(3, RANK * INPUTS),
            b: numbers(4, OUTPUTS * RANK),
        };
        let dy = numbers(5, ROWS * OUTPUTS);
        let mut kept = vec![1.0; ROWS * INPUTS];
        if let Some(mask) = mask {
            Cpu.dropout(mask, &vec![1.0; ROWS * INPUTS], &mut kept);
            assert!(kept.contains(&0.0));
        }
        let frozen = tensors.frozen();
        let linear = tensors.linear(&frozen, mask);
        let (mut y, mut projected, mut scratch) = (vec![0.0; ROWS * OUTPUTS], Vec::new(), LinearScratch::default());
        linear.forward(&tensors.x, Write::Replace, &mut y, &mut projected, &mut scratch);
        let sum: f64 = y.iter().zip(&dy).map(|(y, dy)| f64::from(*y) * f64::from(*dy)).sum();
        let wide: Vec<Vec<f64>> =
            [&tensors.x, &tensors.weight, &tensors.a, &tensors.b].map(|t| t.iter().map(|v| f64::from(*v)).collect()).into();
        let wanted = reference([&wide[0], &wide[1], &wide[2], &wide[3]], &kept, &dy);
        assert!((sum - wanted).abs() < 1e-5, "{sum} and {wanted}");

        let (mut d_a, mut d_b) = (vec![f32::NAN; RANK * INPUTS], vec![f32::NAN; OUTPUTS * RANK]);
        let mut dx = vec![f32::NAN; ROWS * INPUTS];
        let saved = (&tensors.x, &projected);
        linear.backward(saved, &dy, Some([&mut d_a, &mut d_b]), Some((Write::Replace, &mut dx)), &mut scratch);
        assert_close(&dx, &gradient(&tensors, 0, &kept, &dy), "dx");
        assert_close(&d_a, &gradient(&tensors, 2, &kept, &dy), "dA");
        assert_close(&d_b, &gradient(&tensors, 3, &kept, &dy), "dB");
    }

    #[test]
    fn a_bias_is_added_to_every_row() {
        let bias = numbers(6, OUTPUTS);
        let mut tensors = Tensors {
            x: numbers(1, ROWS * INPUTS),
            weight: numbers(2, OUTPUTS * INPUTS),
            bias: None,
            a: numbers(3, RANK * INPUTS),
            b: numbers(4, OUTPUTS * RANK),
        };
        let run = |tensors: &Tensors| {
            let mut y = vec![0.0; ROWS * OUTPUTS];
            tensors.linear(&tensors.frozen(), None).forward(
                &tensors.x,
                Write::Replace,
                &mut y,
                &mut Vec::new(),
                &mut LinearScratch::default(),
            );
            y
        };
        let without = run(&tensors);
        tensors.bias = Some(bias.clone());
        for (row, plain) in run(&tensors).chunks(OUTPUTS).zip(without.chunks(OUTPUTS)) {
            row.iter().zip(plain).zip(&bias).for_each(|((y, p), b)| assert!((y - p - b).abs() < 1e-6));
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        check(None);
    }

    #[test]
    fn gradients_agree_with_differences_under_dropout() {
        check(Some(DropoutKey { seed: 1, step: 2, micro_step: 0 }.mask(0, 3, 0.4)));
    }
}
