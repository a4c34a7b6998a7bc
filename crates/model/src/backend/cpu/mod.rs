//! The kernels on this machine's processors: products with frozen matrices on packed panels, other products by `gemm`, rows shared out
//! by `rayon`, loops compiled for the vector instructions that are found at run time.
//!
//! Work is cut in pieces of fixed size, and each piece is computed by one thread in one order.

mod attention;
mod cross_entropy;
pub(crate) mod decode;
mod elementwise;
mod frozen;
mod norm;
mod product;
mod rotary;
mod tile;
mod vector;

#[cfg(test)]
mod testing;

use super::{
    Attention, AttentionGradients, AttentionInputs, AttentionOutputs, Backend, Head, Kept, Matrix, Moments, RotaryTable, Rotation, Thin,
    Write,
};
use crate::{AdamW, ModelError, Precision, random::DropoutMask, weights::Elements};
pub use frozen::Frozen;
use product::View;
pub use vector::Instructions;

/// The processors of this machine, through the rayon pool of the calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu;

impl<'a> From<&Matrix<'a, Vec<f32>>> for View<'a> {
    fn from(matrix: &Matrix<'a, Vec<f32>>) -> Self {
        let view = View::dense(matrix.buffer, matrix.rows, matrix.columns);
        if matrix.transposed { view.t() } else { view }
    }
}

fn borrow(inputs: AttentionInputs<'_, Vec<f32>>) -> attention::Inputs<'_> {
    attention::Inputs { queries: inputs.queries, keys: inputs.keys, values: inputs.values }
}

fn thin<'a>(thin: Option<Thin<'a, Vec<f32>>>) -> Option<frozen::Thin<'a>> {
    thin.map(|Thin { factor, inner, matrix, rank }| frozen::Thin { factor, inner, matrix, rank })
}

impl Backend for Cpu {
    type Buffer = Vec<f32>;
    type Frozen = Frozen;

    fn upload(&self, source: Vec<f32>) -> Vec<f32> {
        source
    }

    fn freeze(&self, elements: Elements<'_>, rows: usize, columns: usize, precision: Precision) -> Frozen {
        Frozen::new(&elements, rows, columns, precision)
    }

    fn resize(&self, buffer: &mut Vec<f32>, length: usize) {
        buffer.resize(length, 0.0);
    }

    fn write(&self, source: &[f32], destination: &mut Vec<f32>) {
        destination.clear();
        destination.extend_from_slice(source);
    }

    fn read(&self, source: &Vec<f32>, destination: &mut [f32]) {
        destination.copy_from_slice(source);
    }

    fn add_to_host(&self, source: &Vec<f32>, destination: &mut [f32]) {
        elementwise::add(source, destination);
    }

    fn copy(&self, source: &Vec<f32>, destination: &mut Vec<f32>) {
        destination.copy_from_slice(source);
    }

    fn keep(&self, precision: Precision, buffer: &mut Vec<f32>, kept: &mut Kept<Vec<f32>>) {
        match precision {
            Precision::F32 => std::mem::swap(buffer, &mut kept.full),
            Precision::Bf16 => elementwise::narrow(buffer, &mut kept.half),
        }
    }

    fn recall(&self, precision: Precision, kept: &mut Kept<Vec<f32>>, buffer: &mut Vec<f32>) {
        match precision {
            Precision::F32 => std::mem::swap(buffer, &mut kept.full),
            Precision::Bf16 => elementwise::widen(&kept.half, buffer),
        }
    }

    fn round(&self, precision: Precision, buffer: &mut Vec<f32>) {
        if precision == Precision::Bf16 {
            elementwise::round(buffer);
        }
    }

    fn product(&self, factor: f32, left: Matrix<'_, Vec<f32>>, right: Matrix<'_, Vec<f32>>, write: Write, destination: &mut Vec<f32>) {
        product::parallel(factor, View::from(&left), View::from(&right), write, destination);
    }

    fn linear(&self, x: &Vec<f32>, weight: &Frozen, adapter: Option<Thin<'_, Vec<f32>>>, write: Write, y: &mut Vec<f32>) {
        weight.times_transposed(x, thin(adapter), write, y);
    }

    fn linear_backward(&self, dy: &Vec<f32>, weight: &Frozen, adapter: Option<Thin<'_, Vec<f32>>>, write: Write, dx: &mut Vec<f32>) {
        weight.times(dy, thin(adapter), write, dx);
    }

