//! The sound merchant and every defect, over real sockets, before a payment service of one route.
//!
//! Each defect has a play in which it shows; the sound merchant gets through every one of them.
//!
//! A play is a list of words. A status (`paid`, `confirmed`, `settled`, `expired`, `late`) becomes
//! true at the service and its event is delivered; `paid:125` names what came, in parts
//! `paid:125+125`. `hidden-…` makes it true and delivers nothing, `old-…` delivers the event
//! of a status that has passed, `forged-…:how` that of one that never was. `again` repeats the last
//! event, `at-once` three times in one instant, `new-id` under another id, `spaced` in another
//! spelling; `unknown` is an event of a type that nobody knows; `reconcile` drives the job.
//!
//! An end reads: state, fulfilments, postings, open exceptions, the last answer.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use futures::future::join_all;

use super::DEFECTS;
use super::spoken::{event, payment};
use super::stage::{Proof, Stage};

const PLAYS: &str = "
no-signature-check     | forged-confirmed:wrong-key           | awaiting 0 - - 401             | paid 1 250 - 200
optional-signature     | forged-confirmed:unsigned            | awaiting 0 - - 401             | paid 1 250 - 200
optional-signature     | forged-confirmed:wrong-key           | awaiting 0 - - 401             | awaiting 0 - - 401
mismatch-only-logged   | forged-confirmed:wrong-key           | awaiting 0 - - 401             | paid 1 250 - 200
mismatch-only-logged   | forged-confirmed:unsigned            | awaiting 0 - - 401             | awaiting 0 - - 401
empty-signature-passes | forged-confirmed:empty               | awaiting 0 - - 401             | paid 1 250 - 200
empty-signature-passes | forged-confirmed:unsigned            | awaiting 0 - - 401             | awaiting 0 - - 401
error-passes           | forged-confirmed:undecodable         | awaiting 0 - - 401             | paid 1 250 - 200
error-passes           | forged-confirmed:wrong-key           | awaiting 0 - - 401             | awaiting 0 - - 401
unknown-version-passes | forged-confirmed:unknown-version     | awaiting 0 - - 401             | paid 1 250 - 200
unknown-version-passes | forged-confirmed:wrong-key           | awaiting 0 - - 401             | awaiting 0 - - 401
empty-second-key       | forged-confirmed:empty-key           | awaiting 0 - - 401             | paid 1 250 - 200
empty-second-key       | forged-confirmed:wrong-key           | awaiting 0 - - 401             | awaiting 0 - - 401
shorter-signature-wins | forged-confirmed:truncated           | awaiting 0 - - 401             | paid 1 250 - 200
open-failure-door      | forged-expired:unsigned              | awaiting 0 - - 401             | cancelled 0 - - 200
open-failure-door      | confirmed forged-expired:unsigned    | paid 1 250 - 401               | paid 1 250 - 200
reserialised-body      | paid confirmed                       | paid 1 250 - 200               | paid 1 250 - 200
reserialised-body      | paid hidden-confirmed spaced         | paid 1 250 - 200               | provisional 0 - - 401
floating-money         | due:1000.000001 confirmed            | paid 1 1000.000001 - 200       | paid 1 1000.000001 - 200
floating-money         | due:9007199254.740993 confirmed      | paid 1 9007199254.740993 - 200 | paid 1 9007199254.740992 - 200
unknown-type-crash     | paid unknown                         | provisional 0 - - 200          | provisional 0 - - 500
no-freshness-window    | forged-confirmed:aged                | awaiting 0 - - 401             | paid 1 250 - 200
charset-confused       | hidden-confirmed noted               | paid 1 250 - 200               | awaiting 0 - - 401
charset-confused       | confirmed                            | paid 1 250 - 200               | paid 1 250 - 200
only-age-checked       | forged-confirmed:ahead               | awaiting 0 - - 401             | paid 1 250 - 200
only-age-checked       | forged-confirmed:aged                | awaiting 0 - - 401             | awaiting 0 - - 401
queue-in-memory        | confirmed restart                    | paid 1 250 - 200               | awaiting 0 - - 200
duplicates-in-memory   | confirmed again restart              | paid 1 250 - 200               | paid 1 250 - 200
duplicates-in-memory   | confirmed restart again              | paid 1 250 - 200               | paid 2 250,250 - 200
recovery-starts-now    | restart hidden-confirmed reconcile   | paid 1 250 - 200               | awaiting 0 - - 200
no-dedup               | paid confirmed again                 | paid 1 250 - 200               | paid 2 250,250 - 200
no-dedup               | confirmed settled again              | paid 1 250 - 200               | paid 2 250,250 - 200
no-dedup               | confirmed settled new-id reconcile   | paid 1 250 - 200               | paid 1 250 - 200
credit-per-status      | confirmed settled                    | paid 1 250 - 200               | paid 2 250,250 - 200
credit-per-status      | paid confirmed again new-id reconcile | paid 1 250 - 200              | paid 1 250 - 200
event-id-only          | paid confirmed new-id                | paid 1 250 - 200               | paid 2 250,250 - 200
event-id-only          | confirmed settled new-id             | paid 1 250 - 200               | paid 2 250,250 - 200
event-id-only          | confirmed again settled reconcile    | paid 1 250 - 200               | paid 1 250 - 200
payment-id-only        | paid confirmed                       | paid 1 250 - 200               | provisional 0 - - 200
payment-id-only        | paid confirmed reconcile             | paid 1 250 - 200               | paid 1 250 - 200
check-then-insert      | confirmed again new-id settled       | paid 1 250 - 200               | paid 1 250 - 200
check-then-insert      | hidden-confirmed at-once             | paid 1 250 - 200               | paid 3 250,250,250 - 200
latest-snapshot-wins   | settled old-confirmed old-paid       | paid 1 250 - 200               | provisional 1 250 - 200
latest-snapshot-wins   | confirmed old-paid again settled     | paid 1 250 - 200               | paid 1 250 - 200
expiry-always-wins     | confirmed:late old-expired           | paid 1 250 - 200               | cancelled 1 250 - 200
expiry-always-wins     | expired late confirmed:late          | paid 1 250 - 200               | paid 1 250 - 200
expiry-is-final        | expired late confirmed:late          | paid 1 250 - 200               | cancelled 0 - - 200
expiry-is-final        | expired late                         | exception 0 - late-payment 200 | exception 0 - late-payment 200
ships-when-seen        | paid                                 | provisional 0 - - 200          | paid 1 250 - 200
ships-when-seen        | paid confirmed settled reconcile     | paid 1 250 - 200               | paid 1 250 - 200
late-money-ignored     | expired late reconcile               | exception 0 - late-payment 200 | cancelled 0 - - 200
late-money-ignored     | expired late confirmed:late          | paid 1 250 - 200               | paid 1 250 - 200
amount-not-compared    | expired:100 confirmed:100            | exception 0 - amount-mismatch 200 | paid 1 250 - 200
amount-not-compared    | expired:100                          | exception 0 - amount-mismatch 200 | exception 0 - amount-mismatch 200
running-totals-booked  | confirmed                            | paid 1 250 - 200               | paid 1 250 - 200
running-totals-booked  | confirmed:125+125                    | paid 1 250 - 200               | paid 1 125,250 - 200
duplicate-is-an-error  | confirmed again                      | paid 1 250 - 200               | paid 1 250 - 500
refund-needs-paid-order | hidden-confirmed refunded           | refunded 0 refund:250 - 200    | awaiting 0 - - 200
any-money-silences-expiry | expired:100                       | exception 0 - amount-mismatch 200 | awaiting 0 - - 200
one-confirmation-is-enough | hidden-paid:one-block reconcile  | provisional 0 - - 200          | paid 1 250 - 200
reversal-ignored       | confirmed failed:0                   | exception 1 250,reversal:250 reversed-after-final 200 | paid 1 250 - 200
failure-is-completion  | paid failed                          | exception 0 - delayed-confirmation 200 | paid 1 250 - 200
deadline-beats-confirmation | paid confirmed:overdue          | paid 1 250 - 200               | provisional 0 - - 200
lost-dispute-ignored   | settled lost                         | exception 1 250,reversal:250 reversed-after-final 200 | paid 1 250 - 200
dispute-parks-for-good | settled opened won                   | paid 1 250 - 200               | exception 1 250 reversed-after-final 200
hundredths-compared    | confirmed:249.999999                 | exception 0 - amount-mismatch 200 | paid 1 250 - 200
asset-not-compared     | detected:other-asset                 | awaiting 0 - - 200             | paid 1 250 - 200
contract-not-compared  | detected:look-alike                  | awaiting 0 - - 200             | paid 1 250 - 200
network-not-compared   | detected:other-network               | awaiting 0 - - 200             | paid 1 250 - 200
reverted-counts        | detected:failing                     | awaiting 0 - - 200             | paid 1 250 - 200
untagged-counts        | detected:untagged                    | awaiting 0 - - 200             | paid 1 250 - 200
requested-counts       | detected:asked                       | awaiting 0 - - 200             | paid 1 250 - 200
partial-is-full        | settled part                         | paid 1 250,refund:60 - 200     | refunded 1 250,refund:250 - 200
refund-booked-when-created | settled sent                     | paid 1 250 - 200               | paid 1 250,refund:60 - 200
failed-refund-is-done  | settled broke                        | paid 1 250 - 200               | paid 1 250,refund:60 - 200
test-event-refused     | test                                 | awaiting 0 - - 200             | awaiting 0 - - 422
no-recovery            | hidden-confirmed reconcile           | paid 1 250 - 200               | awaiting 0 - - 200
recovery-books-again   | hidden-confirmed reconcile reconcile | paid 1 250 - 200               | paid 1 250 - 200
recovery-books-again   | confirmed settled reconcile          | paid 1 250 - 200               | paid 2 250,250 - 200
";

