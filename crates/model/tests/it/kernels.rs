//! Every kernel of a device against the processors', which finite differences check where they are written.

use model::{
    AdamW, Cpu, DropoutKey, Elements, Precision,
    backend::{
        Attention, AttentionGradients, AttentionInputs, AttentionOutputs, Backend, Head, Matrix, Moments, RotaryTable, Rotation, Thin,
        Write,
    },
};

use crate::devices;

/// Numbers in `[-1, 1)`, the same for the same seed.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Runs kernels on a device and collects what they leave.
struct Bench<'a, B: Backend> {
    backend: &'a B,
    results: Vec<(String, Vec<f32>)>,
}

impl<B: Backend> Bench<'_, B> {
    fn upload(&self, seed: u32, count: usize) -> B::Buffer {
        self.backend.upload(numbers(seed, count))
    }

    /// A buffer for results, filled with what must not be left.
    fn room(&self, count: usize) -> B::Buffer {
        self.backend.upload(vec![f32::NAN; count])
    }

    fn keep(&mut self, name: &str, buffer: &B::Buffer, count: usize) {
        let mut host = vec![0.0; count];
        self.backend.read(buffer, &mut host);
        self.results.push((name.to_owned(), host));
    }

    fn products(&mut self) {
        for (name, shape) in [("small", [7, 19, 5]), ("one row", [1, 33, 40]), ("no inner size", [3, 0, 4])] {
            let [rows, inner, columns] = shape;
            for flips in 0..4 {
                let side = |flip: bool, a: usize, b: usize| if flip { (b, a) } else { (a, b) };
                let ((lr, lc), (rr, rc)) = (side(flips & 1 > 0, rows, inner), side(flips & 2 > 0, inner, columns));
                let (left, right) = (self.upload(1, lr * lc), self.upload(2, rr * rc));
                let matrix = |buffer, flip: bool, r, c| if flip { Matrix::new(buffer, r, c).t() } else { Matrix::new(buffer, r, c) };
                let mut y = self.room(rows * columns);
                let pair = || (matrix(&left, flips & 1 > 0, lr, lc), matrix(&right, flips & 2 > 0, rr, rc));
                let (a, b) = pair();
                self.backend.product(0.5, a, b, Write::Replace, &mut y);
                let (a, b) = pair();
                self.backend.product(1.0, a, b, Write::Accumulate, &mut y);
                self.keep(&format!("product, {name}, {flips}"), &y, rows * columns);
            }
        }
    }

    fn rows(&mut self) {
        let (width, table) = (37, self.upload(1, 9 * 37));
        let mut y = self.room(4 * width);
        self.backend.gather_rows(&table, width, &[8, 0, 3, 3], &mut y);
        self.keep("gather_rows", &y, 4 * width);
        let mut spread = self.room(6 * width);
        self.backend.scatter_rows(&y, width, &[5, 0, 2, 1], &mut spread);
        self.keep("scatter_rows", &spread, 6 * width);
        self.backend.scatter_rows(&self.room(0), width, &[], &mut spread);
        self.keep("scatter_rows, none", &spread, 6 * width);
        let (row, mut matrix) = (self.upload(2, width), self.upload(3, 5 * width));
        self.backend.add_to_rows(&row, &mut matrix);
        self.keep("add_to_rows", &matrix, 5 * width);
        let mut copy = self.room(5 * width);
        self.backend.copy(&matrix, &mut copy);
        self.keep("copy", &copy, 5 * width);
        let mut sum = vec![1.0; 5 * width];
        self.backend.add_to_host(&copy, &mut sum);
        self.results.push(("add_to_host".to_owned(), sum));
    }

    fn norms(&mut self) {
        for width in [8, 33, 600] {
            let count = 5 * width;
            let (x, weight, dy) = (self.upload(1, count), self.upload(2, width), self.upload(3, count));
            let mut y = self.room(count);
            self.backend.rms_norm(&x, &weight, 1e-3, &mut y);
            self.keep(&format!("rms_norm, {width}"), &y, count);
            self.backend.rms_norm_backward(&x, &weight, 1e-3, &dy, Write::Replace, &mut y);
            self.backend.rms_norm_backward(&x, &weight, 1e-3, &dy, Write::Accumulate, &mut y);
            self.keep(&format!("rms_norm_backward, {width}"), &y, count);
        }
    }

    fn rotations(&mut self) {
        let (head_dim, heads) = (6, 3);
        let positions: Vec<u32> = (0..12).chain(0..7).chain(3..5).collect();
        let table = RotaryTable { cos: self.upload(2, 12 * head_dim / 2), sin: self.upload(3, 12 * head_dim / 2), positions: 12 };
        let count = positions.len() * heads * head_dim;
        for direction in [Rotation::Forward, Rotation::Backward] {
            let mut x = self.upload(1, count);
            self.backend.rotate(&mut x, head_dim, &positions, &table, direction);
            self.keep(&format!("rotate, {direction:?}"), &x, count);
        }
    }

    fn elements(&mut self) {
        let count = 1000;
        let steep = |seed| self.backend.upload(numbers(seed, count).iter().map(|x| 20.0 * x).collect());
        let (mut gate, mut up, dy, mut y) = (steep(1), self.upload(2, count), self.upload(3, count), self.room(count));
        self.backend.swiglu(&gate, &up, &mut y);
        self.keep("swiglu", &y, count);
        self.backend.swiglu_backward(&mut gate, &mut up, &dy);
        self.keep("swiglu_backward, gate", &gate, count);
        self.keep("swiglu_backward, up", &up, count);
        let mask = DropoutKey { seed: 1, step: 2, micro_step: 3 }.mask(4, 5, 0.3);
        self.backend.dropout(mask, &dy, &mut y);
        self.keep("dropout", &y, count);
        self.backend.dropout_backward(mask, &dy, &mut y);
        self.keep("dropout_backward", &y, count);
    }

    fn attention(&mut self, shape: Attention<'_>) {
        let rows = *shape.offsets.last().unwrap();
        let (query_width, key_width) = (shape.heads * shape.head_dim, shape.key_value_heads * shape.head_dim);
        let enlarged = |seed, count| self.backend.upload(numbers(seed, count).iter().map(|x| 3.0 * x).collect());
        let (queries, keys, values) = (enlarged(1, rows * query_width), enlarged(2, rows * key_width), enlarged(3, rows * key_width));
        let inputs = || AttentionInputs { queries: &queries, keys: &keys, values: &values };
        let mut outputs = AttentionOutputs { output: self.room(rows * query_width), log_sum_exp: self.room(rows * shape.heads) };
        self.backend.attention(shape, inputs(), &mut outputs);
        self.keep(&format!("{shape:?}, output"), &outputs.output, rows * query_width);
        self.keep(&format!("{shape:?}, log_sum_exp"), &outputs.log_sum_exp, rows * shape.heads);
        let d_output = self.upload(4, rows * query_width);
        let [queries, keys, values] = [query_width, key_width, key_width].map(|width| self.room(rows * width));
        let mut gradients = AttentionGradients { queries, keys, values };
        self.backend.attention_backward(shape, inputs(), &outputs, &d_output, &mut gradients);
        self.keep(&format!("{shape:?}, d_queries"), &gradients.queries, rows * query_width);
        self.keep(&format!("{shape:?}, d_keys"), &gradients.keys, rows * key_width);
        self.keep(&format!("{shape:?}, d_values"), &gradients.values, rows * key_width);
    }

    fn attentions(&mut self) {
        let plain = Attention { heads: 2, key_value_heads: 2, head_dim: 4, offsets: &[0, 9], window: None };
        self.attention(plain);
        // Grouped heads over packed sequences of all kinds: longer than a tile, empty, of one position, of a whole number of tiles.
        for head_dim in [2, 16, 32, 34, 64, 80, 128] {
            self.attention(Attention { heads: 4, key_value_heads: 2, head_dim, offsets: &[0, 41, 41, 42, 74, 81], ..plain });
        }
        for (window, offsets) in [(1, [0, 40]), (4, [0, 9]), (10, [0, 71]), (32, [0, 71]), (33, [0, 100]), (500, [0, 40])] {
            self.attention(Attention { heads: 3, key_value_heads: 1, head_dim: 8, offsets: &offsets, window: Some(window) });
        }
        self.attention(Attention { heads: 2, key_value_heads: 1, head_dim: 100, offsets: &[0, 50], window: Some(20) });
    }

    /// Numbers that bf16 holds exactly, so that both precisions give one result.
    fn coarse(&self, seed: u32, count: usize) -> Vec<f32> {
        numbers(seed, count).iter().map(|x| (x * 16.0).round() / 8.0).collect()
    }

    fn frozen(&mut self, precision: Precision, (inputs, outputs): (usize, usize)) {
        let (rows, rank) = (9, 3);
        let weight = self.backend.freeze(Elements::Owned(self.coarse(1, outputs * inputs)), outputs, inputs, precision);
        let stored: Vec<[u8; 2]> = self.coarse(1, outputs * inputs).iter().map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes()).collect();
        let same = self.backend.freeze(Elements::Bf16(&stored), outputs, inputs, precision);
        let (x, dy) = (self.backend.upload(self.coarse(2, rows * inputs)), self.backend.upload(self.coarse(3, rows * outputs)));
        let (inner, a, b) = (self.upload(4, rows * rank), self.upload(5, rank * inputs), self.upload(6, outputs * rank));
        let (mut y, mut dx) = (self.room(rows * outputs), self.room(rows * inputs));
        self.backend.linear(&x, &weight, None, Write::Replace, &mut y);
        self.backend.linear(&x, &same, Some(Thin { factor: 0.5, inner: &inner, matrix: &b, rank }), Write::Accumulate, &mut y);
        self.keep(&format!("linear, {inputs}, {precision}"), &y, rows * outputs);
        self.backend.linear_backward(&dy, &same, Some(Thin { factor: 0.5, inner: &inner, matrix: &a, rank }), Write::Replace, &mut dx);
        self.backend.linear_backward(&dy, &weight, None, Write::Accumulate, &mut dx);
        self.keep(&format!("linear_backward, {inputs}, {precision}"), &dx, rows * inputs);
        // Rounded to bf16 by the product: halfway between two numbers to the even one.
        let ties: Vec<f32> = (0..2 * inputs).map(|i| (i as f32 - 20.0) / 256.0 + if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let one = |i: usize| if i.is_multiple_of(inputs + 1) { 1.0 } else { 0.0 };
        let identity = self.backend.freeze(Elements::Owned((0..inputs * inputs).map(one).collect()), inputs, inputs, precision);
        let (ties, mut rounded) = (self.backend.upload(ties), self.room(2 * inputs));
        self.backend.linear(&ties, &identity, None, Write::Replace, &mut rounded);
        self.keep(&format!("rounding, {precision}"), &rounded, 2 * inputs);
        let mut gathered = self.room(4 * inputs);
        self.backend.gather_frozen_rows(&weight, &[12, 0, 5, 5], &mut gathered);
        self.keep(&format!("gather_frozen_rows, {precision}"), &gathered, 4 * inputs);
    }

    fn optimizer(&mut self) {
        let buffers = [9000, 0, 1, 4096].map(|count| self.upload(count as u32, count));
        self.results
            .push(("squared_norm".to_owned(), vec![self.backend.squared_norm(&buffers) as f32, self.backend.squared_norm(&[]) as f32]));
        let count = 700;
        let (mut weights, mut mean, mut square) = (self.upload(1, count), self.upload(2, count), self.room(count));
        self.backend.zero(&mut square);
        for step in 1..4 {
            let gradients = self.upload(step, count);
            let moments = Moments { mean: &mut mean, square: &mut square };
            self.backend.adamw(AdamW::new(step.into(), 0.01, 0.1, 0.5), &mut weights, &gradients, moments);
        }
        for (name, buffer) in [("weights", weights), ("mean", mean), ("square", square)] {
            self.keep(&format!("adamw, {name}"), &buffer, count);
        }
    }

    fn cross_entropy(&mut self, rows: usize, vocabulary: usize, hidden_size: usize, precision: Precision) {
        let hidden = self.backend.upload(self.coarse(1, rows * hidden_size));
        let weight = self.backend.freeze(Elements::Owned(self.coarse(2, vocabulary * hidden_size)), vocabulary, hidden_size, precision);
        let targets: Vec<u32> = (0..rows as u32).map(|row| row * 5 % vocabulary as u32).collect();
        let head = Head { hidden: &hidden, weight: &weight, hidden_size, vocabulary, targets: &targets };
        let (mut scratch, mut d_hidden) = (B::Buffer::default(), self.room(rows * hidden_size));
        let forward = self.backend.head_cross_entropy(head, &mut scratch);
        let loss = self.backend.head_cross_entropy_backward(head, 0.25, &mut d_hidden, &mut scratch);
        self.results.push((format!("cross_entropy, {rows} rows, {precision}"), vec![forward as f32, loss as f32]));
        self.keep(&format!("cross_entropy, {rows} rows, {precision}, gradient"), &d_hidden, rows * hidden_size);
    }
}

