//! Reads tensors from safetensors files, one file or the shards of an index.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
};

use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::Deserialize;

use crate::ModelError;

/// Reads a whole small file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| ModelError::Read { path: path.to_owned(), source })
}

/// A safetensors file, mapped and not yet parsed.
pub(crate) struct MappedFile {
    name: String,
    bytes: Mmap,
}

impl MappedFile {
    pub(crate) fn open(path: &Path) -> Result<Self, ModelError> {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let read_error = |source| ModelError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read_error)?;
        // SAFETY: the mapping is read-only and lives while weights are converted. Model files are written once and then only read;
        // somebody who cuts one short in that moment ends this process, as with any program that maps its weights.
        #[expect(unsafe_code, reason = "a memory map depends on nobody changing the file")]
        let bytes = unsafe { Mmap::map(&file) }.map_err(read_error)?;
        Ok(Self { name, bytes })
    }

    /// Gives back the memory of a part that was read. The pages come from the file again where they are wanted again.
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the kernel is told that pages are not needed")]
    fn forget(&self, part: &[u8]) {
        let start = (part.as_ptr() as usize).saturating_sub(self.bytes.as_ptr() as usize);
        if start + part.len() <= self.bytes.len() {
            // SAFETY: the mapping is of a file and read-only, so that its pages hold nothing that the file does not.
            // A refusal costs memory and nothing else.
            let _ = unsafe { self.bytes.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, part.len()) };
        }
    }

    #[cfg(not(unix))]
    fn forget(&self, _: &[u8]) {}

    fn parse(&self) -> Result<SafeTensors<'_>, ModelError> {
        SafeTensors::deserialize(&self.bytes).map_err(|source| ModelError::Safetensors { file: self.name.clone(), source })
    }
}

/// The `model.safetensors.index.json` of a model whose weights are spread over several files.
#[derive(Deserialize)]
struct ShardIndex {
    weight_map: HashMap<String, String>,
}

/// Opens the weight files of a model folder.
pub(crate) fn open_model_files(folder: &Path) -> Result<Vec<MappedFile>, ModelError> {
    let single = folder.join("model.safetensors");
    let index = folder.join("model.safetensors.index.json");
    if single.exists() || !index.exists() {
        return Ok(vec![MappedFile::open(&single)?]);
    }
    let parsed: ShardIndex = serde_json::from_slice(&read_file(&index)?)
        .map_err(|source| ModelError::Json { file: "model.safetensors.index.json".to_owned(), source })?;
    let mut shards: Vec<String> = parsed.weight_map.into_values().collect();
    shards.sort_unstable();
    shards.dedup();
    shards
        .into_iter()
        .map(|shard| {
            if Path::new(&shard).file_name() != Some(shard.as_ref()) {
                return Err(ModelError::invalid_config(format!("shard {shard:?} must be the name of a file in the model's folder")));
            }
            MappedFile::open(&folder.join(PathBuf::from(shard)))
        })
        .collect()
}