    fn gather_frozen_rows(&self, table: &Frozen, rows: &[u32], destination: &mut Vec<f32>) {
        table.gather_rows(rows, destination);
    }

    fn add_to_rows(&self, row: &Vec<f32>, matrix: &mut Vec<f32>) {
        elementwise::add_to_rows(row, matrix);
    }

    fn gather_rows(&self, table: &Vec<f32>, width: usize, rows: &[u32], destination: &mut Vec<f32>) {
        elementwise::gather_rows(table, width, rows, destination);
    }

    fn scatter_rows(&self, source: &Vec<f32>, width: usize, rows: &[u32], destination: &mut Vec<f32>) {
        elementwise::scatter_rows(source, width, rows, destination);
    }

    fn rms_norm(&self, x: &Vec<f32>, weight: &Vec<f32>, eps: f32, y: &mut Vec<f32>) {
        norm::forward(x, weight, eps, y);
    }

    fn rms_norm_backward(&self, x: &Vec<f32>, weight: &Vec<f32>, eps: f32, dy: &Vec<f32>, write: Write, dx: &mut Vec<f32>) {
        norm::backward(x, weight, eps, dy, write, dx);
    }

    fn rotate(&self, x: &mut Vec<f32>, head_dim: usize, positions: &[u32], table: &RotaryTable<Vec<f32>>, direction: Rotation) {
        rotary::rotate(x, head_dim, positions, &table.cos, &table.sin, direction);
    }

    fn swiglu(&self, gate: &Vec<f32>, up: &Vec<f32>, y: &mut Vec<f32>) {
        elementwise::swiglu(gate, up, y);
    }

    fn swiglu_backward(&self, gate: &mut Vec<f32>, up: &mut Vec<f32>, dy: &Vec<f32>) {
        elementwise::swiglu_backward(gate, up, dy);
    }

    fn attention(&self, shape: Attention<'_>, inputs: AttentionInputs<'_, Vec<f32>>, outputs: &mut AttentionOutputs<Vec<f32>>) {
        attention::forward(shape, borrow(inputs), &mut outputs.output, &mut outputs.log_sum_exp);
    }

    fn attention_backward(
        &self,
        shape: Attention<'_>,
        inputs: AttentionInputs<'_, Vec<f32>>,
        outputs: &AttentionOutputs<Vec<f32>>,
        d_output: &Vec<f32>,
        gradients: &mut AttentionGradients<Vec<f32>>,
    ) {
        let saved = attention::Saved { output: &outputs.output, log_sum_exp: &outputs.log_sum_exp, d_output };
        let into = attention::Gradients { queries: &mut gradients.queries, keys: &mut gradients.keys, values: &mut gradients.values };
        attention::backward(shape, borrow(inputs), saved, into);
    }

    fn head_cross_entropy(&self, head: Head<'_, Vec<f32>, Frozen>, scratch: &mut Vec<f32>) -> f64 {
        cross_entropy::forward(head, scratch)
    }

    fn head_cross_entropy_backward(
        &self,
        head: Head<'_, Vec<f32>, Frozen>,
        scale: f32,
        d_hidden: &mut Vec<f32>,
        scratch: &mut Vec<f32>,
    ) -> f64 {
        cross_entropy::backward(head, scale, d_hidden, scratch)
    }

    fn dropout(&self, mask: DropoutMask, x: &Vec<f32>, y: &mut Vec<f32>) {
        elementwise::dropout(mask, x, y);
    }

    fn dropout_backward(&self, mask: DropoutMask, dy: &Vec<f32>, dx: &mut Vec<f32>) {
        elementwise::dropout_backward(mask, dy, dx);
    }

    fn zero(&self, buffer: &mut Vec<f32>) {
        buffer.fill(0.0);
    }

    fn squared_norm(&self, buffers: &[Vec<f32>]) -> f64 {
        buffers.iter().flatten().map(|number| f64::from(*number).powi(2)).sum()
    }

    fn adamw(&self, step: AdamW, weights: &mut Vec<f32>, gradients: &Vec<f32>, moments: Moments<'_, Vec<f32>>) {
        step.apply(weights, gradients, moments.mean, moments.square);
    }

    fn finish(&self) -> Result<(), ModelError> {
        Ok(())
    }
}
