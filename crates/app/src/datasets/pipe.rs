//! Between the doctor, which reads and writes on a thread of its own, and storage, which streams.

use blob::ByteStream;
use bytes::Bytes;
use futures::StreamExt;
use std::io::{self, Write};
use tokio::sync::mpsc::{Receiver, Sender, channel};

const PIECE: usize = 256 * 1024;
/// Pieces on their way.
const PIECES: usize = 4;

/// The writing end. What is left in it is sent by [`Pipe::end`]; without that the reading end learns that the content broke off.
pub(super) struct Pipe {
    sender: Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
    ended: bool,
}

/// A pipe and what comes out of it.
pub(super) fn pipe() -> (Pipe, ByteStream) {
    let (sender, receiver) = channel(PIECES);
    let next = |mut receiver: Receiver<io::Result<Bytes>>| async move { receiver.recv().await.map(|piece| (piece, receiver)) };
    // A compressor asks once more after the end.
    let content = futures::stream::unfold(receiver, next).fuse();
    (Pipe { sender, buffer: Vec::with_capacity(PIECE), ended: false }, content.boxed())
}

impl Pipe {
    fn send(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE)));
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the content any more"))
    }

    /// The content is complete.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.ended = true;
        if self.buffer.is_empty() { Ok(()) } else { self.send() }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if !self.ended {
            // Whoever reads must not take what came for the whole; when nobody reads, nobody needs to know.
            let _ = self.sender.blocking_send(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the content broke off")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_stays_the_end() {
        let (mut writer, mut content) = pipe();
        let writing = tokio::task::spawn_blocking(move || writer.write_all(b"all of it").and_then(|()| writer.end()));
        assert_eq!(content.next().await.unwrap().unwrap(), Bytes::from_static(b"all of it"));
        assert!(content.next().await.is_none());
        assert!(content.next().await.is_none(), "asked again");
        writing.await.unwrap().unwrap();
    }
}
