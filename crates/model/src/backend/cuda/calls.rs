//! The trait's kernels as calls on the device: lengths are checked here, and arguments put in the order of the kernels' declarations.

use super::{
    Cuda,
    blas::{Elements, Factor, Product},
    buffer::{CudaBuffer, bytes_of, bytes_of_mut},
    bytes,
    driver::{Argument, Grid},
    elements_grid,
    frozen::CudaFrozen,
    word,
};
use crate::{
    AdamW, ModelError, Precision,
    backend::{
        Attention, AttentionGradients, AttentionInputs, AttentionOutputs, Backend, Head, Matrix, Moments, RotaryTable, Rotation, Thin,
        Write,
    },
    random::DropoutMask,
    weights,
};

/// Numbers whose squares a block adds up, as in `optimizer.cu`.
const SQUARES: usize = 4096;

impl Backend for Cuda {
    type Buffer = CudaBuffer;
    type Frozen = CudaFrozen;

    fn upload(&self, source: Vec<f32>) -> CudaBuffer {
        let mut buffer = CudaBuffer::default();
        self.write(&source, &mut buffer);
        buffer
    }

    fn freeze(&self, elements: weights::Elements<'_>, rows: usize, columns: usize, precision: Precision) -> CudaFrozen {
        let mut frozen = CudaFrozen::new(rows, columns, precision);
        self.attempt(|device| frozen.fill(device, &elements));
        frozen
    }

    fn resize(&self, buffer: &mut CudaBuffer, length: usize) {
        // The length is taken even when something failed before: the engine goes on, and checks lengths.
        buffer.set_len(length);
        self.attempt(|device| buffer.have_memory(&device.context));
    }

    fn write(&self, source: &[f32], destination: &mut CudaBuffer) {
        self.resize(destination, source.len());
        self.attempt(|device| device.memory(destination)?.map_or(Ok(()), |memory| memory.write(0, bytes_of(source))));
    }

    fn read(&self, source: &CudaBuffer, destination: &mut [f32]) {
        assert_eq!(source.len(), destination.len(), "both must have one length");
        self.attempt(|device| device.memory(source)?.map_or(Ok(()), |memory| memory.read(bytes_of_mut(destination))));
    }

    fn add_to_host(&self, source: &CudaBuffer, destination: &mut [f32]) {
        let mut numbers = vec![0.0; destination.len()];
        self.read(source, &mut numbers);
        destination.iter_mut().zip(&numbers).for_each(|(sum, number)| *sum += number);
    }

    fn copy(&self, source: &CudaBuffer, destination: &mut CudaBuffer) {
        assert_eq!(source.len(), destination.len(), "both must have one length");
        self.attempt(|device| match (device.memory(source)?, device.memory(destination)?) {
            (Some(source), Some(memory)) => memory.copy_from(source, destination.bytes()),
            _ => Ok(()),
        });
    }

