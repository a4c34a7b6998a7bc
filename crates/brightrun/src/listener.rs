//! A listener that stops without losing anybody who is connected already.

use std::collections::VecDeque;
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
    /// What was in the backlog when it closed.
    last: VecDeque<(TcpStream, SocketAddr)>,
}

impl UntilStopped {
    /// Stops when `stopping` is cancelled.
    pub fn new(listener: TcpListener, stopping: CancellationToken) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener: Some(listener), stopping, last: VecDeque::new() })
    }
}

impl axum::serve::Listener for UntilStopped {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Some(connection) = self.last.pop_front() {
                return connection;
            }
            let Some(listener) = &self.listener else { return std::future::pending().await };
            let accepted = tokio::select! {
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
                None => {
                    if let Some(listener) = self.listener.take() {
                        self.last = backlog(listener).unwrap_or_else(|error| {
                            tracing::warn!("connections that waited could not be accepted: {error}");
                            VecDeque::new()
                        });
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Closes a listener and answers what waited in its backlog. The system is asked itself: the runtime learns of a connection only a
/// moment after it is there, and closing would break it off.
fn backlog(listener: TcpListener) -> io::Result<VecDeque<(TcpStream, SocketAddr)>> {
    let listener = listener.into_std()?;
    deafen(&listener)?;
    let mut waiting = VecDeque::new();
    loop {
        match listener.accept() {
            Ok((connection, address)) => {
                connection.set_nonblocking(true)?;
                waiting.push_back((TcpStream::from_std(connection)?, address));
            }
            Err(error) if is_connections_own(&error) || error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(waiting),
            Err(error) => return Err(error),
        }
    }
}

/// Nobody else gets into the backlog: whoever asks now asks again in a second, and then nothing listens here.
#[cfg(target_os = "linux")]
fn deafen(listener: &std::net::TcpListener) -> io::Result<()> {
    /// `BPF_RET | BPF_K`, with which a filter keeps so many bytes of a packet.
    const KEEP: u16 = 0x06;
    socket2::SockRef::from(listener).attach_filter(&[socket2::SockFilter::new(KEEP, 0, 0, 0)])
}

/// Elsewhere whoever asks between the last look and the close is refused by a reset.
#[cfg(not(target_os = "linux"))]
fn deafen(_: &std::net::TcpListener) -> io::Result<()> {
    Ok(())
}

fn is_connections_own(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
