//! A listener that stops without losing anybody who is connected already.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Accepts until it is told to stop; then what waits in the backlog, and closes.
pub struct UntilStopped {
    listener: Option<TcpListener>,
    address: SocketAddr,
    stopping: CancellationToken,
}

impl UntilStopped {
    /// Stops when `stopping` is cancelled.
    pub fn new(listener: TcpListener, stopping: CancellationToken) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener: Some(listener), stopping })
    }
}

impl axum::serve::Listener for UntilStopped {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let Some(listener) = &self.listener else { return std::future::pending().await };
            let accepted = tokio::select! {
                biased;
                accepted = listener.accept() => Some(accepted),
                () = self.stopping.cancelled() => None,
            };
            match accepted {
                Some(Ok(connection)) => return connection,
                Some(Err(error)) if is_connections_own(&error) => {}
                Some(Err(error)) => {
                    // Mostly too many open files; it passes when some are closed.
                    tracing::error!("cannot accept connections: {error}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                None => self.listener = None,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

fn is_connections_own(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