    fn product(
        &self,
        factor: f32,
        left: Matrix<'_, CudaBuffer>,
        right: Matrix<'_, CudaBuffer>,
        write: Write,
        destination: &mut CudaBuffer,
    ) {
        let ((rows, inner), (right_rows, columns)) = (left.shape(), right.shape());
        assert_eq!(right_rows, inner, "the factors' inner sizes must agree");
        assert_eq!(left.buffer.len(), left.rows * left.columns, "a dense matrix must fill its buffer");
        assert_eq!(right.buffer.len(), right.rows * right.columns, "a dense matrix must fill its buffer");
        assert_eq!(destination.len(), rows * columns, "the destination must have the product's size");
        if destination.len() == 0 {
            return;
        }
        if inner == 0 {
            if write == Write::Replace {
                self.attempt(|device| device.zero(destination));
            }
            return;
        }
        let side = |matrix: &Matrix<'_, CudaBuffer>| Factor {
            pointer: self.address(matrix.buffer),
            columns: matrix.columns,
            transposed: matrix.transposed,
        };
        self.multiply(Product {
            elements: Elements::F32,
            left: side(&left),
            right: side(&right),
            shape: [rows, inner, columns],
            factor,
            accumulate: write == Write::Accumulate,
            destination: self.address(destination),
        });
    }

    fn linear(&self, x: &CudaBuffer, weight: &CudaFrozen, thin: Option<Thin<'_, CudaBuffer>>, write: Write, y: &mut CudaBuffer) {
        self.linear_product(x, (weight, true), thin, write, y);
    }

    fn linear_backward(&self, dy: &CudaBuffer, weight: &CudaFrozen, thin: Option<Thin<'_, CudaBuffer>>, write: Write, dx: &mut CudaBuffer) {
        self.linear_product(dy, (weight, false), thin, write, dx);
    }

    fn gather_frozen_rows(&self, table: &CudaFrozen, rows: &[u32], destination: &mut CudaBuffer) {
        let width = table.columns;
        assert_eq!(destination.len(), rows.len() * width, "one destination row for each named row");
        assert!(rows.iter().all(|row| (*row as usize) < table.rows), "a row lies outside the table");
        let kernel = match table.kind() {
            Elements::F32 => "gather_rows",
            Elements::Bf16 => "gather_rows_bf16",
        };
        let table = Argument::from(self.attempt(|device| device.frozen_address(table)).unwrap_or(0));
        let list = self.indices(rows);
        let arguments = &mut [table, list.argument(), self.pointer(destination), word(width).into()];
        self.for_rows(kernel, rows.len(), width, arguments);
    }

    fn add_to_rows(&self, row: &CudaBuffer, matrix: &mut CudaBuffer) {
        assert!(matrix.len().is_multiple_of(row.len().max(1)), "the matrix must consist of whole rows");
        let count = matrix.len();
        let arguments = &mut [self.pointer(row), self.pointer(matrix), (count as u64).into(), word(row.len()).into()];
        self.for_each("add_to_rows", count, arguments);
    }

    fn gather_rows(&self, table: &CudaBuffer, width: usize, rows: &[u32], destination: &mut CudaBuffer) {
        assert_eq!(destination.len(), rows.len() * width, "one destination row for each named row");
        assert!(rows.iter().all(|row| (*row as usize + 1) * width <= table.len()), "a row lies outside the table");
        let list = self.indices(rows);
        let arguments = &mut [self.pointer(table), list.argument(), self.pointer(destination), word(width).into()];
        self.for_rows("gather_rows", rows.len(), width, arguments);
    }

    fn scatter_rows(&self, source: &CudaBuffer, width: usize, rows: &[u32], destination: &mut CudaBuffer) {
        assert_eq!(source.len(), rows.len() * width, "one source row for each named row");
        assert!(rows.iter().all(|row| (*row as usize + 1) * width <= destination.len()), "a row lies outside the destination");
        self.attempt(|device| device.zero(destination));
        let list = self.indices(rows);
        let arguments = &mut [self.pointer(source), list.argument(), self.pointer(destination), word(width).into()];
        self.for_rows("scatter_rows", rows.len(), width, arguments);
    }

    fn rms_norm(&self, x: &CudaBuffer, weight: &CudaBuffer, eps: f32, y: &mut CudaBuffer) {
        let width = weight.len();
        assert!(x.len() == y.len() && x.len().is_multiple_of(width), "input and output must be whole rows of one size");
        let arguments = &mut [self.pointer(x), self.pointer(weight), self.pointer(y), word(width).into(), eps.into()];
        self.for_rows("rms_norm", x.len() / width, width, arguments);
    }

    fn rms_norm_backward(&self, x: &CudaBuffer, weight: &CudaBuffer, eps: f32, dy: &CudaBuffer, write: Write, dx: &mut CudaBuffer) {
        let width = weight.len();
        let whole = x.len() == dy.len() && x.len() == dx.len() && x.len().is_multiple_of(width);
        assert!(whole, "all must be whole rows of one size");
        let [x_at, weight, dy, dx] = [self.pointer(x), self.pointer(weight), self.pointer(dy), self.pointer(dx)];
        let accumulate = u32::from(write == Write::Accumulate);
        let arguments = &mut [x_at, weight, dy, dx, word(width).into(), eps.into(), accumulate.into()];
        self.for_rows("rms_norm_backward", x.len() / width, width, arguments);
    }

    fn rotate(&self, x: &mut CudaBuffer, head_dim: usize, positions: &[u32], table: &RotaryTable<CudaBuffer>, direction: Rotation) {
        if positions.is_empty() {
            return;
        }
        let (half, width) = (head_dim / 2, x.len() / positions.len());
        assert!(x.len() == width * positions.len() && width.is_multiple_of(head_dim), "rows must consist of whole heads");
        let angles = table.cos.len().min(table.sin.len());
        assert!(positions.iter().all(|p| (*p as usize + 1) * half <= angles), "a position lies outside the table");
        let (pairs, heads) = (x.len() / 2, width / head_dim);
        let sign: f32 = if direction == Rotation::Forward { 1.0 } else { -1.0 };
        let [x, cos, sin] = [self.pointer(x), self.pointer(&table.cos), self.pointer(&table.sin)];
        let list = self.indices(positions);
        let arguments = &mut [x, list.argument(), cos, sin, (pairs as u64).into(), word(heads).into(), word(half).into(), sign.into()];
        self.for_each("rotate", pairs, arguments);
    }

    fn swiglu(&self, gate: &CudaBuffer, up: &CudaBuffer, y: &mut CudaBuffer) {
        assert!(gate.len() == up.len() && gate.len() == y.len(), "all must have one length");
        let arguments = &mut [self.pointer(gate), self.pointer(up), self.pointer(y), (y.len() as u64).into()];
        self.for_each("swiglu", y.len(), arguments);
    }

    fn swiglu_backward(&self, gate: &mut CudaBuffer, up: &mut CudaBuffer, dy: &CudaBuffer) {
        assert!(gate.len() == up.len() && gate.len() == dy.len(), "all must have one length");
        let arguments = &mut [self.pointer(gate), self.pointer(up), self.pointer(dy), (dy.len() as u64).into()];
        self.for_each("swiglu_backward", dy.len(), arguments);
    }

    fn attention(&self, shape: Attention<'_>, inputs: AttentionInputs<'_, CudaBuffer>, outputs: &mut AttentionOutputs<CudaBuffer>) {
        assert_eq!(outputs.output.len(), inputs.queries.len(), "the output has the queries' shape");
        let cells = inputs.queries.len() / shape.head_dim;
        assert_eq!(outputs.log_sum_exp.len(), cells, "one log-sum-exp for each row and head");
        let Some(kernels) = self.attention_kernels(shape, &inputs) else { return };
        let (tiles, _list, rest) = self.attention_arguments(shape, kernels);
        let pointers = [inputs.queries, inputs.keys, inputs.values, &outputs.output, &outputs.log_sum_exp].map(|b| self.pointer(b));
        let grid = Grid { x: tiles, y: word(shape.heads), threads: 256 };
        self.attempt(|device| device.launch(kernels.forward(), grid, &mut [&pointers[..], &rest].concat()));
    }

    fn attention_backward(
        &self,
        shape: Attention<'_>,
        inputs: AttentionInputs<'_, CudaBuffer>,
        outputs: &AttentionOutputs<CudaBuffer>,
        d_output: &CudaBuffer,
        gradients: &mut AttentionGradients<CudaBuffer>,
    ) {
        let cells = inputs.queries.len() / shape.head_dim;
        assert!(outputs.output.len() == inputs.queries.len() && d_output.len() == inputs.queries.len(), "output and its gradient");
        assert_eq!(outputs.log_sum_exp.len(), cells, "log-sum-exp");
        assert_eq!(gradients.queries.len(), inputs.queries.len(), "query gradients");
        assert!(gradients.keys.len() == inputs.keys.len() && gradients.values.len() == inputs.values.len(), "key and value gradients");
        let Some(kernels) = self.attention_kernels(shape, &inputs) else { return };
        let mut deltas = self.row_numbers();
        self.resize(&mut deltas, cells);
        let [output, d_output_at, deltas_at] = [&outputs.output, d_output, &deltas].map(|b| self.pointer(b));
        let arguments = &mut [output, d_output_at, deltas_at, (cells as u64).into(), word(shape.head_dim).into()];
        self.attempt(|device| device.launch("attention_deltas", elements_grid(cells * 32), arguments));

        let (tiles, _list, rest) = self.attention_arguments(shape, kernels);
        let given = [inputs.queries, inputs.keys, inputs.values, d_output, &outputs.log_sum_exp, &deltas].map(|b| self.pointer(b));
        let grid = |heads: usize| Grid { x: tiles, y: word(heads), threads: 256 };
        let d_queries = [self.pointer(&gradients.queries)];
        let arguments = &mut [&given[..], &d_queries, &rest].concat();
        self.attempt(|device| device.launch(kernels.d_queries(), grid(shape.heads), arguments));
        let d_keys_values = [self.pointer(&gradients.keys), self.pointer(&gradients.values)];
        let arguments = &mut [&given[..], &d_keys_values, &rest].concat();
        self.attempt(|device| device.launch(kernels.d_keys_values(), grid(shape.key_value_heads), arguments));
    }

    fn head_cross_entropy(&self, head: Head<'_, CudaBuffer, CudaFrozen>, scratch: &mut CudaBuffer) -> f64 {
        self.chunks(head, scratch, None, |_, _, _| ())
    }

    fn head_cross_entropy_backward(
        &self,
        head: Head<'_, CudaBuffer, CudaFrozen>,
        scale: f32,
        d_hidden: &mut CudaBuffer,
        scratch: &mut CudaBuffer,
    ) -> f64 {
        assert_eq!(d_hidden.len(), head.hidden.len(), "the gradient must have the hidden states' shape");
        self.chunks(head, scratch, Some(scale), |first, rows, d_logits| {
            let into = self.address(d_hidden) + bytes(first * head.hidden_size);
            self.multiply_frozen(rows, self.address(d_logits), head.weight, false, Write::Replace, into);
        })
    }

    fn dropout(&self, mask: DropoutMask, x: &CudaBuffer, y: &mut CudaBuffer) {
        self.masked("dropout", mask, x, y);
    }

    fn dropout_backward(&self, mask: DropoutMask, dy: &CudaBuffer, dx: &mut CudaBuffer) {
        self.masked("dropout_backward", mask, dy, dx);
    }

    fn zero(&self, buffer: &mut CudaBuffer) {
        self.attempt(|device| device.zero(buffer));
    }

    fn squared_norm(&self, buffers: &[CudaBuffer]) -> f64 {
        // Each sum is an f64, which is two numbers of a buffer.
        let pieces = |buffer: &CudaBuffer| buffer.len().div_ceil(SQUARES);
        let count: usize = buffers.iter().map(pieces).sum();
        let mut sums = self.row_numbers();
        self.resize(&mut sums, 2 * count);
        let mut first = 0;
        for buffer in buffers.iter().filter(|buffer| buffer.len() > 0) {
            let into = Argument::from(self.address(&sums) + bytes(2 * first));
            let grid = Grid { x: word(pieces(buffer)), y: 1, threads: 256 };
            let arguments = &mut [self.pointer(buffer), into, (buffer.len() as u64).into()];
            self.attempt(|device| device.launch("squared_sums", grid, arguments));
            first += pieces(buffer);
        }
        let mut host = vec![0f64; count];
        self.attempt(|device| device.memory(&sums)?.map_or(Ok(()), |memory| memory.read(bytes_of_mut(&mut host))));
        host.iter().sum()
    }

    fn adamw(&self, step: AdamW, weights: &mut CudaBuffer, gradients: &CudaBuffer, moments: Moments<'_, CudaBuffer>) {
        let count = weights.len();
        let Moments { mean, square } = moments;
        assert!(gradients.len() == count && mean.len() == count && square.len() == count, "all must have one length");
        let AdamW { clip, keep, lerp, beta2, rest, step_size, correction, eps } = step;
        let pointers = [&*weights, gradients, &*mean, &*square].map(|buffer| self.pointer(buffer));
        let numbers = [clip, keep, lerp, beta2, rest, step_size, correction, eps].map(Argument::from);
        self.for_each("adamw", count, &mut [&pointers[..], &[(count as u64).into()], &numbers].concat());
    }

    fn finish(&self) -> Result<(), ModelError> {
        self.device.finish()
    }
}

impl Cuda {
    fn masked(&self, kernel: &'static str, mask: DropoutMask, source: &CudaBuffer, destination: &CudaBuffer) {
        assert_eq!(source.len(), destination.len(), "both must have one length");
        let ((high, low, threshold), count) = (mask.parts(), source.len());
        let [source, destination] = [self.pointer(source), self.pointer(destination)];
        let numbers = [high.into(), low.into(), threshold.into(), mask.kept_scale().into()];
        let arguments = &mut [&[source, destination, (count as u64).into()][..], &numbers].concat();
        self.for_each(kernel, count, arguments);
    }
}
