//! Kill -9 in the middle of a load, again and again: nothing that was answered is lost or doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::http::Uri;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Door, Service, path, rotation};

const KILLS: u32 = 20;
const CALLERS: u32 = 8;
const TEST: &str = "webhook.test";
/// The most attempts at one endpoint that are underway at a time, each of which a kill may have made for nobody.
const UNDERWAY_MAX: u32 = 16;

/// What the callers were told.
#[derive(Default)]
struct Told {
    /// Reference, which is the idempotency key as well, and the payment that was created for it.
    created: BTreeMap<String, String>,
    /// The last status that an answer showed.
    status: BTreeMap<String, &'static str>,
    /// References whose creation was asked for.
    asked: BTreeSet<String>,
}

/// Opens orders and plays the payer until the service does not answer any more.
async fn caller(
    service: Arc<Service>,
    told: Arc<Mutex<Told>>,
    name: String,
    done: watch::Sender<u32>,
) {
    for n in 0.. {
        let reference = format!("{name}-{n}");
        told.lock().unwrap().asked.insert(reference.clone());
        let Some((status, replayed, payment)) = service.create(&reference).await else { return };
        assert_eq!((status, replayed), (201, false), "{payment}");
        let id = payment["id"].as_str().unwrap().to_owned();
        told.lock().unwrap().created.insert(reference, id.clone());
        for (verb, shown) in [("pay", "paid"), ("mine", "confirmed"), ("settle", "settled")] {
            // Each order stops at another step.
            if n % 4 == 3 && verb == "settle" {
                break;
            }
            let asked = service.operate(&format!("payments/{id}/{verb}"), &json!({})).await;
            let Some((status, answer)) = asked else { return };
            // Blocks for one order confirm the others too, which then have nothing to be mined.
            assert_eq!(status, 200, "{answer}");
            told.lock().unwrap().status.insert(id.clone(), shown);
            done.send_modify(|n| *n += 1);
        }
    }
}

/// Everything that was answered is still so, and what was asked is there at most once.
async fn check(service: &Service, told: &Mutex<Told>) {
    let payments = service.all("/v1/payments").await;
    let told = told.lock().unwrap();
    let mut by_reference = BTreeMap::<String, Vec<Value>>::new();
    for payment in payments {
        let reference = payment["reference"].as_str().unwrap().to_owned();
        by_reference.entry(reference).or_default().push(payment);
    }
    for (reference, payments) in &by_reference {
        assert_eq!(payments.len(), 1, "{reference} has several payments");
        assert!(told.asked.contains(reference), "nobody asked for {reference}");
    }
    const ORDER: &[&str] = &["pending", "paid", "confirmed", "settled"];
    let rank = |word: &str| ORDER.iter().position(|of| *of == word).expect("a known status");
    for (reference, id) in &told.created {
        let payment = &by_reference[reference][0];
        assert_eq!(payment["id"], **id, "{reference} has another payment");
        let shown = told.status.get(id).copied().unwrap_or("pending");
        let stands = payment["status"].as_str().unwrap();
        assert!(rank(stands) >= rank(shown), "{id} was {shown} and is {stands}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_or_doubled() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("sandbox.db");
    let door = Door::open().await;
    *door.refuses.lock().unwrap() = 7;
    let arguments = ["--store", path(&store), "--webhook", &door.url];
    let told = Arc::new(Mutex::new(Told::default()));
    let rotated = Arc::new(Mutex::new(rotation::Told::default()));
    for round in 0..KILLS {
        let service = Arc::new(Service::start(&arguments).await);
        check(&service, &told).await;
        let done = watch::Sender::new(0);
        let callers: Vec<_> = (0..CALLERS)
            .map(|n| {
                let name = format!("R{round}-{n}");
                tokio::spawn(caller(service.clone(), told.clone(), name, done.clone()))
            })
            .collect();
        // Not more endpoints than an account may have.
        let key = format!("E{round}");
        let url = format!("{}/{key}", door.url);
        let rotator = (round % 2 == 0)
            .then(|| tokio::spawn(rotation::rotate(service.clone(), rotated.clone(), key, url)));
        // Transitions and deliveries are under way when the kill comes, at another point each round.
        let before = *door.count.borrow();
        door.counts(before + 5 + round * 3).await;
        done.subscribe().wait_for(|n| *n > round * 2).await.unwrap();
        let id = i32::try_from(service.child.id().unwrap()).unwrap();
        let kill = nix::sys::signal::Signal::SIGKILL;
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), kill).unwrap();
        for task in callers.into_iter().chain(rotator) {
            task.await.unwrap();
        }
        Arc::into_inner(service).expect("the callers have ended").kill().await;
    }
    let service = Service::start(&arguments).await;
    check(&service, &told).await;
    let told = Arc::into_inner(told).unwrap().into_inner().unwrap();
    keys_are_remembered(&service, &told).await;
    *door.refuses.lock().unwrap() = 0;
    let rotated = Arc::into_inner(rotated).unwrap().into_inner().unwrap();
    rotation::check(&service, &door, &rotated).await;
    check_deliveries(&service, &door).await;
    assert_eq!(service.interrupt().await, Some(0));
}

