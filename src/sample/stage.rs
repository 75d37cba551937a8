//! The stage on which plays are played: one merchant, and a payment service of one route.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::spoken::{event, payment, stray};
use super::{Config, defect_by_name, serve_on};

const KEY: &[u8] = b"a key of the tests, 32 bytes long";
pub(super) const REFERENCE: &str = "INV/1";

/// What there is between the merchant and the payment service.
pub(super) struct Stage {
    service: Arc<Mutex<Service>>,
    base: String,
    http: reqwest::Client,
    config: Config,
    /// Its own threads, so that nothing of it lives on when it is killed.
    merchant: Option<Runtime>,
    _folder: tempfile::TempDir,
}

/// The payment service: it has one payment at most.
#[derive(Default)]
struct Service {
    truth: Option<Value>,
    is_silent: bool,
    /// What the next creation is answered, and whether it is carried out.
    next: Option<(StatusCode, &'static str, bool)>,
    keys: BTreeSet<String>,
}

/// How a delivery proves what it says.
#[derive(Clone, Copy)]
pub(super) enum Proof {
    Genuine,
    Unsigned,
    WrongKey,
    EmptyKey,
    Empty,
    Undecodable,
    UnknownVersion,
    Truncated,
    Aged,
    Ahead,
}

impl Stage {
    pub(super) async fn start(defect: Option<&str>) -> Self {
        let service = Arc::<Mutex<Service>>::default();
        let payments = post(create).get(list).with_state(Arc::clone(&service));
        let routes = Router::new().route("/v1/payments", payments);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let payments_api = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });

        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            port: 0,
            db: PathBuf::from(folder.path()).join("shop.db"),
            payments_api,
            payments_key: "sk_live_1".to_owned(),
            payments_account: "acct_1".to_owned(),
            webhook_secret: format!("whsec_{}", STANDARD.encode(KEY)),
            livemode: true,
            defect: defect.map(|name| defect_by_name(name).unwrap()),
        };
        let (http, base) = (reqwest::Client::new(), String::new());
        let mut stage = Self { service, base, http, config, merchant: None, _folder: folder };
        stage.restart();
        stage
    }

    /// Kills the merchant, where one runs, and starts one on the same books.
    pub(super) fn restart(&mut self) {
        let merchant = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        self.base = format!("http://{}", listener.local_addr().unwrap());
        let config = self.config.clone();
        merchant.spawn(async { serve_on(TcpListener::from_std(listener).unwrap(), config).await });
        self.end_life();
        self.merchant = Some(merchant);
    }

    fn end_life(&mut self) {
        if let Some(merchant) = self.merchant.take() {
            merchant.shutdown_background();
        }
    }

    /// Whether the service answers what it creates.
    pub(super) fn answer_creations(&self, answers: bool) {
        self.service.lock().unwrap().is_silent = !answers;
    }

    /// The next creation is answered so, and carried out or not.
    pub(super) fn answer_next(&self, status: StatusCode, body: &'static str, is_done: bool) {
        self.service.lock().unwrap().next = Some((status, body, is_done));
    }

    pub(super) fn payments_created(&self) -> usize {
        self.service.lock().unwrap().keys.len()
    }

    pub(super) async fn check_out(&self, amount: &str) -> StatusCode {
        let order = json!({"reference": REFERENCE, "amount": amount,
                           "asset": "USDT", "network": "tron"});
        let request = self.http.post(format!("{}/orders", self.base)).json(&order);
        request.send().await.unwrap().status()
    }

    /// Opens the order and plays the words; how it ended.
    pub(super) async fn play(&mut self, words: &str) -> String {
        let due = words.strip_prefix("due:").and_then(|rest| rest.split(' ').next());
        assert_eq!(self.check_out(due.unwrap_or("250")).await, StatusCode::CREATED);
        let (mut last, mut answer) = (String::new(), StatusCode::OK);
        for (n, word) in words.split(' ').filter(|word| !word.starts_with("due:")).enumerate() {
            let (act, detail) = word.split_once(':').unwrap_or((word, ""));
            answer = match act {
                "again" => self.send(&last, Proof::Genuine).await,
                "at-once" => {
                    let copies = (0..3).map(|_| self.send(&last, Proof::Genuine));
                    join_all(copies).await[0]
                }
                "new-id" => {
                    let mut renamed: Value = serde_json::from_str(&last).unwrap();
                    renamed["id"] = format!("evt_{n}").into();
                    self.send(&renamed.to_string(), Proof::Genuine).await
                }
                "noted" => {
                    let noted = last.replacen('{', "{\"note\":\"Größe\",", 1);
                    self.send(&noted, Proof::Genuine).await
                }
                "spaced" => self.send(&last.replace("\":", "\" : "), Proof::Genuine).await,
                "test" => {
                    let test = json!({"id": "evt_t", "type": "webhook.test", "data": {},
                                      "account": "acct_1", "livemode": true});
                    self.send(&test.to_string(), Proof::Genuine).await
                }
                "unknown" => {
                    let unheard = json!({"id": "evt_x", "type": "payment.pondered", "data": [1],
                                         "account": "acct_1", "livemode": true});
                    self.send(&unheard.to_string(), Proof::Genuine).await
                }
                "restart" => {
                    self.restart();
                    StatusCode::OK
                }
                "reconcile" => {
                    let request = self.http.post(format!("{}/reconcile", self.base));
                    request.send().await.unwrap().status()
                }
                _ => {
                    last = self.happen(n, act, detail, due.unwrap_or("250"));
                    if act.starts_with("hidden-") {
                        continue;
                    }
                    self.send(&last, Proof::of(detail)).await
                }
            };
        }
        format!("{} {}", self.end().await, answer.as_u16())
    }

    /// Makes a status true, unless it is an old or a forged one; the event that announces it.
    fn happen(&self, n: usize, act: &str, detail: &str, due: &str) -> String {
        let word = act.rsplit('-').next().unwrap();
        let is_late = word == "late" || detail == "late";
        let status = match word {
            "late" => "expired",
            "created" | "detected" => "pending",
            // A dispute or a refund on its way leaves the status as it is.
            "opened" | "won" | "lost" | "sent" | "broke" | "part" => "settled",
            other => other,
        };
        let received = match (word, detail.starts_with(|first: char| first.is_ascii_digit())) {
            (_, true) => detail,
            ("created" | "detected" | "expired" | "cancelled", false) => "0",
            _ => due,
        };
        let mut payment = payment(due, status, received);
        match word {
            "refunded" => payment["amount"]["refunded"] = received.into(),
            "part" => {
                payment["amount"]["refunded"] = "60".into();
                payment["refunds"] = json!([{"amount": "60", "status": "completed"}]);
            }
            "sent" => payment["refunds"] = json!([{"amount": "60", "status": "processing"}]),
            "broke" => payment["refunds"] = json!([{"amount": "60", "status": "failed"}]),
            "opened" | "won" | "lost" => {
                payment["dispute"] = json!({"status": word, "amount": due});
            }
            "detected" => payment["transactions"] = json!([stray(detail, due)]),
            _ => {}
        }
        if detail == "one-block" {
            payment["transactions"][0]["confirmations"] = 1.into();
        }
        if detail == "overdue" {
            payment["expires_at"] = "2026-01-01T00:00:00.000Z".into();
            let last = payment["status_timeline"].as_array_mut().unwrap().last_mut().unwrap();
            last["at"] = "2026-01-01T03:00:00.000Z".into();
        }
        if is_late {
            payment["flags"] = json!(["late"]);
        }
        let kind = match word {
            "pending" => "payment.underpaid".to_owned(),
            "refunded" | "part" => "refund.completed".to_owned(),
            "sent" => "refund.created".to_owned(),
            "broke" => "refund.failed".to_owned(),
            "opened" | "won" | "lost" => format!("dispute.{word}"),
            kind => format!("payment.{kind}"),
        };
        let event = event(&format!("evt_{n}"), &kind, &payment);
        if !act.starts_with("old-") && !act.starts_with("forged-") {
            self.service.lock().unwrap().truth = Some(payment);
        }
        event.to_string()
    }

    pub(super) async fn send(&self, body: &str, proof: Proof) -> StatusCode {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let dated = match proof {
            Proof::Aged => now - 3600,
            Proof::Ahead => now + 3600,
            _ => now,
        };
        let key = match proof {
            Proof::WrongKey => b"another key".as_slice(),
            Proof::EmptyKey => b"",
            _ => KEY,
        };
        let timestamp = dated.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(format!("evt_header.{timestamp}.{body}").as_bytes());
        let mut signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        match proof {
            Proof::Truncated => signature.truncate(signature.len() - 10),
            Proof::Empty => signature.truncate(3),
            Proof::Undecodable => signature.replace_range(3.., "!!!!"),
            Proof::UnknownVersion => signature = "v9,AAAA".to_owned(),
            Proof::Genuine
            | Proof::Unsigned
            | Proof::WrongKey
            | Proof::EmptyKey
            | Proof::Aged
            | Proof::Ahead => {}
        }
        let request = self.http.post(format!("{}/webhooks/payments", self.base));
        let request = match proof {
            Proof::Unsigned => request,
            _ => request
                .header("webhook-id", "evt_header")
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature),
        };
        request.body(body.to_owned()).send().await.unwrap().status()
    }

    /// State, fulfilments, postings and open exceptions, as the observation contract shows them.
    pub(super) async fn end(&self) -> String {
        let reference = REFERENCE.replace('/', "%2F");
        let url = format!("{}/countersign/orders/{reference}", self.base);
        let order: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let list = |name: &str, field: &str| {
            let items = order[name].as_array().unwrap().iter();
            let items = items.map(|item| item[field].as_str().unwrap());
            let words: Vec<_> = items.map(|word| word.trim_end_matches(".000000")).collect();
            if words.is_empty() { "-".to_owned() } else { words.join(",") }
        };
        let postings = order["postings"].as_array().unwrap().iter().map(|posting| {
            let amount = posting["amount"].as_str().unwrap().trim_end_matches(".000000");
            match posting["kind"].as_str().unwrap() {
                "credit" => amount.to_owned(),
                kind => format!("{kind}:{amount}"),
            }
        });
        let postings: Vec<_> = postings.collect();
        let postings = if postings.is_empty() { "-".to_owned() } else { postings.join(",") };
        let exceptions = list("exceptions", "class");
        let state = order["state"].as_str().unwrap();
        format!("{state} {} {postings} {exceptions}", order["fulfilments"])
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end_life();
    }
}

