//! Frozen matrices on a device, row-major, in f32 or bf16.

use half::bf16;

use super::{blas::Elements as Kind, buffer::bytes_of, driver::Allocation, run::Device};
use crate::{ModelError, Precision, weights::Elements};

/// Elements that are converted and copied at a time.
const PIECE: usize = 1 << 20;

/// A frozen `[rows, columns]` matrix on a device.
#[derive(Debug)]
pub struct CudaFrozen {
    /// None when it could not be had.
    memory: Option<Allocation>,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) precision: Precision,
}

impl CudaFrozen {
    /// A matrix of this shape that is not there.
    pub(super) fn new(rows: usize, columns: usize, precision: Precision) -> Self {
        Self { memory: None, rows, columns, precision }
    }

    /// Brings the elements to the device.
    pub(super) fn fill(&mut self, device: &Device, elements: &Elements<'_>) -> Result<(), ModelError> {
        let (count, width) = (self.rows * self.columns, self.precision.bytes());
        assert_eq!(elements.len(), count, "the elements must fill the matrix");
        let memory = Allocation::new(&device.context, count * width)?;
        let mut piece = Vec::new();
        for start in (0..count).step_by(PIECE) {
            let place = start * width;
            let end = count.min(start + PIECE);
            // What is stored as it is wanted goes from the file to the device.
            match (elements, self.precision) {
                (Elements::Bf16(halves), Precision::Bf16) => memory.write(place, halves[start..end].as_flattened())?,
                (Elements::F32(words), Precision::F32) => memory.write(place, words[start..end].as_flattened())?,
                _ => {
                    piece.resize(end - start, 0f32);
                    elements.read(start, &mut piece);
                    match self.precision {
                        Precision::F32 => memory.write(place, bytes_of(&piece))?,
                        Precision::Bf16 => {
                            let rounded: Vec<u16> = piece.iter().map(|number| bf16::from_f32(*number).to_bits()).collect();
                            memory.write(place, bytes_of(&rounded))?;
                        }
                    }
                }
            }
        }
        self.memory = Some(memory);
        Ok(())
    }

    /// The memory; none when it could not be had.
    pub(super) fn memory(&self) -> Option<&Allocation> {
        self.memory.as_ref()
    }

    /// How a product reads it.
    pub(super) fn kind(&self) -> Kind {
        match self.precision {
            Precision::F32 => Kind::F32,
            Precision::Bf16 => Kind::Bf16,
        }
    }
}
