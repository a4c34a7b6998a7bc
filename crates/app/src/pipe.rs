//! Content that is made while it is sent.

use blob::ByteStream;
use domain::Result;
use futures::StreamExt;
use std::io;
use tokio::io::DuplexStream;
use tokio_util::io::ReaderStream;

/// Bytes between the writing and the reading side.
const BUFFER: usize = 256 * 1024;

/// What `write` writes, as a stream. Writing and reading sides are polled together, so that nothing goes on when the reader goes away. A
/// writing side that fails yields its error, which breaks the answer off instead of ending it as if it were whole.
pub(crate) fn piped<F, W>(write: F) -> ByteStream
where
    F: FnOnce(DuplexStream) -> W,
    W: Future<Output = Result<()>> + Send + 'static,
{
    let (writer, reader) = tokio::io::duplex(BUFFER);
    let reading = ReaderStream::with_capacity(reader, BUFFER);
    let writing = futures::stream::once(write(writer));
    let failed = writing.filter_map(|result| async move { result.err().map(|error| Err(io::Error::other(error))) });
    futures::stream::select(reading, failed).boxed()
}