/// How the first creation was answered, whether it was carried out, and what the defect makes of
/// the second.
const CREATIONS: &[(&str, u16, &str, bool, &str)] = &[
    ("key-per-attempt", 500, "{}", true, "201, 2 created"),
    ("timeout-is-failure", 503, "{}", true, "409, 1 created"),
    ("status-is-enough", 202, "{}", false, "201, 0 created"),
    ("unreadable-is-fatal", 201, "<html>", true, "409, 1 created"),
];

/// What only the sound merchant is asked.
const SOUND: &str = "
created unknown                            | awaiting 0 - - 200
pending:100                                | awaiting 0 - - 200
late old-expired                           | exception 0 - late-payment 200
confirmed:300                              | paid 1 250 amount-mismatch 200
confirmed:300 settled:300 reconcile        | paid 1 250 amount-mismatch 200
expired:100 confirmed:250                  | paid 1 250 - 200
settled old-confirmed old-paid old-created | paid 1 250 - 200
hidden-expired:100 reconcile               | exception 0 - amount-mismatch 200
paid held                                  | exception 0 - policy-hold 200
paid held confirmed old-held               | paid 1 250 - 200
confirmed failed:0                         | exception 1 250,reversal:250 reversed-after-final 200
confirmed failed:0 again old-confirmed     | exception 1 250,reversal:250 reversed-after-final 200
cancelled                                  | cancelled 0 - - 200
settled refunded again                     | refunded 1 250,refund:250 - 200
hidden-refunded reconcile                  | refunded 0 refund:250 - 200
";