/// The same key gives the same payment as before; one whose answer was cut off gives one at last.
async fn keys_are_remembered(service: &Service, told: &Told) {
    for reference in &told.asked {
        let (status, replayed, payment) = service.create(reference).await.unwrap();
        assert_eq!(status, 201, "{payment}");
        if let Some(id) = told.created.get(reference) {
            assert_eq!((replayed, &payment["id"]), (true, &json!(id)), "{reference}");
        }
    }
    let payments = service.all("/v1/payments").await;
    assert_eq!(payments.len(), told.asked.len(), "one payment for each key");
}

/// Each event has one delivery for each endpoint that takes it, acknowledged once, and came no more
/// often than its attempts and the kills account for.
async fn check_deliveries(service: &Service, door: &Door) {
    // Whatever still waits for its retry is sent until everything is acknowledged. Each step takes
    // the clock beyond the longest delay of the schedule, so that ten steps are enough.
    let deliveries = loop {
        let deliveries = all_deliveries(service).await;
        let standing = |word: &str| deliveries.iter().filter(|of| of["standing"] == word).count();
        if standing("delivered") == deliveries.len() {
            break deliveries;
        }
        assert_eq!(standing("exhausted") + standing("ended"), 0);
        if standing("due") + standing("underway") == 0 {
            service.operate("clock/advance", &json!({"by": "27h"})).await.unwrap();
        }
    };
    let own = deliveries.iter().filter(|of| of["url"] == door.url && of["type"] != TEST).count();
    let events = service.all("/v1/events").await;
    assert_eq!(own, events.iter().filter(|of| of["type"] != TEST).count());
    let came = door.came.lock().unwrap().clone();
    let mut for_nobody = 0;
    for delivery in &deliveries {
        let event = delivery["event"].as_str().unwrap();
        let attempts = delivery["attempts"].as_array().unwrap();
        let acknowledged = attempts.iter().filter(|of| of["status"] == 200).count();
        assert_eq!(acknowledged, 1, "{delivery}");
        let attempts = u32::try_from(attempts.len()).unwrap();
        let path = delivery["url"].as_str().unwrap().parse::<Uri>().unwrap().path().to_owned();
        let came = came[&(path, event.to_owned())];
        assert!(came >= attempts, "{event} has attempts that never came");
        assert!(came - attempts <= KILLS, "{event} came {came} times for {attempts} attempts");
        for_nobody += came - attempts;
    }
    let endpoints: BTreeSet<_> = deliveries.iter().map(|of| of["endpoint"].to_string()).collect();
    let most = KILLS * UNDERWAY_MAX * u32::try_from(endpoints.len()).unwrap();
    assert!(endpoints.len() > 5 && for_nobody <= most, "{for_nobody} attempts were for nobody");
    let pair = |of: &Value| (of["event"].to_string(), of["endpoint"].to_string());
    let distinct: BTreeSet<_> = deliveries.iter().map(pair).collect();
    assert_eq!(distinct.len(), deliveries.len(), "one delivery for each event and endpoint");
}

async fn all_deliveries(service: &Service) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let before = all.last().map(|of| format!("&before={}", of["event"].as_str().unwrap()));
        let page =
            service.look(&format!("deliveries?limit=500{}", before.unwrap_or_default())).await;
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        if page["has_more"] == false {
            return all;
        }
    }
}
