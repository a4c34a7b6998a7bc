//! The innermost loops of products with packed matrices, in AVX-512.
//!
//! `C (+)= A · B + A₂ · B₂`, a tile of C at a time, in registers over the whole inner size. A is row-major; B stands in *panels* of 16
//! columns, one [`Line`] for each step. A step is one row of B in f32, or two rows in bf16, whose products AVX512-BF16 adds in pairs.
//! The second product is thin (an adapter's) and always in f32.
#![expect(unsafe_code, reason = "vector instructions and tiles of a shared matrix; docs/adr/0012-packed-products.md")]

use std::marker::PhantomData;

use super::vector::{Instructions, vectorised};

/// Columns of a panel.
pub(super) const LANES: usize = 16;

/// One step of a panel: 16 numbers in f32, or 16 pairs in bf16 with the earlier row in the lower half.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u32; LANES]);

impl Line {
    pub(super) const ZERO: Self = Self([0; LANES]);
}

/// What a step multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// One row of B.
    F32,
    /// A pair of rows, rounded to bf16.
    Bf16,
}

/// The instructions that compute tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// AVX-512, in bf16 with AVX512-BF16.
    Avx512,
    /// What the compiler makes of plain loops for the vector instructions that are found, with fused multiplications and additions.
    Fused,
    /// The same without.
    Plain,
}

impl Kernel {
    /// The fastest that this machine has.
    pub(super) fn best(step: Step) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if Instructions::All.allowed() && Self::has_avx512(step) {
                return Self::Avx512;
            }
            let fused = Instructions::Avx2.allowed() && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if fused { Self::Fused } else { Self::Plain }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = step;
            if cfg!(target_arch = "aarch64") { Self::Fused } else { Self::Plain }
        }
    }

    /// Whether this machine has AVX-512, with its products of bf16 where they are needed.
    #[cfg(target_arch = "x86_64")]
    fn has_avx512(step: Step) -> bool {
        is_x86_feature_detected!("avx512f") && (step == Step::F32 || is_x86_feature_detected!("avx512bf16"))
    }
}

/// One product of a tile: `rows` of A against consecutive panels.
#[derive(Clone, Copy)]
pub(super) struct Factors<'a> {
    /// Words of A (an f32, or a pair in bf16), row-major.
    pub(super) a: &'a [u32],
    /// Words from one row of A to the next.
    pub(super) a_stride: usize,
    /// Panels of B.
    pub(super) b: &'a [Line],
    /// Lines from one panel to the next.
    pub(super) b_stride: usize,
    pub(super) steps: usize,
}

impl Factors<'_> {
    /// Checks that `rows` rows and `panels` panels lie inside.
    fn check(&self, rows: usize, panels: usize) {
        assert!(self.steps <= self.a_stride && self.steps <= self.b_stride, "steps must lie inside a row and a panel");
        assert!((rows - 1) * self.a_stride + self.steps <= self.a.len(), "the rows must lie inside A");
        assert!((panels - 1) * self.b_stride + self.steps <= self.b.len(), "the panels must lie inside B");
    }
}

/// A row-major matrix whose rectangles are written by different tasks.
pub(super) struct Destination<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    matrix: PhantomData<&'a mut [f32]>,
}

// SAFETY: the only access is `multiply`, whose contract forbids that two tasks hold the same cells.
unsafe impl Sync for Destination<'_> {}

impl<'a> Destination<'a> {
    pub(super) fn new(matrix: &'a mut [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(matrix.len(), rows * columns, "the destination must have the product's size");
        Self { start: matrix.as_mut_ptr(), rows, columns, matrix: PhantomData }
    }
}

/// The rectangle of the destination that a call computes.
#[derive(Clone, Copy)]
pub(super) struct Rectangle {
    pub(super) first_row: usize,
    pub(super) rows: usize,
    /// A multiple of [`LANES`].
    pub(super) first_column: usize,
    pub(super) columns: usize,
}