#[tokio::test]
async fn the_sound_merchant_ends_right() {
    for row in SOUND.lines().filter(|row| !row.is_empty()) {
        let (play, end) = row.split_once('|').unwrap();
        check(None, play.trim(), end.trim()).await;
    }
}

#[tokio::test]
async fn each_defect_shows_and_the_sound_merchant_stands() {
    let mut shown = BTreeSet::new();
    for row in PLAYS.lines().filter(|row| !row.is_empty()) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let &[defect, play, sound, planted] = &cells[..] else { panic!("four cells: {row}") };
        check(None, play, sound).await;
        check(Some(defect), play, planted).await;
        if sound != planted {
            shown.insert(defect);
        }
    }
    for (defect, status, body, is_done, planted) in CREATIONS {
        let status = StatusCode::from_u16(*status).unwrap();
        assert_eq!(created(None, status, body, *is_done).await, "201, 1 created");
        assert_eq!(created(Some(defect), status, body, *is_done).await, *planted, "{defect}");
        shown.insert(defect);
    }
    assert_eq!(told_before_the_answer(None).await, "paid 1 250 -");
    assert_eq!(told_before_the_answer(Some("early-event-lost")).await, "awaiting 0 - -");
    shown.insert("early-event-lost");
    assert_eq!(created_by_two_lives(None).await, 1);
    assert_eq!(created_by_two_lives(Some("key-of-the-process")).await, 2);
    shown.insert("key-of-the-process");
    let all = DEFECTS.iter().map(|defect| defect.name).collect();
    assert_eq!(shown, all, "each defect needs a play that shows it");
}

