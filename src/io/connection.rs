//! Warm HTTP/1.1 connections to one endpoint, and the instant at which bytes really left.
//!
//! Knows nothing of deliveries: requests go in, answers come out.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// An idle connection older than this is closed by us. Servers close theirs after seconds (gunicorn
/// 2 s, Node 5 s): staying well below keeps the race "we write while they close" from happening,
/// which would look like a fault of the merchant. It also frees a server that serves one
/// connection at a time.
const IDLE_MAX: Duration = Duration::from_millis(500);

/// One open connection.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    pub(super) wire: Arc<Wire>,
    /// Whether it has carried an exchange before.
    pub(super) reused: bool,
    driver: JoinHandle<()>,
    /// A second handle of the socket, to ask the kernel itself.
    probe: std::net::TcpStream,
}

/// What a connection's socket has seen since it was armed.
pub(super) struct Wire {
    started: Instant,
    /// Microseconds since the run started; zero: nothing was written yet.
    first_write_us: AtomicU64,
    gate: Mutex<Gate>,
}

/// Holds a request back until all copies stand ready, so that they can leave together.
#[derive(Default)]
struct Gate {
    /// What was written behind the closed gate; none: the gate is open.
    held: Option<Vec<u8>>,
    /// Whoever waits until the request is there as a whole.
    waiting: Option<Waker>,
}

/// Connections of one endpoint that wait for the next request.
pub(super) struct Pool {
    address: String,
    started: Instant,
    idle: Arc<Idle>,
}

#[derive(Default)]
struct Idle {
    waiting: Mutex<Vec<(Connection, Instant)>>,
    swept: AtomicBool,
}

impl Pool {
    pub(super) fn new(address: String, started: Instant) -> Self {
        Self { address, started, idle: Arc::default() }
    }

    /// A connection that was open a moment ago, else a new one.
    pub(super) async fn take(&self) -> io::Result<Connection> {
        while let Some(mut connection) = self.idle.pop() {
            // Waits until the driver has noticed the end of the last answer.
            if connection.sender.ready().await.is_ok() && connection.is_quiet() {
                connection.wire.arm();
                return Ok(connection);
            }
        }
        self.open().await
    }

    /// A new connection.
    pub(super) async fn open(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let probe = stream.try_clone()?;
        let stream = TcpStream::from_std(stream)?;
        let wire = Arc::new(Wire {
            started: self.started,
            first_write_us: AtomicU64::new(0),
            gate: Mutex::default(),
        });
        let stream = Stamped { stream, wire: wire.clone() };
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // Its errors reach whoever waits for the answer; the task only moves bytes.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Connection { sender, wire, reused: false, driver, probe })
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(&self, mut connection: Connection) {
        connection.reused = true;
        self.idle.lock().push((connection, Instant::now()));
        if !self.idle.swept.swap(true, Ordering::AcqRel) {
            let idle = Arc::downgrade(&self.idle);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(IDLE_MAX / 2).await;
                    let Some(idle) = idle.upgrade() else { break };
                    if idle.sweep() {
                        break;
                    }
                }
            });
        }
    }

    /// Closes what is idle: its peer is about to be ended.
    pub(super) fn clear(&self) {
        self.idle.lock().clear();
    }
}

impl Idle {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Connection, Instant)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The youngest, so that the others may age.
    fn pop(&self) -> Option<Connection> {
        let mut waiting = self.lock();
        waiting.retain(|(_, since)| since.elapsed() < IDLE_MAX);
        waiting.pop().map(|(connection, _)| connection)
    }

    /// Closes what is too old; whether nothing is left to watch.
    fn sweep(&self) -> bool {
        let mut waiting = self.lock();
        waiting.retain(|(_, since)| since.elapsed() < IDLE_MAX);
        if waiting.is_empty() {
            self.swept.store(false, Ordering::Release);
        }
        waiting.is_empty()
    }
}

