//! Connections of a listener: each served beside the others, none for longer than its client earns.
//!
//! Knows no routes and no answers. Whoever stays silent in the middle of a request loses its
//! connection, or hears that it is too slow; whoever sends too much is heard out within bounds, so
//! that it can read the refusal, and none of it is kept.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

/// How long nobody is accepted after the system refused a connection, for lack of files mostly.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);
/// So many bytes beyond what is kept are read: a client that is cut off in the middle of its body
/// never sees why.
const DISCARDED_BYTES_MAX: usize = 16 << 20;

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request, and between two requests.
    pub head: Duration,
    /// For the body of a request.
    pub body: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(75), body: Duration::from_secs(20) }
    }
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It did not arrive in time.
    TooSlow,
    /// The client ended it before its end.
    CutOff,
}

/// Serves until `shutdown` is ready and the requests in progress are answered. A connection that
/// fails ends alone.
pub async fn accept<S>(
    listener: TcpListener,
    service: S,
    patience: Patience,
    shutdown: impl Future<Output = ()>,
) where
    S: HttpService<Incoming, Future: Send> + Clone + Send + 'static,
    S::ResBody: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    S::Error: std::error::Error + Send + Sync,
{
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => welcome(stream, service.clone(), patience, &open),
                Err(_) => tokio::time::sleep(REFUSED_PAUSE).await,
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    open.shutdown().await;
}

fn welcome<S>(stream: TcpStream, service: S, patience: Patience, open: &GracefulShutdown)
where
    S: HttpService<Incoming, Future: Send> + Send + 'static,
    S::ResBody: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    S::Error: std::error::Error + Send + Sync,
{
    // Small answers must not wait for the acknowledgement of the one before. A stream that cannot
    // be told so still works.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    // A client may end its half and still read: then it hears that its body broke off.
    builder.half_close(true).timer(TokioTimer::new()).header_read_timeout(patience.head);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    drop(tokio::spawn(open.watch(connection)));
}

/// The body up to one byte above the bound: enough to be refused, never more memory.
///
/// # Errors
/// [`Unread`]
pub async fn read<B: Body<Data = Bytes> + Unpin>(
    body: B,
    bytes_max: usize,
    patience: Patience,
) -> Result<Bytes, Unread> {
    let whole = tokio::time::timeout(patience.body, read_whole(body, bytes_max));
    whole.await.unwrap_or(Err(Unread::TooSlow))
}

async fn read_whole<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    bytes_max: usize,
) -> Result<Bytes, Unread> {
    let (mut bytes, mut discarded) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::CutOff)?.into_data() else { continue };
        let room = bytes_max + 1 - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        discarded += data.len().saturating_sub(room);
        if discarded > DISCARDED_BYTES_MAX {
            break;
        }
    }
    Ok(bytes.into())
}
