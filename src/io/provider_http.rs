//! The reference payment service over HTTP: bytes in, a plain request through, bytes out.
//!
//! Holds no route and no rule of the contract: the service itself answers what it does not know,
//! so that every refusal has one form and is recorded. Who stands between the socket and the
//! service (clocks, lanes, the history) is behind [`Api`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use crate::fault::Conduct;
use crate::provider::{ApiReply, ApiRequest, BODY_BYTES_MAX};

/// How long a client may take for the head of a request, or between two requests.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// How long a client may take for the body of a request.
const BODY_WITHIN: Duration = Duration::from_secs(20);
/// How long nobody is accepted after the system refused a connection, for lack of files mostly.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// An answer, and how it leaves.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// What is said.
    pub reply: ApiReply,
    /// How much of it arrives, and when.
    pub conduct: Conduct,
}

impl From<ApiReply> for Served {
    fn from(reply: ApiReply) -> Self {
        Self { reply, conduct: Conduct::Whole }
    }
}

/// Whoever answers calls.
pub trait Api: Send + Sync {
    /// Answers one call.
    fn call(&self, request: ApiRequest) -> BoxFuture<'_, Served>;
}

/// The connection ends without an answer, or in the middle of one.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off")]
struct BrokenOff;

type Reply = Response<BoxBody<Bytes, BrokenOff>>;

/// Serves until `shutdown` is ready and the calls in progress are answered.
///
/// # Errors
/// None in practice: a connection that fails ends alone.
pub async fn serve(
    listener: TcpListener,
    api: Arc<dyn Api>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => welcome(stream, api.clone(), &open),
                Err(_) => tokio::time::sleep(REFUSED_PAUSE).await,
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    open.shutdown().await;
    Ok(())
}

/// Serves one connection beside the others. One that fails ends alone: nobody is left to tell.
fn welcome(stream: TcpStream, api: Arc<dyn Api>, open: &GracefulShutdown) {
    // Small answers must not wait for the acknowledgement of the one before. A stream that cannot
    // be told so still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let api = api.clone();
        async move { answer(&*api, request).await }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    drop(tokio::spawn(open.watch(connection)));
}

async fn answer(api: &dyn Api, request: Request<Incoming>) -> Result<Reply, BrokenOff> {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_WITHIN, read(body)).await {
        Ok(Some(body)) => body,
        // The client went away in the middle; nobody reads an answer.
        Ok(None) => return Err(BrokenOff),
        Err(_) => return Ok(respond(too_slow())),
    };
    let request = ApiRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&head.headers),
        body,
    };
    let Served { reply, conduct } = api.call(request).await;
    match conduct {
        Conduct::Whole => Ok(respond(reply)),
        Conduct::Late(span) => {
            tokio::time::sleep(span.to_duration()).await;
            Ok(respond(reply))
        }
        // Ends when the client gives up.
        Conduct::Never => std::future::pending().await,
        Conduct::Lost => Err(BrokenOff),
        Conduct::Cut => Ok(cut(reply)),
    }
}

/// The body up to one byte above the bound: enough to be refused, never more memory.
async fn read(mut body: Incoming) -> Option<Bytes> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        let room = BODY_BYTES_MAX + 1 - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if bytes.len() > BODY_BYTES_MAX {
            break;
        }
    }
    Some(bytes.into())
}

/// Names in lower case; values that come several times are joined, as HTTP allows.
fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in map {
        let value = String::from_utf8_lossy(value.as_bytes());
        let joined = headers.entry(name.as_str().to_owned());
        joined.and_modify(|before| *before += &format!(", {value}")).or_insert(value.into_owned());
    }
    headers
}