/// The elements of a tensor, row-major, as they are stored.
#[derive(Debug)]
pub enum Elements<'a> {
    /// Numbers in memory.
    Owned(Vec<f32>),
    /// Little-endian f32 in a file.
    F32(&'a [[u8; 4]]),
    /// Little-endian f16 in a file.
    F16(&'a [[u8; 2]]),
    /// Little-endian bf16 in a file.
    Bf16(&'a [[u8; 2]]),
}

impl Elements<'_> {
    /// Their number.
    pub fn len(&self) -> usize {
        match self {
            Self::Owned(numbers) => numbers.len(),
            Self::F32(words) => words.len(),
            Self::F16(halves) | Self::Bf16(halves) => halves.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Converts the elements from `start` on to f32, as many as the destination holds.
    pub fn read(&self, start: usize, destination: &mut [f32]) {
        let range = start..start + destination.len();
        match self {
            Self::Owned(numbers) => destination.copy_from_slice(&numbers[range]),
            Self::F32(words) => destination.iter_mut().zip(&words[range]).for_each(|(d, b)| *d = f32::from_le_bytes(*b)),
            Self::F16(halves) => destination.iter_mut().zip(&halves[range]).for_each(|(d, b)| *d = f16::from_le_bytes(*b).to_f32()),
            Self::Bf16(halves) => destination.iter_mut().zip(&halves[range]).for_each(|(d, b)| *d = bf16::from_le_bytes(*b).to_f32()),
        }
    }

    /// All of them in f32.
    pub fn into_vec(self) -> Vec<f32> {
        match self {
            Self::Owned(numbers) => numbers,
            stored => {
                let mut numbers = vec![0.0; stored.len()];
                stored.read(0, &mut numbers);
                numbers
            }
        }
    }
}

/// How far the loading of a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes of the files that are loaded.
    pub bytes: u64,
    /// Bytes of all tensors in them.
    pub total_bytes: u64,
}

/// Tensors by name over all files.
pub(crate) struct TensorFiles<'a> {
    files: Vec<(&'a MappedFile, SafeTensors<'a>)>,
    file_name: String,
}

impl<'a> TensorFiles<'a> {
    pub(crate) fn parse(files: &'a [MappedFile]) -> Result<Self, ModelError> {
        let file_name = match files {
            [only] => only.name.clone(),
            several => format!("the {} shards of model.safetensors.index.json", several.len()),
        };
        Ok(Self { files: files.iter().map(|file| Ok((file, file.parse()?))).collect::<Result<_, ModelError>>()?, file_name })
    }

    /// Names of all tensors.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(|(_, file)| file.names())
    }

    /// Bytes of all tensors.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().flat_map(|(_, file)| file.iter()).map(|(_, tensor)| tensor.data().len() as u64).sum()
    }

    fn view(&self, name: &str) -> Option<(&'a MappedFile, TensorView<'a>)> {
        self.files.iter().find_map(|(mapped, file)| Some((*mapped, file.tensor(name).ok()?)))
    }

    /// The elements of a tensor of the expected shape, and their bytes.
    pub(crate) fn find(&self, name: &str, expected: &[usize]) -> Result<(Elements<'a>, u64), ModelError> {
        let missing = || ModelError::MissingTensor { name: name.to_owned(), file: self.file_name.clone() };
        let (file, tensor) = self.view(name).ok_or_else(missing)?;
        let file = &file.name;
        if tensor.shape() != expected {
            let (expected, found) = (expected.to_vec(), tensor.shape().to_vec());
            return Err(ModelError::TensorShape { name: name.to_owned(), file: file.clone(), expected, found });
        }
        let data = tensor.data();
        let elements = match tensor.dtype() {
            Dtype::F32 => Elements::F32(data.as_chunks::<4>().0),
            Dtype::F16 => Elements::F16(data.as_chunks::<2>().0),
            Dtype::BF16 => Elements::Bf16(data.as_chunks::<2>().0),
            other => {
                let what = format!("tensor {name} of type {other:?} in {file}");
                return Err(ModelError::unsupported(what, "weights may be F32, F16 or BF16"));
            }
        };
        Ok((elements, data.len() as u64))
    }

    /// Gives back the memory that reading a tensor took.
    pub(crate) fn forget(&self, name: &str) {
        if let Some((file, tensor)) = self.view(name) {
            file.forget(tensor.data());
        }
    }

    /// The elements of a tensor of the expected shape, converted to f32.
    pub(crate) fn read(&self, name: &str, expected: &[usize]) -> Result<Vec<f32>, ModelError> {
        Ok(self.find(name, expected)?.0.into_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_are_read_as_they_are() {
        let values = [0.0, -1.5, 0.333_25, 1024.0, -6e-5];
        let halves = |bits: fn(f32) -> [u8; 2]| values.map(bits);
        let (f16s, bf16s) = (halves(|v| f16::from_f32(v).to_le_bytes()), halves(|v| bf16::from_f32(v).to_le_bytes()));
        let words = values.map(f32::to_le_bytes);
        let read = |elements: Elements<'_>| {
            let mut part = [0f32; 3];
            elements.read(1, &mut part);
            let all = elements.into_vec();
            assert_eq!(all[1..4], part);
            all
        };
        assert_eq!(read(Elements::F32(&words)), values);
        assert_eq!(read(Elements::F16(&f16s)), values.map(|v| f16::from_f32(v).to_f32()));
        assert_eq!(read(Elements::Bf16(&bf16s)), values.map(|v| bf16::from_f32(v).to_f32()));
        assert_eq!(read(Elements::Owned(values.to_vec())), values);
    }
}
