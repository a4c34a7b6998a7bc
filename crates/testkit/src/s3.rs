//! An S3 server in a folder, on a free port of this machine.

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A running server with one bucket. It runs on a thread of its own, so that a test may block; it ends when this is dropped.
pub struct S3Server {
    /// Its address, such as `http://127.0.0.1:4321`.
    pub endpoint: String,
    folder: TempDir,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl S3Server {
    /// Name of its bucket.
    pub const BUCKET: &str = "things";
    /// The key that it knows.
    pub const ACCESS_KEY: &str = "test-access-key";
    /// The key's secret.
    pub const SECRET_KEY: &str = "test-secret-key";

    /// Starts it.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(Self::BUCKET)).expect("a bucket");
        let files = s3s_fs::FileSystem::new(folder.path()).expect("a file system");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(Self::ACCESS_KEY, Self::SECRET_KEY));
        let (service, stop) = (service.build().into_shared(), CancellationToken::new());
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                loop {
                    let accepted = tokio::select! {
                        accepted = listener.accept() => accepted,
                        () = stopped.cancelled() => break,
                    };
                    let Ok((socket, _)) = accepted else { continue };
                    let service = service.clone();
                    tokio::spawn(async move {
                        // A client that goes away is its own affair.
                        let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                    });
                }
            });
        });
        Self { endpoint, folder, stop, thread: Some(thread) }
    }

    /// The folder of the bucket: objects are files below it.
    pub fn bucket_folder(&self) -> PathBuf {
        self.folder.path().join(Self::BUCKET)
    }

    /// The folder of the server: parts of unfinished uploads are hidden files in it.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
