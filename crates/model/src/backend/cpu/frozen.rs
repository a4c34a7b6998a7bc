//! Frozen matrices, packed once into panels (see [`super::tile`]), and the products with them.
//!
//! The product with the transpose reads the panels as they are; that with the matrix itself turns them round into a small buffer, a part
//! at a time. In bf16 the other factor is rounded as well, and sums are kept in f32. Which thread computes which rows changes no bit.

use std::cell::RefCell;

use half::bf16;
use rayon::prelude::*;

use super::tile::{self, Destination, Factors, Kernel, LANES, Line, Rectangle, Step};
use crate::{Precision, backend::Write, weights::Elements};

/// Most rows that one task takes.
const BLOCK_ROWS: usize = 64;
/// Lines of a matrix that are turned round at a time: 8 MiB.
const TURNED_LINES: usize = 1 << 17;

/// A frozen `[rows, columns]` matrix, in panels of 16 rows over the columns, or in bf16 over pairs of them, filled up with zeros to whole
/// blocks of 16 rows and 16 steps.
#[derive(Debug)]
pub struct Frozen {
    rows: usize,
    columns: usize,
    step: Step,
    kernel: Kernel,
    lines: Vec<Line>,
}

/// A thin product that is added to that with a frozen matrix: `factor · inner · matrix`, or `matrix` transposed where the frozen one is.
#[derive(Clone, Copy)]
pub(super) struct Thin<'a> {
    pub(super) factor: f32,
    /// `[_, rank]`.
    pub(super) inner: &'a [f32],
    pub(super) matrix: &'a [f32],
    pub(super) rank: usize,
}

/// Panels as a product reads them.
#[derive(Clone, Copy)]
struct Panels<'a> {
    lines: &'a [Line],
    /// Lines of a panel.
    stride: usize,
    /// Steps that are not filling.
    steps: usize,
    /// Columns over all panels.
    columns: usize,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Buffers of a thread, kept so that memory is asked for once.
#[derive(Default)]
struct Scratch {
    turned: Vec<Line>,
    thin: Vec<Line>,
    rounded: Vec<u32>,
}

/// Lends a buffer of this thread. It is taken out meanwhile: a task that this thread runs while it waits finds another.
fn with_scratch<T: Default, R>(part: fn(&mut Scratch) -> &mut T, work: impl FnOnce(&mut T) -> R) -> R {
    let mut buffer = SCRATCH.with_borrow_mut(|scratch| std::mem::take(part(scratch)));
    let result = work(&mut buffer);
    SCRATCH.with_borrow_mut(|scratch| *part(scratch) = buffer);
    result
}

/// Steps over a number of rows of a panel, without filling.
fn steps(step: Step, inner: usize) -> usize {
    match step {
        Step::F32 => inner,
        Step::Bf16 => inner.div_ceil(2),
    }
}

/// Lines of a panel over a number of rows, with filling.
fn stride(step: Step, inner: usize) -> usize {
    steps(step, inner.next_multiple_of(LANES))
}

/// Two numbers as a word.
fn pair(low: f32, high: f32) -> u32 {
    u32::from(bf16::from_f32(low).to_bits()) | (u32::from(bf16::from_f32(high).to_bits()) << 16)
}

