//! Named f32 matrices in safetensors files.

use crate::error::TrainerError;
use safetensors::tensor::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Numbers that are written at a time.
const PIECE: usize = 1 << 14;

/// Writes tensors (name, shape, elements) to a file and syncs it; yields its SHA-256 in hex and its size. Nothing is copied whole, so that
/// a checkpoint takes no memory beside what it holds.
pub(crate) fn write_synced(path: &Path, tensors: &[(String, Vec<usize>, &[f32])]) -> Result<(String, u64), TrainerError> {
    let fail = |e: io::Error| TrainerError::io("write", path, e);
    let (mut header, mut offset) = (Map::new(), 0);
    for (name, shape, data) in tensors {
        let end = offset + 4 * data.len();
        header.insert(name.clone(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [offset, end] }));
        offset = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = Hashed { file: File::create(path).map_err(fail)?, hasher: Sha256::new(), size: 0 };
    file.write(&(header.len() as u64).to_le_bytes()).and_then(|()| file.write(&header)).map_err(fail)?;
    let mut bytes = Vec::with_capacity(4 * PIECE);
    for piece in tensors.iter().flat_map(|(_, _, data)| data.chunks(PIECE)) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|x| x.to_le_bytes()));
        file.write(&bytes).map_err(fail)?;
    }
    file.file.sync_all().map_err(fail)?;
    Ok((hex::encode(file.hasher.finalize()), file.size))
}

/// A file whose content is hashed as it is written.
struct Hashed {
    file: File,
    hasher: Sha256,
    size: u64,
}

impl Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

/// Reads all f32 tensors of a file.
pub(crate) fn deserialize(bytes: &[u8]) -> Result<HashMap<String, Vec<f32>>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let mut tensors = HashMap::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(format!("the tensor '{name}' is not f32"));
        }
        let data = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        tensors.insert(name, data);
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::hash_file;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("x.safetensors");
        let long: Vec<f32> = (0..PIECE as u32 + 7).map(|i| i as f32 - 0.5).collect();
        let tensors = [
            ("b".to_owned(), vec![1, 2], &[1.0, f32::MIN][..]),
            ("a".to_owned(), vec![long.len()], &long),
            ("none".to_owned(), vec![0], &[]),
        ];
        let (sha256, size) = write_synced(&path, &tensors).expect("written");
        assert_eq!(hash_file(&path).expect("read"), (sha256, size));
        let found = deserialize(&std::fs::read(&path).expect("read")).expect("safetensors");
        assert!(tensors.iter().all(|(name, _, data)| found[name] == *data) && found.len() == 3);
    }
}
