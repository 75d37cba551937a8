//! One merchant, looked at in every way: what is seen is the same.

use std::fs;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use countersign::io::probe;
use countersign::model::{Observation, Reference};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::Server;
use super::sql::Shop;
use super::{hands, profile};

/// The merchant's own words.
const LIFECYCLE: &str = "lifecycle: {awaiting: [new], provisional: [seen], paid: [paid], \
                         exception: [on_hold], cancelled: [void], refunded: [back]}\n";

/// Orders of every state, with odd references and amounts of every size.
fn orders() -> Vec<Value> {
    let posting = |id: u32, kind: &str, amount: &str, asset: &str| json!({"id": id, "kind": kind, "amount": amount, "asset": asset, "pid": "pay_1"});
    let huge = "123456789012345678901.000001";
    let order = |reference: &str, state: &str, goods: u32, postings: Value, classes: &[&str]| {
        let issues = classes.iter().map(|class| json!({"class": class, "pid": null}));
        let issues: Vec<Value> = issues.collect();
        json!({"reference": reference, "state": state, "goods": goods, "pid": "pay_1",
               "postings": postings, "issues": issues})
    };
    vec![
        order("A-1", "new", 0, json!([]), &[]),
        order("A 2", "seen", 0, json!([]), &[]),
        order("it's", "paid", 1, json!([posting(1, "receipt", "250.000000", "USDT")]), &[]),
        order("ü/4", "on_hold", 0, json!([]), &["late", "other"]),
        order("A-5", "void", 0, json!([]), &[]),
        order(
            "A-6",
            "back",
            2,
            json!([posting(2, "receipt", huge, "USDT"), posting(3, "refund", "0.000001", "USDT")]),
            &["other"],
        ),
    ]
}

const KINDS: &str = "kinds: {credit: [receipt]}";
const CLASSES: &str = "classes: {late-payment: [late]}";

/// A profile whose three probes have these ways and maps.
fn sections(order: &str, ledger: &str, issues: &str) -> String {
    format!(
        "observe:\n  order: {{{order}}}\n  ledger: {{{ledger}, {KINDS}}}\n  \
         exceptions: {{{issues}, {CLASSES}}}\n{LIFECYCLE}"
    )
}

/// The maps of a document, whose lists stand at these pointers.
fn by_pointers(way: &str) -> String {
    sections(
        &format!("{way}, map: {{state: /state, fulfilments: /goods, payments: /pid}}"),
        &format!(
            "{way}, each: /postings, map: {{id: /id, kind: /kind, amount: /amount, asset: /asset, \
             payment: /pid}}"
        ),
        &format!("{way}, each: /issues, map: {{class: /class, payment: /pid}}"),
    )
}

fn by_columns(shop: &Shop<'_>) -> String {
    let sql = |query: &str| {
        let query = query.replace("$1", shop.mark);
        format!("sql: {{url: \"{}\", query: \"{query}\"}}", shop.url)
    };
    sections(
        &format!(
            "{}, map: {{state: state, fulfilments: goods, payments: pid}}",
            sql("select state, goods, pid from shop_orders where reference = $1")
        ),
        &format!(
            "{}, map: {{id: id, kind: kind, amount: amount, asset: asset, payment: pid}}",
            sql(
                "select id, kind, amount, asset, pid from postings where reference = $1 order by id"
            )
        ),
        &format!(
            "{}, map: {{class: class, payment: pid}}",
            sql("select class, pid from issues where reference = $1 order by class")
        ),
    )
}

async fn show(
    State(orders): State<Vec<Value>>,
    Path(reference): Path<String>,
) -> (StatusCode, String) {
    let order = orders.iter().find(|order| order["reference"] == *reference);
    match order {
        Some(order) => (StatusCode::OK, order.to_string()),
        None => (StatusCode::NOT_FOUND, String::new()),
    }
}