impl Frozen {
    /// Packs a matrix.
    pub(super) fn new(elements: &Elements<'_>, rows: usize, columns: usize, precision: Precision) -> Self {
        assert_eq!(elements.len(), rows * columns, "a matrix must have its size");
        let step = match precision {
            Precision::F32 => Step::F32,
            Precision::Bf16 => Step::Bf16,
        };
        let stride = stride(step, columns);
        let mut lines = vec![Line::ZERO; rows.div_ceil(LANES) * stride];
        lines.par_chunks_mut(stride.max(1)).enumerate().for_each_init(
            || vec![0f32; columns],
            |row, (panel, lines)| {
                for lane in 0..LANES.min(rows - panel * LANES) {
                    elements.read((panel * LANES + lane) * columns, row);
                    match step {
                        Step::F32 => lines.iter_mut().zip(&*row).for_each(|(line, value)| line.0[lane] = value.to_bits()),
                        Step::Bf16 => lines.iter_mut().zip(row.chunks(2)).for_each(|(line, values)| {
                            line.0[lane] = pair(values[0], values.get(1).copied().unwrap_or(0.0));
                        }),
                    }
                }
            },
        );
        Self { rows, columns, step, kernel: Kernel::best(step), lines }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Copies the named rows, in order.
    pub(super) fn gather_rows(&self, rows: &[u32], destination: &mut [f32]) {
        let (width, stride) = (self.columns, stride(self.step, self.columns));
        assert_eq!(destination.len(), rows.len() * width, "one destination row for each named row");
        assert!(rows.iter().all(|row| (*row as usize) < self.rows), "a row lies outside the matrix");
        destination.par_chunks_exact_mut(width).zip(rows).for_each(|(destination, row)| {
            let row = *row as usize;
            let words = self.lines[row / LANES * stride..][..stride].iter().map(|line| line.0[row % LANES]);
            match self.step {
                Step::F32 => destination.iter_mut().zip(words).for_each(|(d, word)| *d = f32::from_bits(word)),
                Step::Bf16 => destination.chunks_mut(2).zip(words).for_each(|(pair, word)| {
                    let numbers = [f32::from_bits(word << 16), f32::from_bits(word & 0xffff_0000)];
                    pair.copy_from_slice(&numbers[..pair.len()]);
                }),
            }
        });
    }

    /// `y (+)= x · selfᵀ + factor · inner · matrixᵀ`, with `x` `[_, columns]`, `y` `[_, rows]` and the thin matrix `[rows, rank]`.
    pub(super) fn times_transposed(&self, x: &[f32], thin: Option<Thin<'_>>, write: Write, y: &mut [f32]) {
        let Self { rows, columns, step, .. } = *self;
        let panels = Panels { lines: &self.lines, stride: stride(step, columns), steps: steps(step, columns), columns: rows };
        with_packed(thin, rows, Thin::pack_transposed, |thin| self.multiply(panels, (x, columns, 0), thin, write, y));
    }

    /// `y (+)= x · self + factor · inner · matrix`, with `x` `[_, rows]`, `y` `[_, columns]` and the thin matrix `[rank, columns]`.
    pub(super) fn times(&self, x: &[f32], thin: Option<Thin<'_>>, mut write: Write, y: &mut [f32]) {
        let Self { rows, columns, step, .. } = *self;
        let source_stride = stride(step, columns);
        // A multiple of 16 rows, so that only the last part has filling.
        let part = (TURNED_LINES / source_stride.max(1)).max(1) * LANES;
        with_packed(thin, columns, Thin::pack, |mut thin| {
            with_scratch(
                |scratch| &mut scratch.turned,
                |turned| {
                    for first in (0..rows).step_by(part) {
                        let inner = part.min(rows - first);
                        let source = &self.lines[first / LANES * source_stride..][..inner.div_ceil(LANES) * source_stride];
                        turn(step, source, source_stride, turned);
                        let panels = Panels { lines: turned, stride: stride(step, inner), steps: steps(step, inner), columns };
                        self.multiply(panels, (x, rows, first), thin.take(), write, y);
                        write = Write::Accumulate;
                    }
                },
            );
        });
    }

    /// `y (+)= x[.., first..] · panels + inner · thin`: tasks take blocks of rows and, where those are too few, of columns.
    #[expect(unsafe_code, reason = "tasks write rectangles of one matrix")]
    fn multiply(
        &self,
        panels: Panels<'_>,
        (x, width, first): (&[f32], usize, usize),
        thin: Option<(&[f32], usize, &[Line])>,
        write: Write,
        y: &mut [f32],
    ) {
        let rows = x.len() / width.max(1);
        assert_eq!(x.len(), rows * width, "the factors' inner sizes must agree");
        if y.is_empty() {
            return;
        }
        let destination = Destination::new(y, rows, panels.columns);
        let grid = Grid::new(rows, panels.columns.div_ceil(LANES));
        (0..grid.tasks()).into_par_iter().for_each(|task| {
            let (row, panel) = grid.place(task);
            let count = grid.rows.min(rows - row);
            let first_column = panel * LANES;
            let columns = (grid.panels * LANES).min(panels.columns - first_column);
            let lines = &panels.lines[panel * panels.stride..];
            let rectangle = Rectangle { first_row: row, rows: count, first_column, columns };
            let thin = thin.map(|(inner, rank, packed)| {
                let a = words(&inner[row * rank..]);
                Factors { a, a_stride: rank, b: &packed[panel * rank..], b_stride: rank, steps: rank }
            });
            let run = |a: &[u32], a_stride: usize| {
                let main = Factors { a, a_stride, b: lines, b_stride: panels.stride, steps: panels.steps };
                // SAFETY: tasks have different rectangles, and the destination is borrowed exclusively.
                unsafe { tile::multiply((self.kernel, self.step), (main, thin), write == Write::Accumulate, &destination, rectangle) };
            };
            match self.step {
                Step::F32 => run(words(&x[row * width + first..]), width),
                Step::Bf16 => with_scratch(
                    |scratch| &mut scratch.rounded,
                    |rounded| {
                        tile::round_rows(&x[row * width..(row + count) * width], width, first, panels.steps, rounded);
                        run(rounded, panels.steps);
                    },
                ),
            }
        });
    }
}

/// How rows and panels are cut into tasks.
struct Grid {
    rows: usize,
    panels: usize,
    across: usize,
    down: usize,
}

impl Grid {
    fn new(rows: usize, panels: usize) -> Self {
        let threads = rayon::current_num_threads();
        // A multiple of the threads, so that all end together.
        let down = rows.div_ceil(BLOCK_ROWS * threads) * threads;
        let block = rows.div_ceil(down).max(4);
        let down = rows.div_ceil(block);
        let wide = panels.div_ceil(threads.div_ceil(down)).next_multiple_of(2);
        Self { rows: block, panels: wide, across: panels.div_ceil(wide), down }
    }

