//! The reference payment service over HTTP: bytes in, a plain request through, bytes out.
//!
//! Holds no route and no rule of the contract: the service itself answers what it does not know,
//! so that every refusal has one form and is recorded. Who stands between the socket and the
//! service (clocks, lanes, the history) is behind [`Api`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use tokio::net::TcpListener;

use super::accept::{self, Patience, Unread, accept};
use crate::model::Conduct;
use crate::provider::{ApiReply, ApiRequest, BODY_BYTES_MAX, Unheard, unheard};

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
    serve_with(listener, api, Patience::default(), shutdown).await;
    Ok(())
}

async fn serve_with(
    listener: TcpListener,
    api: Arc<dyn Api>,
    patience: Patience,
    shutdown: impl Future<Output = ()>,
) {
    let service = service_fn(move |request| {
        let api = api.clone();
        async move { answer(&*api, request, patience).await }
    });
    accept(listener, service, patience, shutdown).await;
}

async fn answer(
    api: &dyn Api,
    request: Request<Incoming>,
    patience: Patience,
) -> Result<Reply, BrokenOff> {
    let (head, body) = request.into_parts();
    let body = match accept::read(body, BODY_BYTES_MAX, patience).await {
        Ok(body) => body,
        Err(Unread::TooSlow) => return Ok(respond(unheard(Unheard::TooSlow))),
        Err(Unread::CutOff) => return Ok(respond(unheard(Unheard::CutOff))),
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
        // What is held back comes here when it has been let go.
        Conduct::Whole | Conduct::Held => Ok(respond(reply)),
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
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

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
            keyring: None,
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

    /// Every byte that a client sees which sends this and then does nothing more.
    async fn heard(sent: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let api: Arc<dyn Api> = Arc::new(Desk(Mutex::new(provider())));
        let brief = Duration::from_millis(200);
        let patience = Patience { head: brief, body: brief };
        let server = tokio::spawn(serve_with(listener, api, patience, std::future::pending()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut text = String::new();
        let whole = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut text));
        whole.await.expect("the connection ends by itself").unwrap();
        server.abort();
        text
    }

    /// The client waits for ever; the service does not.
    #[tokio::test]
    async fn who_stays_silent_in_the_middle_is_not_waited_for() {
        let head = "POST /v1/payments HTTP/1.1\r\nhost: x\r\n";
        assert_eq!(heard(b"").await, "");
        assert_eq!(heard(head.as_bytes()).await, "");
        let length = format!("{head}content-length: 10\r\n\r\n{{\"a\"");
        let chunks = format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"a\"");
        for sent in [length, chunks] {
            let answer = heard(sent.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
            assert!(answer.contains("connection: close"), "{answer}");
            assert!(answer.contains("content-type: application/problem+json"), "{answer}");
            assert!(answer.ends_with("}"), "{answer}");
        }
    }
}