fn everything<B: Backend>(backend: &B) -> Vec<(String, Vec<f32>)> {
    let mut bench = Bench { backend, results: Vec::new() };
    bench.products();
    bench.rows();
    bench.norms();
    bench.rotations();
    bench.elements();
    bench.attentions();
    bench.optimizer();
    for precision in [Precision::F32, Precision::Bf16] {
        // The second as aligned as a device's own algorithms want it.
        bench.frozen(precision, (21, 13));
        bench.frozen(precision, (24, 16));
        bench.cross_entropy(7, 37, 6, precision);
    }
    bench.cross_entropy(130, 1030, 8, Precision::F32);
    backend.finish().unwrap();
    bench.results
}

#[test]
fn a_device_computes_what_the_processors_compute() {
    let Some(cuda) = devices::cuda() else { return };
    let found = everything(&cuda);
    let wanted = everything(&Cpu);
    assert_eq!(found.len(), wanted.len());
    for ((name, found), (_, wanted)) in found.iter().zip(&wanted) {
        let largest = wanted.iter().fold(0.1f32, |most, x| most.max(x.abs()));
        assert_eq!(found.len(), wanted.len(), "{name}");
        // A last bit more or less in f32 may be one more or less in bf16.
        let tolerance = if name.ends_with("bf16, gradient") { 1e-3 } else { 2e-5 };
        for (place, (f, w)) in found.iter().zip(wanted).enumerate() {
            assert!((f - w).abs() <= tolerance * largest, "{name}[{place}] is {f}, wanted {w}");
        }
    }
}

#[test]
fn a_device_repeats_its_bits() {
    let Some(cuda) = devices::cuda() else { return };
    let bits = || everything(&cuda).into_iter().map(|(_, x)| x.into_iter().map(f32::to_bits).collect::<Vec<_>>()).collect::<Vec<_>>();
    assert_eq!(bits(), bits());
}