/// What a client hears that does not send what it announced.
fn too_slow() -> ApiReply {
    let seconds = BODY_WITHIN.as_secs();
    let body = serde_json::json!({
        "type": "about:blank",
        "title": "The request took too long",
        "status": 408,
        "detail": format!("the body did not arrive within {seconds} s"),
        "code": "invalid_request",
        "errors": [],
    });
    let headers = [("content-type", "application/problem+json"), ("connection", "close")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    ApiReply { status: 408, headers, body: body.to_string().into_bytes(), ..ApiReply::default() }
}

fn respond(reply: ApiReply) -> Reply {
    let (body, response) = head(reply);
    response.map(|()| Full::new(body).map_err(|never: Infallible| match never {}).boxed())
}

/// Announced whole, half of it sent: then the connection ends.
fn cut(reply: ApiReply) -> Reply {
    let (body, mut response) = head(reply);
    response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    let half = Ok(Frame::data(body.slice(..body.len() / 2)));
    // Once the half is on its way, not together with it: what is still in a buffer would be lost.
    let end = stream::once(async {
        tokio::task::yield_now().await;
        Err(BrokenOff)
    });
    response.map(|()| BodyExt::boxed(StreamBody::new(stream::iter([half]).chain(end))))
}

fn head(reply: ApiReply) -> (Bytes, Response<()>) {
    let mut response = Response::new(());
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // The service writes only visible ASCII; what is not must not end the connection.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    (reply.body.into(), response)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::model::{RAILS, SimTime, Span};
    use crate::provider::{ApiKey, Config, Provider};

    const KEY: &str = "sk_live_0123456789abcdef";

    struct Desk(Mutex<Provider>);

    impl Api for Desk {
        fn call(&self, request: ApiRequest) -> BoxFuture<'_, Served> {
            let now = SimTime::from_unix_ms(1_767_608_128_412);
            let reply = self.0.lock().expect("no test panics in a call").handle(&request, now, 1);
            async move { Served::from(reply) }.boxed()
        }
    }

    fn provider() -> Provider {
        Provider::new(Config {
            live: true,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            keys: vec![ApiKey::with_all_scopes(KEY)],
            rails: RAILS.iter().collect(),
            seed: 1,
            nonce: "n".to_owned(),
            start: SimTime::from_unix_ms(1_767_608_128_412),
            profile: Arc::default(),
        })
    }

    #[tokio::test]
    async fn a_payment_is_created_read_and_refused_over_a_real_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let api: Arc<dyn Api> = Arc::new(Desk(Mutex::new(provider())));
        let server = tokio::spawn(serve(listener, api, stopped.map(|_| ())));
        let client = reqwest::Client::new();

        let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"250.00"}"#;
        let create = client.post(format!("{base}/v1/payments")).header("x-api-key", KEY);
        let create = create.header("Idempotency-Key", "k").body(body);
        let created = create.send().await.unwrap();
        assert_eq!(created.status(), 201);
        let location = created.headers()["location"].to_str().unwrap().to_owned();
        let created = created.text().await.unwrap();

        let read = client.get(format!("{base}{location}")).bearer_auth(KEY).send().await.unwrap();
        assert_eq!((read.status().as_u16(), read.text().await.unwrap()), (200, created));

        let large = client.post(format!("{base}/v1/payments")).header("x-api-key", KEY);
        let large = large.body(vec![b' '; BODY_BYTES_MAX + 1]).send().await.unwrap();
        assert_eq!(large.status(), 413);

        let nowhere = client.get(format!("{base}/nowhere")).send().await.unwrap();
        assert_eq!(nowhere.status(), 404);
        assert_eq!(nowhere.headers()["content-type"], "application/problem+json");
        let method = client.delete(format!("{base}/v1/rails")).send().await.unwrap();
        assert_eq!(
            (method.status().as_u16(), &method.headers()["allow"]),
            (405, &"GET".parse().unwrap())
        );

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }

    /// Answers everything alike.
    struct Fixed(Conduct);

    impl Api for Fixed {
        fn call(&self, _: ApiRequest) -> BoxFuture<'_, Served> {
            let reply =
                ApiReply { status: 200, body: b"0123456789".to_vec(), ..ApiReply::default() };
            std::future::ready(Served { reply, conduct: self.0 }).boxed()
        }
    }

    /// Every byte that a client sees until the connection ends.
    async fn seen(conduct: Conduct) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server =
            tokio::spawn(serve(listener, Arc::new(Fixed(conduct)), std::future::pending()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        let whole = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut text));
        let ended = whole.await;
        server.abort();
        assert_eq!(ended.is_err(), conduct == Conduct::Never, "{text}");
        text
    }

    #[tokio::test]
    async fn an_answer_leaves_as_it_shall() {
        assert!(seen(Conduct::Whole).await.ends_with("\r\n\r\n0123456789"));
        assert!(seen(Conduct::Late(Span::from_ms(10))).await.ends_with("0123456789"));
        assert_eq!(seen(Conduct::Lost).await, "");
        let cut = seen(Conduct::Cut).await;
        assert!(cut.contains("content-length: 10") && cut.ends_with("\r\n\r\n01234"), "{cut}");
    }
}