/// The second of two checkouts, where the creation that the first one made was answered so.
async fn created(
    defect: Option<&str>,
    status: StatusCode,
    body: &'static str,
    is_done: bool,
) -> String {
    let stage = Stage::start(defect).await;
    stage.answer_next(status, body, is_done);
    let _first = stage.check_out("250").await;
    let second = stage.check_out("250").await;
    format!("{}, {} created", second.as_u16(), stage.payments_created())
}

/// How many payments come of a creation that was not heard of, and a checkout in the next life.
async fn created_by_two_lives(defect: Option<&str>) -> usize {
    let mut stage = Stage::start(defect).await;
    stage.answer_next(StatusCode::SERVICE_UNAVAILABLE, "{}", true);
    let _first = stage.check_out("250").await;
    stage.restart();
    assert_eq!(stage.check_out("250").await, StatusCode::CREATED);
    stage.payments_created()
}

/// The end, where the confirmation came before the creation was answered.
async fn told_before_the_answer(defect: Option<&str>) -> String {
    let stage = Stage::start(defect).await;
    let payment = payment("250", "confirmed", "250");
    // A creation that the service does not answer yet, as a checkout would see it time out.
    stage.answer_creations(false);
    assert_eq!(stage.check_out("250").await, StatusCode::SERVICE_UNAVAILABLE);
    stage.answer_creations(true);
    let event = event("evt_1", "payment.confirmed", &payment);
    assert_eq!(stage.send(&event.to_string(), Proof::Genuine).await, StatusCode::OK);
    assert_eq!(stage.end().await, "awaiting 0 - -");
    assert_eq!(stage.check_out("250").await, StatusCode::CREATED);
    stage.end().await
}

#[tokio::test]
async fn an_event_of_an_order_that_is_not_stored_is_asked_for_again() {
    let stage = Stage::start(None).await;
    let event = event("evt_1", "payment.confirmed", &payment("250", "confirmed", "250"));
    let answer = stage.send(&event.to_string(), Proof::Genuine).await;
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_checkout_submitted_twice_creates_one_payment() {
    let stage = Stage::start(None).await;
    let answers = join_all([stage.check_out("250"), stage.check_out("250.00")]).await;
    assert_eq!(answers, [StatusCode::CREATED; 2]);
    assert_eq!(stage.check_out("251").await, StatusCode::CONFLICT);
    assert_eq!(stage.payments_created(), 1);
}

async fn check(defect: Option<&str>, play: &str, end: &str) {
    let mut stage = Stage::start(defect).await;
    let ended = stage.play(play).await;
    assert_eq!(ended, end, "`{play}` with {}", defect.unwrap_or("no defect"));
}
