//! In which numbers frozen weights are kept.

use std::{fmt, str::FromStr};

use crate::ModelError;

/// In which numbers frozen matrices are kept and multiplied. Adapters, gradients and sums are in f32 always; activations too, but that
/// with bf16 the processors keep those of the blocks rounded to bf16 until the backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// 32 bits: as exact as the engine is.
    #[default]
    F32,
    /// bfloat16, 16 bits: half the memory; both factors of a product with a frozen matrix are rounded to it.
    Bf16,
}

impl Precision {
    /// Its name: `f32` or `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }

    /// Bytes of a weight.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = ModelError;

    fn from_str(name: &str) -> Result<Self, ModelError> {
        [Self::F32, Self::Bf16]
            .into_iter()
            .find(|precision| precision.name() == name)
            .ok_or_else(|| ModelError::unsupported(format!("precision {name:?}"), "weights may be kept in f32 or bf16"))
    }
}
