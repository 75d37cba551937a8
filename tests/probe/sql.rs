//! Statements against the three databases: exact, bound, read-only, in time.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign::history::Answer;

use super::server::Server;
use super::{do_, look};

/// A database, and how its words differ.
pub struct Shop<'s> {
    pub url: String,
    /// What stands for the first value.
    pub mark: &'s str,
    /// A column type that is a float, and one that keeps decimals.
    pub float: &'s str,
    pub exact: &'s str,
    /// A query that takes forever.
    pub forever: &'s str,
    pub folder: &'s Path,
}

impl Shop<'_> {
    pub fn observe(&self, query: &str, map: &str) -> String {
        let query = query.replace("$1", self.mark);
        let url = &self.url;
        format!(
            "observe:\n  order: {{sql: {{url: \"{url}\", query: \"{query}\"}}, map: {{{map}}}}}\n\
             lifecycle: {{paid: [p]}}\n"
        )
    }

    pub fn ledger(&self, query: &str) -> String {
        let query = query.replace("$1", self.mark);
        let order = self.observe("select 'p' as state where $1 <> ''", "state: state");
        let (order, lifecycle) = order.split_once("lifecycle").unwrap();
        format!(
            "{order}  ledger: {{sql: {{url: \"{}\", query: \"{query}\"}}, \
             map: {{kind: kind, amount: amount, asset: asset}}}}\nlifecycle{lifecycle}",
            self.url
        )
    }

    pub async fn change(&self, statement: &str, args: &[&str]) -> Answer {
        let args = serde_json::json!(args);
        let sections = format!(
            "drive:\n  cancel: {{sql: {{url: \"{}\", statement: {}, args: {args}}}}}\n",
            self.url,
            serde_json::json!(statement.replace("$1", self.mark)),
        );
        do_(&sections, self.folder, "cancel", &[("reference", "it's")]).await
    }

    #[track_caller]
    pub fn done(answer: Answer) {
        assert!(matches!(answer, Answer::Ran(_)), "{answer:?}");
    }
}

/// What every database must do alike.
async fn check(shop: &Shop<'_>) {
    let folder = shop.folder;
    let create = format!(
        "create table orders (reference varchar(80), state varchar(10), n integer, \
         amount {}, bad {})",
        shop.exact, shop.float
    );
    Shop::done(shop.change(&create, &[]).await);
    let insert = "insert into orders values ($1, 'p', 2, '12345678901234567890.123456', 0.5)";
    Shop::done(shop.change(insert, &["{reference}"]).await);

    // By name, exactly, and bound whatever the reference holds.
    let query = "select n as goods, state from orders where reference = $1";
    let order = shop.observe(query, "state: state, fulfilments: goods");
    let seen = look(&order, folder, "it's").await.unwrap();
    assert_eq!((seen.state.unwrap().as_str(), seen.fulfilments), ("paid", Some(2)));
    for other in ["it", "' or '1'='1", "x'; drop table orders; --", "$1", "?"] {
        assert_eq!(look(&order, folder, other).await.unwrap().state, None, "{other}");
    }
    let exact = "select 'credit' as kind, amount, 'USDT' as asset from orders where reference = $1";
    let seen = look(&shop.ledger(exact), folder, "it's").await.unwrap();
    assert_eq!(seen.postings.unwrap()[0].amount, "12345678901234567890.123456");

    // What cannot be read is told.
    let inexact = exact.replace("amount", "bad as amount");
    told(shop, &shop.ledger(&inexact), &["ledger: ", "column `amount` is", "cannot hold money"])
        .await;
    let number = exact.replace("amount", "n as amount");
    told(shop, &shop.ledger(&number), &["ledger /0/amount: 2 is not a decimal string"]).await;
    let lost = shop.observe("select state as s from orders where reference = $1", "state: state");
    told(shop, &lost, &["order: ", "no column `state`; the query answers s"]).await;
    let table = shop.observe("select state from purchases where reference = $1", "state: state");
    told(shop, &table, &["order: the database says: ", "purchases"]).await;
    let twice = "select state, state from orders where reference = $1";
    told(shop, &shop.observe(twice, "state: state"), &["`state` stands twice"]).await;

    // A look changes nothing.
    let write =
        shop.observe("delete from orders where reference = $1 returning state", "state: state");
    let why = look(&write, folder, "it's").await.unwrap_err().to_lowercase();
    assert!(
        why.contains("read-only") || why.contains("read only") || why.contains("readonly"),
        "{why}"
    );
    assert_eq!(look(&order, folder, "it's").await.unwrap().fulfilments, Some(2));

    // Nor does it wait for ever.
    let began = Instant::now();
    let why = look(&shop.observe(shop.forever, "state: state"), folder, "it's").await.unwrap_err();
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(4) && took < Duration::from_secs(60), "{took:?}: {why}");

    // What is driven by a statement happens, and what it answers can be captured.
    Shop::done(shop.change("update orders set n = 3 where reference = $1", &["{reference}"]).await);
    assert_eq!(look(&order, folder, "it's").await.unwrap().fulfilments, Some(3));
    let refused = shop.change("update purchases set n = 3 where reference = $1", &["x"]).await;
    assert!(matches!(&refused, Answer::Failed(why) if why.contains("purchases")), "{refused:?}");
}

