//! `countersign serve` as a process: what it answers, how it ends, and what a kill cannot take.

#[path = "../fuzz/mod.rs"]
mod breaking;
mod control;
mod fuzz;
mod hostile;
mod kill;
mod profile;
mod rotation;
mod trigger;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

const KEY: &str = "sk_test_0123456789abcdef";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A started service.
struct Service {
    child: Child,
    /// Where merchants call.
    api: String,
    /// Where the operator does.
    control: String,
    client: Client,
}

impl Service {
    async fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(["--api-key", KEY, "--secret", SECRET])
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut api, mut control) = (None, None);
        while control.is_none() {
            let line = lines.next_line().await.unwrap().expect("it tells its addresses");
            let told = |label| line.trim().strip_prefix(label).map(|rest| rest.trim().to_owned());
            api = told("merchants call").or(api);
            control = told("you operate at");
        }
        // Whoever writes to a pipe that nobody reads may hang.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { child, api: api.unwrap(), control: control.unwrap(), client }
    }

    /// A call of the merchant; none if it was not answered.
    async fn merchant(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Option<(u16, bool, Value)> {
        let request = self.client.request(method, format!("{}{path}", self.api));
        let request = request.header("x-api-key", KEY).header("idempotency-key", key).json(body);
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotency-replayed");
        Some((status, replayed, response.json().await.ok()?))
    }

    async fn create(&self, reference: &str) -> Option<(u16, bool, Value)> {
        let order =
            json!({"reference": reference, "asset": "USDT", "network": "tron", "amount": "250.00"});
        self.merchant(Method::POST, "/v1/payments", reference, &order).await
    }

    /// Every item of a list of the API, oldest first.
    async fn all(&self, path: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map(|of| format!("&after={}", of["id"].as_str().unwrap()));
            let path = format!("{path}?limit=100{}", after.unwrap_or_default());
            let (_, _, page) = self.merchant(Method::GET, &path, "", &json!({})).await.unwrap();
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] == false {
                return all;
            }
        }
    }

    async fn operate(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self.client.post(format!("{}/api/{path}", self.control)).json(body);
        let response = request.send().await.ok()?;
        Some((response.status().as_u16(), response.json().await.ok()?))
    }

    async fn look(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}/api/{path}", self.control)).send().await;
        response.unwrap().json().await.unwrap()
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Ends it as Ctrl-C does; its exit code.
    async fn interrupt(mut self) -> Option<i32> {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        let id = nix::unistd::Pid::from_raw(id);
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
        self.child.wait().await.unwrap().code()
    }
}

/// The headers and the body of a request.
type Message = (Vec<(String, String)>, String);

/// A merchant's webhooks: counts how often each event came, and can be told to refuse.
#[derive(Clone)]
struct Door {
    url: String,
    /// By path and event.
    came: Arc<Mutex<BTreeMap<(String, String), u32>>>,
    /// The last `webhook.test` by its path.
    tests: watch::Sender<BTreeMap<String, Message>>,
    /// Every n-th request is answered with a 500; never for zero.
    refuses: Arc<Mutex<u32>>,
    count: watch::Sender<u32>,
}

impl Door {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = Self {
            url: format!("http://{}/webhooks", listener.local_addr().unwrap()),
            came: Arc::default(),
            tests: watch::Sender::default(),
            refuses: Arc::default(),
            count: watch::Sender::new(0),
        };
        let router = Router::new().fallback(Self::answer).with_state(door.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        door
    }

    async fn answer(
        State(door): State<Self>,
        uri: Uri,
        headers: HeaderMap,
        body: String,
    ) -> StatusCode {
        let (path, id) =
            (uri.path().to_owned(), headers["webhook-id"].to_str().unwrap().to_owned());
        if body.contains("webhook.test") {
            let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
            let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value)));
            let message = (headers.collect(), body);
            door.tests.send_modify(|tests| drop(tests.insert(path.clone(), message)));
        }
        *door.came.lock().unwrap().entry((path, id)).or_default() += 1;
        let mut count = 0;
        door.count.send_modify(|n| {
            *n += 1;
            count = *n;
        });
        let refuses = *door.refuses.lock().unwrap();
        if refuses > 0 && count % refuses == 0 {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        StatusCode::OK
    }

    /// The test that comes to this URL.
    async fn test_at(&self, url: &str) -> Message {
        let path = url.parse::<Uri>().unwrap().path().to_owned();
        let mut tests = self.tests.subscribe();
        let tests = tests.wait_for(|tests| tests.contains_key(&path)).await.unwrap();
        tests[&path].clone()
    }

    /// Returns once it was called so often.
    async fn counts(&self, least: u32) {
        self.count.subscribe().wait_for(|n| *n >= least).await.unwrap();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("scratch folders have plain names")
}