impl Proof {
    fn of(word: &str) -> Self {
        match word {
            "unsigned" => Self::Unsigned,
            "wrong-key" => Self::WrongKey,
            "empty-key" => Self::EmptyKey,
            "empty" => Self::Empty,
            "undecodable" => Self::Undecodable,
            "unknown-version" => Self::UnknownVersion,
            "truncated" => Self::Truncated,
            "aged" => Self::Aged,
            "ahead" => Self::Ahead,
            _ => Self::Genuine,
        }
    }
}

async fn create(
    State(service): State<Arc<Mutex<Service>>>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> (StatusCode, String) {
    let mut service = service.lock().unwrap();
    if service.is_silent {
        let problem = json!({"code": "temporarily_unavailable"});
        return (StatusCode::SERVICE_UNAVAILABLE, problem.to_string());
    }
    let next = service.next.take();
    if next.is_none_or(|(_, _, is_done)| is_done) {
        let key = headers["idempotency-key"].to_str().unwrap();
        service.keys.insert(key.to_owned());
        let due = request["amount"].as_str().unwrap();
        service.truth.get_or_insert_with(|| payment(due, "pending", "0"));
    }
    match next {
        Some((status, body, _)) => (status, body.to_owned()),
        None => (StatusCode::CREATED, service.truth.as_ref().unwrap().to_string()),
    }
}

async fn list(
    State(service): State<Arc<Mutex<Service>>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Json<Value> {
    assert!(query.contains(&("reference".to_owned(), REFERENCE.to_owned())));
    let truth = service.lock().unwrap().truth.clone();
    Json(json!({"data": truth.into_iter().collect::<Vec<_>>(), "has_more": false}))
}