async fn told(shop: &Shop<'_>, sections: &str, words: &[&str]) {
    let why = look(sections, shop.folder, "it's").await.unwrap_err();
    for word in words {
        assert!(why.contains(word), "{why}\nlacks {word}");
    }
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    let shop = Shop {
        url: "sqlite:shop.db".to_owned(),
        mark: "?",
        float: "real",
        exact: "text",
        forever: "with recursive n(i) as (select 1 union all select i + 1 from n) \
                  select 'p' as state from n where i < 0 and $1 <> ''",
        folder: folder.path(),
    };
    check(&shop).await;
    let absent =
        shop.observe("select 1 where $1 = ''", "state: state").replace("shop.db", "none.db");
    told(&shop, &absent, &["unable to open database file", "none.db"]).await;
    assert!(!folder.path().join("none.db").exists());
}

#[tokio::test]
async fn postgres() {
    let Some(mut server) = Server::postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop {
        url: format!("postgres://shop@127.0.0.1:{}/postgres", server.port),
        mark: "$1",
        float: "double precision",
        exact: "numeric(38, 6)",
        forever: "select 'p' as state, pg_sleep(1000) where $1 <> ''",
        folder: folder.path(),
    };
    server.until(async || ready(shop.change("select 1", &[]).await)).await;
    check(&shop).await;
    // Columns that have types of their own, and a reference that is no text.
    Shop::done(shop.change("create type state as enum ('p', 'n')", &[]).await);
    let odd = "create table odd (id bigint, state state, pays text[], ok boolean, key uuid, at timestamptz)";
    Shop::done(shop.change(odd, &[]).await);
    let row = "insert into odd values ($1, 'p', '{a,b}', true, gen_random_uuid(), now())";
    Shop::done(shop.change(row, &["17"]).await);
    let map = "state: state, payments: pays";
    let seen =
        look(&shop.observe("select * from odd where id = $1", map), folder.path(), "17").await;
    let seen = seen.unwrap();
    assert_eq!((seen.state.unwrap().as_str(), seen.payments.unwrap().len()), ("paid", 2));
    let at = shop.observe("select at as state from odd where id = $1", "state: state");
    let why = look(&at, folder.path(), "17").await.unwrap_err();
    assert!(why.contains("timestamptz, which is not read; cast it to text"), "{why}");

    // A user who may not.
    Shop::done(shop.change("create role poor login", &[]).await);
    let poor = shop.observe("select state from orders where reference = $1", "state: state");
    told(&shop, &poor.replace("shop@", "poor@"), &["permission denied for table orders"]).await;

    // Nobody is left in the database once its hands are let go of.
    let left = "select count(*)::int as goods, 'p' as state from pg_stat_activity \
                where application_name = 'countersign' and $1 <> ''";
    let left = shop.observe(left, "state: state, fulfilments: goods");
    let deadline = Instant::now() + Duration::from_secs(20);
    // The one who asks is still there.
    while look(&left, folder.path(), "it's").await.unwrap().fulfilments != Some(1) {
        assert!(Instant::now() < deadline, "connections are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn mariadb() {
    let Some(mut server) = Server::mariadb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop {
        url: format!("mysql://root@127.0.0.1:{}/shop", server.port),
        mark: "?",
        float: "double",
        exact: "decimal(38, 6)",
        forever: "select 'p' as state, sleep(1000) from orders where $1 <> ''",
        folder: folder.path(),
    };
    server.until(async || ready(shop.change("select 1", &[]).await)).await;
    check(&shop).await;
    Shop::done(shop.change("create user poor@localhost identified by 'hushhush'", &[]).await);
    let orders = shop.observe("select state from orders where reference = $1", "state: state");
    let poor = orders.replace("mysql://root@", "mariadb://poor:hushhush@").replace("/shop", "");
    told(&shop, &poor.replace("from orders", "from shop.orders"), &["SELECT command denied"]).await;
    let wrong = orders.replace("root@", "poor:wrong@");
    told(&shop, &wrong, &["Access denied for user 'poor'"]).await;
}

pub fn ready(answer: Answer) -> Result<(), String> {
    match answer {
        Answer::Ran(_) => Ok(()),
        other => Err(other.tell()),
    }
}