/// Computes a rectangle. `main.a` and `thin.a` begin at its first row, the panels at its first column.
///
/// # Safety
/// No other reference to the rectangle's cells may live at the same time.
pub(super) unsafe fn multiply(
    (kernel, step): (Kernel, Step),
    (main, thin): (Factors<'_>, Option<Factors<'_>>),
    accumulate: bool,
    into: &Destination<'_>,
    rectangle: Rectangle,
) {
    let Rectangle { first_row, rows, first_column, columns } = rectangle;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(first_row + rows <= into.rows && first_column + columns <= into.columns, "the rectangle must lie inside the destination");
    let panels = columns.div_ceil(LANES);
    main.check(rows, panels);
    if let Some(thin) = &thin {
        thin.check(rows, panels);
    }
    // SAFETY: the rectangle lies inside the destination.
    let c = unsafe { into.start.add(first_row * into.columns + first_column) };
    let tiles = Tiles { main, thin, accumulate, c, c_stride: into.columns, rows, columns };
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => {
            assert!(Kernel::has_avx512(step), "this machine lacks AVX-512");
            // SAFETY: the instructions were found, the factors were checked to hold these rows and panels, the cells are this call's alone.
            unsafe {
                match step {
                    Step::F32 => x86::f32(&tiles),
                    Step::Bf16 => x86::bf16(&tiles),
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Kernel::Avx512 => unreachable!("AVX-512 is never the best elsewhere"),
        // SAFETY: as above, without the instructions.
        Kernel::Fused => vectorised(
            #[inline(always)]
            || unsafe { portable::rectangle::<true>(&tiles, step) },
        ),
        // SAFETY: as above.
        Kernel::Plain => vectorised(
            #[inline(always)]
            || unsafe { portable::rectangle::<false>(&tiles, step) },
        ),
    }
}

/// A rectangle as the kernels see it.
struct Tiles<'a> {
    main: Factors<'a>,
    thin: Option<Factors<'a>>,
    accumulate: bool,
    c: *mut f32,
    c_stride: usize,
    rows: usize,
    columns: usize,
}

/// Rounds the numbers from column `first` on of rows of `width` to bf16 (to nearest, ties to even), in `steps` pairs a row; what is
/// missing in the last pair is zero.
pub(super) fn round_rows(rows: &[f32], width: usize, first: usize, steps: usize, out: &mut Vec<u32>) {
    assert!(first < width && steps <= (width - first).div_ceil(2), "the pairs must lie in a row");
    out.resize(rows.len() / width * steps, 0);
    for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(steps)) {
        let (pairs, last) = row[first..width.min(first + 2 * steps)].as_chunks::<2>();
        let (whole, rest) = out.split_at_mut(pairs.len());
        round_pairs(pairs, whole);
        if let ([last], [word]) = (last, rest) {
            *word = u32::from(half::bf16::from_f32(*last).to_bits());
        }
    }
}

