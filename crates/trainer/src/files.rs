//! Files that are complete or absent: written, synced and renamed, with checksums.

use crate::error::TrainerError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// SHA-256 of some bytes in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 in hex and size in bytes of a file, read in pieces.
///
/// # Errors
/// When it cannot be read.
pub fn hash_file(path: &Path) -> Result<(String, u64), TrainerError> {
    let mut file = File::open(path).map_err(|e| TrainerError::io("open", path, e))?;
    let (mut hasher, mut size, mut buffer) = (Sha256::new(), 0u64, vec![0u8; 1 << 16]);
    loop {
        let n = file.read(&mut buffer).map_err(|e| TrainerError::io("read", path, e))?;
        if n == 0 {
            return Ok((hex::encode(hasher.finalize()), size));
        }
        hasher.update(&buffer[..n]);
        size += n as u64;
    }
}

/// Writes a file and syncs it.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), TrainerError> {
    let fail = |e| TrainerError::io("write", path, e);
    let mut file = File::create(path).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)
}

/// Makes a folder and those above it.
pub(crate) fn create_dir(path: &Path) -> Result<(), TrainerError> {
    fs::create_dir_all(path).map_err(|e| TrainerError::io("create", path, e))
}

/// Removes a folder with everything in it, if it is there.
pub(crate) fn remove_dir(path: &Path) -> Result<(), TrainerError> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(TrainerError::io("remove", path, e)),
        _ => Ok(()),
    }
}

/// Syncs a folder, so that the names in it survive a crash. Only Unix can open a folder for that; elsewhere there is nothing to do.
pub(crate) fn sync_dir(path: &Path) -> Result<(), TrainerError> {
    if !cfg!(unix) {
        return Ok(());
    }
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|e| TrainerError::io("sync", path, e))
}

/// Puts the finished folder `from` at `to`, in place of what may be there.
pub(crate) fn replace_dir(from: &Path, to: &Path) -> Result<(), TrainerError> {
    sync_dir(from)?;
    let old = to.with_extension("old");
    remove_dir(&old)?;
    if to.exists() {
        fs::rename(to, &old).map_err(|e| TrainerError::io("rename", to, e))?;
    }
    fs::rename(from, to).map_err(|e| TrainerError::io("rename", from, e))?;
    if let Some(parent) = to.parent() {
        sync_dir(parent)?;
    }
    remove_dir(&old)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The device that is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let error = write_synced(Path::new("/dev/full"), b"x").expect_err("full");
        assert!(error.code() == "disk_full" && error.to_string().contains("/dev/full"), "{error}");
    }
}
