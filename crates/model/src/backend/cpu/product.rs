//! Matrix products through `gemm`.

use gemm::Parallelism;

use crate::backend::Write;

/// A factor: a rectangle of numbers at fixed strides. The constructor checks that it lies inside its slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// A dense row-major matrix that fills its slice.
    pub(super) fn dense(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a dense matrix must fill its buffer");
        Self::strided(data, rows, columns, columns)
    }

    /// The first `columns` of each of `rows` rows that start `row_stride` apart.
    pub(super) fn strided(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(columns <= row_stride, "rows overlap");
        assert!(rows == 0 || columns == 0 || (rows - 1) * row_stride + columns <= data.len(), "a matrix must lie inside its buffer");
        Self { data, rows, columns, row_stride, column_stride: 1 }
    }

    /// The transpose.
    pub(super) fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row_stride: self.column_stride, column_stride: self.row_stride, ..self }
    }
}

/// `destination (+)= factor · left · right`, on all threads of the pool.
pub(super) fn parallel(factor: f32, left: View<'_>, right: View<'_>, write: Write, destination: &mut [f32]) {
    multiply(factor, left, right, write, destination, Parallelism::Rayon(0));
}

/// `destination (+)= factor · left · right`, on this thread alone.
pub(super) fn sequential(factor: f32, left: View<'_>, right: View<'_>, write: Write, destination: &mut [f32]) {
    multiply(factor, left, right, write, destination, Parallelism::None);
}

#[expect(unsafe_code, reason = "gemm takes raw pointers")]
fn multiply(factor: f32, left: View<'_>, right: View<'_>, write: Write, destination: &mut [f32], parallelism: Parallelism) {
    let (rows, inner, columns) = (left.rows, left.columns, right.columns);
    assert_eq!(right.rows, inner, "the factors' inner sizes must agree");
    assert_eq!(destination.len(), rows * columns, "the destination must have the product's size");
    if destination.is_empty() {
        return;
    }
    if inner == 0 {
        if write == Write::Replace {
            destination.fill(0.0);
        }
        return;
    }
    // SAFETY: both views were checked to lie inside their slices when they were made, the destination holds rows · columns numbers
    // at strides (columns, 1), and it is borrowed exclusively, so it overlaps neither factor.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            destination.as_mut_ptr(),
            1,
            columns as isize,
            write == Write::Accumulate,
            left.data.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            factor,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};

    fn reference(left: &[f32], right: &[f32], (rows, inner, columns): (usize, usize, usize)) -> Vec<f64> {
        let mut product = vec![0.0; rows * columns];
        for i in 0..rows {
            for j in 0..columns {
                product[i * columns + j] = (0..inner).map(|k| f64::from(left[i * inner + k]) * f64::from(right[k * columns + j])).sum();
            }
        }
        product
    }

    #[test]
    fn products_with_transposes_factors_and_accumulation() {
        let (rows, inner, columns) = (7, 19, 5);
        let left = testing::numbers(1, rows * inner);
        let right = testing::numbers(2, inner * columns);
        let left_t: Vec<f32> = (0..inner * rows).map(|i| left[(i % rows) * inner + i / rows]).collect();
        let right_t: Vec<f32> = (0..inner * columns).map(|i| right[(i % inner) * columns + i / inner]).collect();
        let wanted: Vec<f64> = reference(&left, &right, (rows, inner, columns)).into_iter().map(|x| 0.5 * x).collect();
        let lefts = [View::dense(&left, rows, inner), View::dense(&left_t, inner, rows).t()];
        let rights = [View::dense(&right, inner, columns), View::dense(&right_t, columns, inner).t()];
        for left in lefts {
            for right in rights {
                let mut product = vec![f32::NAN; rows * columns];
                parallel(0.5, left, right, Write::Replace, &mut product);
                testing::assert_close(&product, &wanted, 1e-6, "product");
                sequential(1.0, left, right, Write::Accumulate, &mut product);
                let thrice: Vec<f64> = wanted.iter().map(|x| 3.0 * x).collect();
                testing::assert_close(&product, &thrice, 1e-6, "accumulated product");
            }
        }
    }

    #[test]
    fn large_products_give_the_same_bits_each_time() {
        let (rows, inner, columns) = (300, 500, 200);
        let (left, right) = (testing::numbers(1, rows * inner), testing::numbers(2, inner * columns));
        let run = || {
            let mut product = vec![0f32; rows * columns];
            parallel(1.0, View::dense(&left, rows, inner), View::dense(&right, inner, columns), Write::Replace, &mut product);
            product.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let first = run();
        assert!((0..5).all(|_| run() == first));
    }

    #[test]
    #[should_panic(expected = "inside its buffer")]
    fn a_view_outside_its_slice_is_refused() {
        View::strided(&[0.0; 10], 3, 4, 4);
    }
}