fn round_pairs(pairs: &[[f32; 2]], out: &mut [u32]) {
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if Kernel::best(Step::Bf16) == Kernel::Avx512 {
        done = pairs.len().min(out.len()) / LANES * LANES;
        // SAFETY: the instructions were found; both slices hold `done` elements, a multiple of 16.
        unsafe { x86::round_pairs(&pairs[..done], &mut out[..done]) };
    }
    for (word, [low, high]) in out[done..].iter_mut().zip(&pairs[done..]) {
        let bits = |value: f32| u32::from(half::bf16::from_f32(value).to_bits());
        *word = bits(*low) | (bits(*high) << 16);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Factors, LANES, Line, Tiles};

    /// Rows and panels of the largest tile: 24 sums in registers, which leaves room for a step of both factors.
    const ROWS: usize = 12;

    /// Lanes of a panel that hold columns.
    fn mask(columns: usize) -> __mmask16 {
        if columns >= LANES { 0xffff } else { (1 << columns) - 1 }
    }

    macro_rules! kernels {
        ($features:literal, $whole:ident, $columns:ident, $tile:ident, |$sum:ident, $a:ident, $b:ident| $step:expr) => {
            /// All tiles of a rectangle: two panels at a time, which stay in the cache while the rows go by.
            ///
            /// # Safety
            /// The factors hold the rows and panels, the destination the cells, and nobody else has those.
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $whole(tiles: &Tiles<'_>) {
                for column in (0..tiles.columns).step_by(2 * LANES) {
                    // SAFETY: passed on.
                    unsafe {
                        if tiles.columns - column > LANES {
                            $columns::<2>(tiles, column);
                        } else {
                            $columns::<1>(tiles, column);
                        }
                    }
                }
            }

            #[target_feature(enable = $features)]
            unsafe fn $columns<const PANELS: usize>(tiles: &Tiles<'_>, column: usize) {
                let mut row = 0;
                while row < tiles.rows {
                    // SAFETY: passed on; a tile has at most the rows that are left.
                    row += unsafe {
                        match tiles.rows - row {
                            1 => $tile::<1, PANELS>(tiles, row, column),
                            2..4 => $tile::<2, PANELS>(tiles, row, column),
                            4..8 => $tile::<4, PANELS>(tiles, row, column),
                            8..ROWS => $tile::<8, PANELS>(tiles, row, column),
                            _ => $tile::<ROWS, PANELS>(tiles, row, column),
                        }
                    }
                }
            }

            /// Computes a tile and tells its rows.
            #[target_feature(enable = $features)]
            unsafe fn $tile<const MR: usize, const PANELS: usize>(tiles: &Tiles<'_>, row: usize, column: usize) -> usize {
                // SAFETY: every row below `rows` and every panel that begins below `columns` lies inside A, B and C; columns beyond the
                // last are masked.
                unsafe {
                    let mut sums = [[_mm512_setzero_ps(); PANELS]; MR];
                    let c = tiles.c.add(row * tiles.c_stride + column);
                    if tiles.accumulate {
                        for (r, sums) in sums.iter_mut().enumerate() {
                            for (p, sum) in sums.iter_mut().enumerate() {
                                let mask = mask(tiles.columns - column - p * LANES);
                                *sum = _mm512_maskz_loadu_ps(mask, c.add(r * tiles.c_stride + p * LANES));
                            }
                        }
                    }
                    {
                        let Factors { a, a_stride, b, b_stride, steps } = tiles.main;
                        let a: [*const u32; MR] = std::array::from_fn(|r| a.as_ptr().add((row + r) * a_stride));
                        let b: [*const Line; PANELS] = std::array::from_fn(|p| b.as_ptr().add((column / LANES + p) * b_stride));
                        for step in 0..steps {
                            let b: [__m512i; PANELS] = std::array::from_fn(|p| _mm512_load_si512(b[p].add(step).cast()));
                            for (a, sums) in a.iter().zip(&mut sums) {
                                let $a = _mm512_set1_epi32(a.add(step).read() as i32);
                                for (sum, b) in sums.iter_mut().zip(b) {
                                    let ($sum, $b) = (*sum, b);
                                    *sum = $step;
                                }
                            }
                        }
                    }
                    if let Some(Factors { a, a_stride, b, b_stride, steps }) = tiles.thin {
                        let a: [*const u32; MR] = std::array::from_fn(|r| a.as_ptr().add((row + r) * a_stride));
                        let b: [*const Line; PANELS] = std::array::from_fn(|p| b.as_ptr().add((column / LANES + p) * b_stride));
                        for step in 0..steps {
                            let b: [__m512; PANELS] = std::array::from_fn(|p| _mm512_load_ps(b[p].add(step).cast()));
                            for (a, sums) in a.iter().zip(&mut sums) {
                                let a = _mm512_set1_ps(f32::from_bits(a.add(step).read()));
                                for (sum, b) in sums.iter_mut().zip(b) {
                                    *sum = _mm512_fmadd_ps(a, b, *sum);
                                }
                            }
                        }
                    }
                    for (r, sums) in sums.iter().enumerate() {
                        for (p, sum) in sums.iter().enumerate() {
                            let mask = mask(tiles.columns - column - p * LANES);
                            _mm512_mask_storeu_ps(c.add(r * tiles.c_stride + p * LANES), mask, *sum);
                        }
                    }
                }
                MR
            }
        };
    }

    kernels!("avx512f", f32, f32_columns, f32_tile, |sum, a, b| _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum));
    kernels!("avx512f,avx512bf16", bf16, bf16_columns, bf16_tile, |sum, a, b| _mm512_dpbf16_ps(
        sum,
        std::mem::transmute::<__m512i, __m512bh>(a),
        std::mem::transmute::<__m512i, __m512bh>(b)
    ));

    /// # Safety
    /// Both slices have one length, a multiple of 16.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn round_pairs(pairs: &[[f32; 2]], out: &mut [u32]) {
        for (pairs, out) in pairs.chunks_exact(LANES).zip(out.chunks_exact_mut(LANES)) {
            // SAFETY: 32 numbers are read from 16 pairs, and 16 words written.
            unsafe {
                let numbers: *const f32 = pairs.as_ptr().cast();
                let rounded = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(numbers.add(LANES)), _mm512_loadu_ps(numbers));
                _mm512_storeu_si512(out.as_mut_ptr().cast(), std::mem::transmute::<__m512bh, __m512i>(rounded));
            }
        }
    }
}