/// Writes the orders into a database.
async fn fill(shop: &Shop<'_>) {
    for table in [
        "create table shop_orders (reference varchar(80), state varchar(20), goods integer, \
         pid varchar(80))"
            .to_owned(),
        format!(
            "create table postings (id integer, reference varchar(80), kind varchar(20), \
             amount {}, asset varchar(10), pid varchar(80))",
            shop.exact
        ),
        "create table issues (reference varchar(80), class varchar(20), pid varchar(80))"
            .to_owned(),
    ] {
        Shop::done(shop.change(&table, &[]).await);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for order in orders() {
        let own = ["reference", "state", "goods", "pid"].map(|name| text(&order[name]));
        insert(shop, "shop_orders (reference, state, goods, pid)", &own).await;
        for posting in order["postings"].as_array().unwrap() {
            let rest = ["id", "kind", "amount", "asset", "pid"].map(|name| text(&posting[name]));
            let values = [&own[..1], &rest].concat();
            insert(shop, "postings (reference, id, kind, amount, asset, pid)", &values).await;
        }
        for issue in order["issues"].as_array().unwrap() {
            let values = [own[0].clone(), text(&issue["class"])];
            insert(shop, "issues (reference, class)", &values).await;
        }
    }
}

async fn insert(shop: &Shop<'_>, table: &str, values: &[String]) {
    let marks = (1..=values.len()).map(|n| shop.mark.replace('1', &n.to_string()));
    let marks = marks.collect::<Vec<_>>().join(", ");
    let args: Vec<&str> = values.iter().map(String::as_str).collect();
    Shop::done(shop.change(&format!("insert into {table} values ({marks})"), &args).await);
}

/// What is seen of every order, and of one that there is not.
async fn seen(way: &str, url: &str, sections: &str, folder: &TempDir) -> Vec<Observation> {
    let (hands, profile) = (hands(url, folder.path()), profile(sections));
    let mut seen = Vec::new();
    let known = orders().into_iter().map(|order| order["reference"].as_str().unwrap().to_owned());
    for reference in known.chain(["nobody's".to_owned()]) {
        let looked = probe::observe(&hands, &profile, &Reference::new(&reference)).await;
        seen.push(looked.unwrap_or_else(|why| panic!("{way}, {reference}: {why}")));
    }
    seen
}

#[tokio::test]
async fn every_way_to_look_shows_the_same() {
    let app = Router::new().route("/orders/{reference}", get(show)).with_state(orders());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let folder = tempfile::tempdir().unwrap();
    let http = by_pointers("http: {path: \"/orders/{reference}\"}");
    let expected = seen("http", &url, &http, &folder).await;
    let states: Vec<_> =
        expected.iter().map(|seen| seen.state.map(|state| state.as_str())).collect();
    let all = ["awaiting", "provisional", "paid", "exception", "cancelled", "refunded"];
    assert_eq!(states, [&all.map(Some)[..], &[None]].concat());

    for (order, n) in orders().iter().zip(0..) {
        fs::write(folder.path().join(n.to_string()), order.to_string()).unwrap();
    }
    let script =
        "grep -lF \"\\\"reference\\\":\\\"$1\\\"\" [0-9]* | xargs -r cat | grep . || echo null";
    let words = json!(["sh", "-c", script, "sh", "{reference}"]);
    let command = by_pointers(&format!("exec: {words}"));
    assert_eq!(seen("command", &url, &command, &folder).await, expected);

    rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    let path = folder.path();
    let sqlite = Shop {
        url: "sqlite:shop.db".into(),
        mark: "?",
        float: "",
        exact: "text",
        forever: "",
        folder: path,
    };
    fill(&sqlite).await;
    assert_eq!(seen("sqlite", &url, &by_columns(&sqlite), &folder).await, expected);

    let exact = "decimal(38, 6)";
    if let Some(mut server) = Server::postgres() {
        let address = format!("postgres://shop@127.0.0.1:{}/postgres", server.port);
        let shop = Shop { url: address, mark: "$1", float: "", exact, forever: "", folder: path };
        server.until(async || super::sql::ready(shop.change("select 1", &[]).await)).await;
        fill(&shop).await;
        assert_eq!(seen("postgres", &url, &by_columns(&shop), &folder).await, expected);
    }
    if let Some(mut server) = Server::mariadb() {
        let address = format!("mariadb://root@127.0.0.1:{}/shop", server.port);
        let shop = Shop { url: address, mark: "?", float: "", exact, forever: "", folder: path };
        server.until(async || super::sql::ready(shop.change("select 1", &[]).await)).await;
        fill(&shop).await;
        assert_eq!(seen("mariadb", &url, &by_columns(&shop), &folder).await, expected);
    }
}
