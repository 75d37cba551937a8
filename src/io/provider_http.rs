//! The reference payment service over HTTP: bytes in, a plain request through, bytes out.
//!
//! Holds no route and no rule of the contract: the service itself answers what it does not know,
//! so that every refusal has one form and is recorded. Who stands between the socket and the
//! service (clocks, lanes, the history) is behind [`Api`].

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use tokio::net::TcpListener;

use crate::provider::{ApiReply, ApiRequest, BODY_BYTES_MAX};

/// Whoever answers calls.
pub trait Api: Send + Sync {
    /// Answers one call.
    fn call(&self, request: ApiRequest) -> BoxFuture<'_, ApiReply>;
}

/// Serves until `shutdown` is ready and the calls in progress are answered.
///
/// # Errors
/// None in practice: a connection that fails ends alone.
pub async fn serve(
    listener: TcpListener,
    api: Arc<dyn Api>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new().fallback(answer).with_state(api);
    // Small answers must not wait for the acknowledgement of the one before. A stream that cannot
    // be told so still works.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn answer(State(api): State<Arc<dyn Api>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(body) = read(body).await else {
        // The client went away in the middle; nobody reads this.
        return respond(ApiReply { status: 400, ..ApiReply::default() });
    };
    let request = ApiRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&head.headers),
        body,
    };
    respond(api.call(request).await)
}

/// The body up to one byte above the bound: enough to be refused, never more memory.
async fn read(mut body: Body) -> Option<Bytes> {
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

fn respond(reply: ApiReply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // The service writes only visible ASCII; what is not must not end the connection.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::FutureExt;

    use super::*;
    use crate::model::{RAILS, SimTime};
    use crate::provider::{Config, Provider};

    const KEY: &str = "sk_live_0123456789abcdef";

    struct Desk(Mutex<Provider>);

    impl Api for Desk {
        fn call(&self, request: ApiRequest) -> BoxFuture<'_, ApiReply> {
            let now = SimTime::from_unix_ms(1_767_608_128_412);
            let reply = self.0.lock().expect("no test panics in a call").handle(&request, now, 1);
            async move { reply }.boxed()
        }
    }

    fn provider() -> Provider {
        Provider::new(Config {
            live: true,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            api_key: KEY.to_owned(),
            rails: RAILS.iter().collect(),
            seed: 1,
            nonce: "n".to_owned(),
            start: SimTime::from_unix_ms(1_767_608_128_412),
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
}