mod portable {
    use super::{Factors, LANES, Line, Step, Tiles};

    /// Rows of a tile: 6 rows of 16 sums fill the registers of AVX2.
    const ROWS: usize = 6;

    type Sums<const MR: usize> = [[f32; LANES]; MR];

    /// # Safety
    /// The factors hold the rows and panels, the destination the cells, and nobody else has those.
    #[inline(always)]
    pub(super) unsafe fn rectangle<const FUSED: bool>(tiles: &Tiles<'_>, step: Step) {
        for column in (0..tiles.columns).step_by(LANES) {
            let mut row = 0;
            while row < tiles.rows {
                // SAFETY: passed on; a tile has at most the rows that are left.
                row += unsafe {
                    match tiles.rows - row {
                        1 => tile::<1, FUSED>(tiles, step, row, column),
                        2..ROWS => tile::<2, FUSED>(tiles, step, row, column),
                        _ => tile::<ROWS, FUSED>(tiles, step, row, column),
                    }
                }
            }
        }
    }

    /// Computes a tile and tells its rows.
    #[inline(always)]
    unsafe fn tile<const MR: usize, const FUSED: bool>(tiles: &Tiles<'_>, step: Step, row: usize, column: usize) -> usize {
        let width = LANES.min(tiles.columns - column);
        // SAFETY: every row below `rows` and the columns from `column` on lie inside the destination, and are this call's alone.
        let cells = |r: usize| unsafe { std::slice::from_raw_parts_mut(tiles.c.add((row + r) * tiles.c_stride + column), width) };
        let mut sums: Sums<MR> = [[0.0; LANES]; MR];
        if tiles.accumulate {
            sums.iter_mut().enumerate().for_each(|(r, sums)| sums[..width].copy_from_slice(cells(r)));
        }
        let low = |word: u32| f32::from_bits(word << 16);
        let high = |word: u32| f32::from_bits(word & 0xffff_0000);
        let run = |factors: &Factors<'_>, sums: &mut Sums<MR>, step: Step| {
            let panel = &factors.b[column / LANES * factors.b_stride..][..factors.steps];
            let rows: [&[u32]; MR] = std::array::from_fn(|r| &factors.a[(row + r) * factors.a_stride..][..factors.steps]);
            match step {
                Step::F32 => steps::<MR, FUSED>(panel, rows, f32::from_bits, sums),
                Step::Bf16 => {
                    for (at, line) in panel.iter().enumerate() {
                        add::<MR, FUSED>(line, std::array::from_fn(|r| low(rows[r][at])), low, sums);
                        add::<MR, FUSED>(line, std::array::from_fn(|r| high(rows[r][at])), high, sums);
                    }
                }
            }
        };
        run(&tiles.main, &mut sums, step);
        if let Some(thin) = &tiles.thin {
            run(thin, &mut sums, Step::F32);
        }
        sums.iter().enumerate().for_each(|(r, sums)| cells(r).copy_from_slice(&sums[..width]));
        MR
    }

    #[inline(always)]
    fn steps<const MR: usize, const FUSED: bool>(
        panel: &[Line],
        rows: [&[u32]; MR],
        number: impl Fn(u32) -> f32 + Copy,
        sums: &mut Sums<MR>,
    ) {
        for (at, line) in panel.iter().enumerate() {
            add::<MR, FUSED>(line, std::array::from_fn(|r| number(rows[r][at])), number, sums);
        }
    }

    /// `sums[r] += a[r] · line`.
    #[inline(always)]
    fn add<const MR: usize, const FUSED: bool>(line: &Line, a: [f32; MR], number: impl Fn(u32) -> f32, sums: &mut Sums<MR>) {
        let b: [f32; LANES] = std::array::from_fn(|lane| number(line.0[lane]));
        for (sums, a) in sums.iter_mut().zip(a) {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = if FUSED { a.mul_add(b, *sum) } else { a * b + *sum };
            }
        }
    }
}