impl Connection {
    /// Closes the gate: what is written from now on stays here until `let_go`.
    pub(super) fn hold(&self) {
        self.wire.gate().held = Some(Vec::new());
    }

    /// Sends what stands behind the gate but for its last byte.
    pub(super) fn send_head_start(&self) -> io::Result<()> {
        let mut gate = self.wire.gate();
        let Some(held) = &mut gate.held else { return Ok(()) };
        let early = held.len().saturating_sub(1);
        write_whole(&self.probe, &held[..early])?;
        held.drain(..early);
        Ok(())
    }

    /// Sends the rest and opens the gate; the message counts as sent from here.
    pub(super) fn let_go(&self) -> io::Result<()> {
        let mut gate = self.wire.gate();
        let Some(held) = gate.held.take() else { return Ok(()) };
        self.wire.stamp(self.wire.started.elapsed().as_micros());
        write_whole(&self.probe, &held)
    }

    /// Whether the peer has neither closed nor said anything unasked. The driver learns of a close
    /// only when the runtime gets round to it; a request written before that would be lost, and
    /// nobody could tell whether it was seen.
    fn is_quiet(&self) -> bool {
        let peeked = self.probe.peek(&mut [0]);
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// Writes everything to a socket that does not block: a request fits its buffer, or nearly.
fn write_whole(mut socket: &std::net::TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A dropped connection is closed at once, whatever its peer still wants to say.
impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Wire {
    /// Forgets what was written for earlier requests.
    fn arm(&self) {
        self.first_write_us.store(0, Ordering::Release);
    }

    /// When the first byte since arming was handed to the kernel; none: nothing left us.
    pub(super) fn first_write_us(&self) -> Option<u64> {
        match self.first_write_us.load(Ordering::Acquire) {
            0 => None,
            us => Some(us),
        }
    }

    /// Performs a write and notes when it began. Not when it returned: under load the thread may
    /// rest in between, and a message would seem to have left after it was answered.
    fn write(&self, write: impl FnOnce() -> Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let first = self.first_write_us().is_none();
        let began = if first { self.started.elapsed().as_micros() } else { 0 };
        let outcome = write();
        if first && matches!(outcome, Poll::Ready(Ok(1..))) {
            self.stamp(began);
        }
        outcome
    }

    /// Waits until a request that ends with `body` stands behind the gate.
    pub(super) async fn stands_ready(&self, body: &[u8]) {
        std::future::poll_fn(|cx| {
            let mut gate = self.gate();
            // The head is never empty, so a request without a body is told apart from nothing.
            if gate.held.as_ref().is_none_or(|held| !held.is_empty() && held.ends_with(body)) {
                return Poll::Ready(());
            }
            gate.waiting = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn stamp(&self, us: u128) {
        let us = u64::try_from(us).unwrap_or(u64::MAX).max(1);
        self.first_write_us.store(us, Ordering::Release);
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps `slices` where the gate is closed, and answers how much that was.
    fn keep(&self, slices: &[io::IoSlice<'_>]) -> Option<usize> {
        let mut gate = self.gate();
        let held = gate.held.as_mut()?;
        slices.iter().for_each(|slice| held.extend_from_slice(slice));
        if let Some(waiting) = gate.waiting.take() {
            waiting.wake();
        }
        Some(slices.iter().map(|slice| slice.len()).sum())
    }
}

/// A socket that notes its first write.
struct Stamped {
    stream: TcpStream,
    wire: Arc<Wire>,
}

impl AsyncRead for Stamped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, wire } = self.get_mut();
        if let Some(kept) = wire.keep(&[io::IoSlice::new(bytes)]) {
            return Poll::Ready(Ok(kept));
        }
        wire.write(|| Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, wire } = self.get_mut();
        if let Some(kept) = wire.keep(slices) {
            return Poll::Ready(Ok(kept));
        }
        wire.write(|| Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