    fn tasks(&self) -> usize {
        self.across * self.down
    }

    /// First row and first panel of a task.
    fn place(&self, task: usize) -> (usize, usize) {
        (task / self.across * self.rows, task % self.across * self.panels)
    }
}

/// The bits of numbers.
#[expect(unsafe_code, reason = "the same bytes under another name")]
fn words(numbers: &[f32]) -> &[u32] {
    // SAFETY: f32 and u32 have one size and alignment, and every bit pattern is a u32.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

/// Packs the thin matrix into panels over the rank, and lends them.
fn with_packed<'a, R>(
    thin: Option<Thin<'a>>,
    columns: usize,
    pack: fn(&Thin<'a>, usize, &mut [Line]),
    work: impl FnOnce(Option<(&[f32], usize, &[Line])>) -> R,
) -> R {
    let Some(thin) = thin else { return work(None) };
    with_scratch(
        |scratch| &mut scratch.thin,
        |packed| {
            packed.resize(columns.div_ceil(LANES) * thin.rank, Line::ZERO);
            pack(&thin, columns, packed);
            work(Some((thin.inner, thin.rank, packed)))
        },
    )
}

impl Thin<'_> {
    /// Panels of `factor · matrix`, with the matrix `[rank, columns]`.
    fn pack(&self, columns: usize, packed: &mut [Line]) {
        for (r, row) in self.matrix.chunks_exact(columns).enumerate() {
            for (panel, values) in row.chunks(LANES).enumerate() {
                let line = &mut packed[panel * self.rank + r].0;
                line.iter_mut().zip(values).for_each(|(word, value)| *word = (self.factor * value).to_bits());
                line[values.len()..].fill(0);
            }
        }
    }

    /// Panels of `factor · matrixᵀ`, with the matrix `[columns, rank]`.
    fn pack_transposed(&self, columns: usize, packed: &mut [Line]) {
        assert_eq!(self.matrix.len(), columns * self.rank, "the thin matrix must have its size");
        for (panel, block) in self.matrix.chunks(LANES * self.rank).enumerate() {
            let lines = &mut packed[panel * self.rank..][..self.rank];
            for (lane, values) in block.chunks_exact(self.rank).enumerate() {
                lines.iter_mut().zip(values).for_each(|(line, value)| line.0[lane] = (self.factor * value).to_bits());
            }
            for lane in block.len() / self.rank..LANES {
                lines.iter_mut().for_each(|line| line.0[lane] = 0);
            }
        }
    }
}

/// Turns panels of 16 rows over the columns into panels of 16 columns over the rows.
fn turn(step: Step, source: &[Line], source_stride: usize, turned: &mut Vec<Line>) {
    let panels = source.len() / source_stride;
    // Both sides consist of whole blocks, so a block of 16 by 16 numbers goes to one place as a whole.
    let block = stride(step, LANES);
    let (across, target_stride) = (source_stride / block, panels * block);
    turned.resize(across * target_stride, Line::ZERO);
    turned.par_chunks_exact_mut(target_stride).enumerate().for_each(|(column, target)| {
        for (row, target) in target.chunks_exact_mut(block).enumerate() {
            let source = &source[row * source_stride + column * block..][..block];
            match step {
                Step::F32 => turn_numbers(source, target),
                Step::Bf16 => turn_pairs(source, target),
            }
        }
    });
}

fn turn_numbers(source: &[Line], target: &mut [Line]) {
    for (i, target) in target.iter_mut().enumerate() {
        target.0.iter_mut().zip(source).for_each(|(word, line)| *word = line.0[i]);
    }
}

/// A block of 8 lines of 16 pairs: pairs of pairs are turned as a whole, and each within itself.
fn turn_pairs(source: &[Line], target: &mut [Line]) {
    for (i, target) in target.iter_mut().enumerate() {
        for (words, line) in target.0.as_chunks_mut::<2>().0.iter_mut().zip(source) {
            let (first, second) = (line.0[2 * i], line.0[2 * i + 1]);
            *words = [(first & 0xffff) | (second << 16), (first >> 16) | (second & 0xffff_0000)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};

    fn rounded(values: &[f32], step: Step) -> Vec<f64> {
        let round = |v: &f32| if step == Step::Bf16 { bf16::from_f32(*v).to_f32() } else { *v };
        values.iter().map(|v| f64::from(round(v))).collect()
    }

    /// `left · right` by the definition, with `right` row-major or transposed.
    fn reference(left: &[f64], right: &[f64], (rows, inner, columns): (usize, usize, usize), transposed: bool) -> Vec<f64> {
        let at = |k: usize, j: usize| if transposed { right[j * inner + k] } else { right[k * columns + j] };
        let cell = |i: usize, j: usize| (0..inner).map(|k| left[i * inner + k] * at(k, j)).sum();
        (0..rows * columns).map(|place| cell(place / columns, place % columns)).collect()
    }

    fn kernels(step: Step) -> Vec<Kernel> {
        let mut kernels = vec![Kernel::Plain, Kernel::best(step)];
        if Kernel::best(step) == Kernel::Avx512 {
            kernels.push(Kernel::Fused);
        }
        kernels
    }

    /// Both products, with and without a thin one, replaced and added, by every kernel of this machine.
    fn check(count: usize, rows: usize, columns: usize, rank: usize) {
        for (precision, step) in [(Precision::F32, Step::F32), (Precision::Bf16, Step::Bf16)] {
            let weight = testing::numbers(1, rows * columns);
            let mut frozen = Frozen::new(&Elements::Owned(weight.clone()), rows, columns, precision);
            for kernel in kernels(step) {
                frozen.kernel = kernel;
                for transposed in [true, false] {
                    let (inner, outer) = if transposed { (columns, rows) } else { (rows, columns) };
                    let (x, before) = (testing::numbers(2, count * inner), testing::numbers(3, count * outer));
                    let (thin_inner, matrix) = (testing::numbers(4, count * rank), testing::numbers(5, outer * rank));
                    let main = reference(&rounded(&x, step), &rounded(&weight, step), (count, inner, outer), transposed);
                    let thin = reference(&testing::widen(&thin_inner), &testing::widen(&matrix), (count, rank, outer), transposed);
                    for (write, adapter) in
                        [(Write::Replace, false), (Write::Accumulate, false), (Write::Replace, true), (Write::Accumulate, true)]
                    {
                        let mut y = if write == Write::Accumulate { before.clone() } else { vec![f32::NAN; before.len()] };
                        let given = adapter.then_some(Thin { factor: 0.5, inner: &thin_inner, matrix: &matrix, rank });
                        let run = if transposed { Frozen::times_transposed } else { Frozen::times };
                        run(&frozen, &x, given, write, &mut y);
                        let wanted: Vec<f64> = (0..y.len())
                            .map(|i| {
                                let added = if write == Write::Accumulate { f64::from(before[i]) } else { 0.0 };
                                main[i] + added + if adapter { 0.5 * thin[i] } else { 0.0 }
                            })
                            .collect();
                        testing::assert_close(&y, &wanted, 2e-6, &format!("{kernel:?} {step:?} {count}x{inner}x{outer}"));
                    }
                }
            }
        }
    }

    #[test]
    fn products_of_every_kernel_agree_with_the_definition() {
        check(1, 5, 7, 2);
        check(13, 16, 32, 16);
        check(29, 50, 33, 3);
        check(150, 64, 17, 8);
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let (count, rows, columns) = (131, 70, 90);
        let x = testing::numbers(2, count * columns);
        for precision in [Precision::F32, Precision::Bf16] {
            let frozen = Frozen::new(&Elements::Owned(testing::numbers(1, rows * columns)), rows, columns, precision);
            let run = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut y = vec![0.0; count * rows];
                let mut back = vec![0.0; count * columns];
                pool.install(|| {
                    frozen.times_transposed(&x, None, Write::Replace, &mut y);
                    frozen.times(&y, None, Write::Replace, &mut back);
                });
                back.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            let one = run(1);
            assert!([2, 3, 7].into_iter().all(|threads| run(threads) == one));
        }
    }

    #[test]
    fn a_matrix_of_many_parts_is_turned_round_part_by_part() {
        let (count, rows, columns) = (3, LANES * TURNED_LINES / 8 + 40, 16);
        for (precision, step) in [(Precision::F32, Step::F32), (Precision::Bf16, Step::Bf16)] {
            let weight = testing::numbers(1, rows * columns);
            let frozen = Frozen::new(&Elements::Owned(weight.clone()), rows, columns, precision);
            let x = testing::numbers(2, count * rows);
            let mut y = vec![f32::NAN; count * columns];
            frozen.times(&x, None, Write::Replace, &mut y);
            let wanted = reference(&rounded(&x, step), &rounded(&weight, step), (count, rows, columns), false);
            testing::assert_close(&y, &wanted, 2e-5, "parts");
        }
    }

    #[test]
    fn rows_are_gathered_as_they_are_kept() {
        let (rows, columns) = (37, 9);
        let weight = testing::numbers(1, rows * columns);
        for (precision, step) in [(Precision::F32, Step::F32), (Precision::Bf16, Step::Bf16)] {
            let frozen = Frozen::new(&Elements::Owned(weight.clone()), rows, columns, precision);
            let mut found = vec![0.0; 3 * columns];
            frozen.gather_rows(&[36, 0, 17], &mut found);
            let kept = rounded(&weight, step);
            let wanted: Vec<f64> = [36, 0, 17].iter().flat_map(|row| kept[row * columns..][..columns].to_vec()).collect();
            assert_eq!(testing::widen(&found), wanted);
        }
    }
}
