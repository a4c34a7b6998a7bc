//! Content on its way into a bucket: cut into parts, counted and hashed, and taken back when it breaks off.

use crate::error::{Error, Result};
use crate::key::Key;
use crate::s3::failed;
use crate::store::{ByteStream, SizeLimit, Stored};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use object_store::{MultipartUpload, PutPayload};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Bytes of a part; at most 10,000 of them are an object.
const PART: usize = 16 * 1024 * 1024;
/// Parts on their way at once. With the one that is filled this bounds the memory of an upload.
const IN_FLIGHT: usize = 2;

/// Content being sent.
pub(crate) struct Upload {
    content: ByteStream,
    limit: SizeLimit,
    size: u64,
    hash: Sha256,
    /// What was received and does not fill a part yet.
    pending: VecDeque<Bytes>,
    pending_size: usize,
    ended: bool,
}

impl Upload {
    pub(crate) fn new(content: ByteStream, limit: SizeLimit) -> Self {
        Self { content, limit, size: 0, hash: Sha256::new(), pending: VecDeque::new(), pending_size: 0, ended: false }
    }

    /// The next full part, or what is left at the end; none when all was given.
    pub(crate) async fn next_part(&mut self) -> Result<Option<PutPayload>> {
        while self.pending_size < PART && !self.ended {
            match self.content.next().await {
                Some(piece) => self.take(piece.map_err(Error::Content)?)?,
                None => self.end()?,
            }
        }
        if self.pending_size == 0 {
            return Ok(None);
        }
        let (mut part, mut missing) = (Vec::new(), PART.min(self.pending_size));
        self.pending_size -= missing;
        while let Some(mut piece) = self.pending.pop_front() {
            if piece.len() > missing {
                self.pending.push_front(piece.split_off(missing));
            }
            missing -= piece.len();
            part.push(piece);
            if missing == 0 {
                break;
            }
        }
        Ok(Some(part.into_iter().collect()))
    }

    fn take(&mut self, piece: Bytes) -> Result<()> {
        self.size = self.size.saturating_add(piece.len() as u64);
        if self.size > self.limit.max() {
            return Err(Error::TooLarge { limit: self.limit.max() });
        }
        self.hash.update(&piece);
        if !piece.is_empty() {
            self.pending_size += piece.len();
            self.pending.push_back(piece);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.ended = true;
        match self.limit {
            SizeLimit::Exactly(expected) if self.size < expected => Err(Error::TooShort { expected, received: self.size }),
            _ => Ok(()),
        }
    }

    pub(crate) fn stored(self) -> Stored {
        Stored { size: self.size, sha256: hex::encode(self.hash.finalize()) }
    }

    /// Sends the parts, `first` before those that still come. The object is there when the last was acknowledged, or not at all.
    pub(crate) async fn run_multipart(mut self, key: &Key, upload: Box<dyn MultipartUpload>, first: [PutPayload; 2]) -> Result<Stored> {
        let mut upload = Unfinished { upload: Some(upload), key: key.clone() };
        match self.send(&mut upload, first).await {
            Ok(()) => {
                upload.upload = None;
                Ok(self.stored())
            }
            Err(error) => {
                upload.abort().await;
                Err(error)
            }
        }
    }

    async fn send(&mut self, unfinished: &mut Unfinished, first: [PutPayload; 2]) -> Result<()> {
        let Some(upload) = unfinished.upload.as_mut() else { return Ok(()) };
        let failed = |e| failed("write", unfinished.key.as_str(), e);
        let mut sending: FuturesUnordered<_> = first.into_iter().map(|part| upload.put_part(part)).collect();
        loop {
            while sending.len() >= IN_FLIGHT {
                sending.next().await.transpose().map_err(failed)?;
            }
            let Some(part) = self.next_part().await? else { break };
            sending.push(upload.put_part(part));
        }
        while let Some(sent) = sending.next().await {
            sent.map_err(failed)?;
        }
        upload.complete().await.map(drop).map_err(failed)
    }
}

/// An upload whose parts are removed unless it was completed, also when it is dropped half way.
struct Unfinished {
    upload: Option<Box<dyn MultipartUpload>>,
    key: Key,
}

impl Unfinished {
    async fn abort(&mut self) {
        if let Some(upload) = self.upload.take() {
            abort(upload, &self.key).await;
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current()) {
            let key = self.key.clone();
            runtime.spawn(async move { abort(upload, &key).await });
        }
    }
}

/// Parts that cannot be removed are not an object; the bucket's own rule for unfinished uploads removes them later.
async fn abort(mut upload: Box<dyn MultipartUpload>, key: &Key) {
    if let Err(error) = upload.abort().await {
        tracing::warn!(%key, error = &error as &dyn std::error::Error, "the parts of an upload that broke off could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_are_full_but_for_the_last() {
        let piece = Bytes::from(vec![1u8; 5 * 1024 * 1024]);
        let content = futures::stream::iter((0..7).map(move |_| Ok(piece.clone()))).boxed();
        let mut upload = Upload::new(content, SizeLimit::AtMost(u64::MAX));
        let mut sizes = Vec::new();
        while let Some(part) = upload.next_part().await.expect("part") {
            sizes.push(part.content_length());
        }
        assert_eq!(sizes, [PART, PART, 35 * 1024 * 1024 - 2 * PART]);
        assert_eq!(upload.stored().size, 35 * 1024 * 1024);
    }
}
