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

/// Tensors by name over all files.
pub(crate) struct TensorFiles<'a> {
    files: Vec<SafeTensors<'a>>,
    file_name: String,
}

impl<'a> TensorFiles<'a> {
    pub(crate) fn parse(files: &'a [MappedFile]) -> Result<Self, ModelError> {
        let file_name = match files {
            [only] => only.name.clone(),
            several => format!("{} shards", several.len()),
        };
        Ok(Self { files: files.iter().map(MappedFile::parse).collect::<Result<_, _>>()?, file_name })
    }

    /// Names of all tensors.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(SafeTensors::names)
    }

    fn find(&self, name: &str) -> Result<TensorView<'a>, ModelError> {
        let missing = || ModelError::MissingTensor { name: name.to_owned(), file: self.file_name.clone() };
        self.files.iter().find_map(|file| file.tensor(name).ok()).ok_or_else(missing)
    }

    /// The elements of a tensor of the expected shape, converted to f32.
    pub(crate) fn read(&self, name: &str, expected: &[usize]) -> Result<Vec<f32>, ModelError> {
        let tensor = self.find(name)?;
        if tensor.shape() != expected {
            let (expected, found) = (expected.to_vec(), tensor.shape().to_vec());
            return Err(ModelError::TensorShape { name: name.to_owned(), expected, found });
        }
        let (words, _) = tensor.data().as_chunks::<4>();
        let (halves, _) = tensor.data().as_chunks::<2>();
        match tensor.dtype() {
            Dtype::F32 => Ok(words.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
            Dtype::F16 => Ok(halves.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect()),
            Dtype::BF16 => Ok(halves.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect()),
            other => Err(ModelError::unsupported(format!("tensor {name} of type {other:?}"), "weights may be F32, F16 or BF16")),
        }
    }
}
