"""A small web shop that is paid in stablecoins.

It opens orders, has the payment service create a payment for each, ships and books when the
service confirms the money, and puts on hold what a person has to look at.

    python3 app.py init     creates the tables
    python3 app.py          serves on 127.0.0.1:$PORT
"""

import json
import os
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BODY = 1024 * 1024
ASSETS = {("USDT", "tron"): 6, ("USDC", "base"): 6, ("BTC", "bitcoin"): 8, ("XRP", "xrpl"): 6}
KNOWN_EVENTS = {
    f"payment.{word}"
    for word in (
        "created detected underpaid paid overpaid confirmed settled expired late"
        " reverted failed cancelled held released"
    ).split()
}

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS orders (
    reference TEXT PRIMARY KEY, account TEXT NOT NULL, asset TEXT NOT NULL, network TEXT NOT NULL,
    amount TEXT NOT NULL, payment TEXT UNIQUE, status TEXT NOT NULL DEFAULT 'new',
    version INTEGER NOT NULL DEFAULT 0, shipments INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS news (payment TEXT, news TEXT, PRIMARY KEY (payment, news));
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, reference TEXT NOT NULL, payment TEXT NOT NULL,
    value TEXT NOT NULL, currency TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_by_reference ON ledger (reference);
CREATE TABLE IF NOT EXISTS cases (
    reference TEXT, payment TEXT, type TEXT, closed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (reference, payment, type));
"""


class Settings(NamedTuple):
    port: int
    db: str
    api: str
    api_key: str
    account: str
    livemode: bool
    webhook: Webhook

    @classmethod
    def from_environment(cls):
        env = os.environ
        return cls(
            port=int(env["PORT"]),
            db=env["DB"],
            api=env["PAYMENTS_API"].rstrip("/"),
            api_key=env["PAYMENTS_KEY"],
            account=env["PAYMENTS_ACCOUNT"],
            livemode=env.get("LIVEMODE", "true") == "true",
            webhook=Webhook(env["WEBHOOK_SECRET"]),
        )


class Payment(NamedTuple):
    """A payment as the service shows it, in an event or when it is asked."""

    id: str
    account: str
    livemode: bool
    reference: str
    status: str
    version: int
    asset: str
    network: str
    due: Decimal
    received: Decimal
    late: bool
    foreign: bool

    @classmethod
    def read(cls, shown):
        rail, amount = shown["rail"], shown["amount"]
        plain = {name: shown[name] for name in ("id", "account", "livemode", "reference")}
        return cls(
            **plain,
            status=shown["status"],
            # It grows with every change of status: news of an earlier one undoes nothing.
            version=len(shown["status_timeline"]),
            asset=rail["asset"],
            network=rail["network"],
            due=Decimal(amount["due"]),
            received=Decimal(amount["received"]),
            late="late" in shown["flags"],
            foreign="wrong_asset" in shown["flags"],
        )

    def news(self):
        """What makes this more than a repetition; the wording of the message is no part of it."""
        seen = f"money={self.received > 0} late={self.late} foreign={self.foreign}"
        return f"{self.status} {self.version} {seen}"


class Refused(Exception):
    """Why a request is not carried out, and the status that says so."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


# ---------------------------------------------------------------------------------------- books


def connect(path):
    db = sqlite3.connect(path, isolation_level=None, timeout=5)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous = NORMAL")
    return db


@contextmanager
def transaction(db):
    """One writer at a time; all of it is stored or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def find_order(db, reference):
    return db.execute("SELECT * FROM orders WHERE reference = ?", [reference]).fetchone()


def is_first_time(db, payment):
    """Notes the news; whether it is the first time that this shop hears it."""
    noted = db.execute("INSERT OR IGNORE INTO news VALUES (?, ?)", [payment.id, payment.news()])
    return noted.rowcount == 1


def open_case(db, payment, kind):
    insert = "INSERT OR IGNORE INTO cases (reference, payment, type) VALUES (?, ?, ?)"
    db.execute(insert, [payment.reference, payment.id, kind])


def close_cases(db, payment, kind="%"):
    update = "UPDATE cases SET closed = 1 WHERE payment = ? AND type LIKE ?"
    db.execute(update, [payment.id, kind])


def move(db, payment, status):
    update = "UPDATE orders SET status = ?, version = ? WHERE reference = ?"
    db.execute(update, [status, payment.version, payment.reference])


def post(db, payment, kind, value):
    insert = "INSERT INTO ledger (type, reference, payment, value, currency) VALUES (?, ?, ?, ?, ?)"
    entry = [kind, payment.reference, payment.id, format(value, "f"), payment.asset]
    db.execute(insert, entry)


# ------------------------------------------------------------------------- what payments lead to


def apply(db, payment):
    """Brings an order up to what the service says of its payment. Runs inside a transaction.

    Events and reconciliation both end here, in whatever order they come.
    """
    order = find_order(db, payment.reference)
    if order is None:
        raise Refused(503, "no such order yet")
    # Webhooks are delivered at least once, and the same news may come under a new event id.
    # Without this line, a repeated webhook would book and ship again.
    if not is_first_time(db, payment): return
    is_money = payment.received > 0
    if order["payment"] not in (None, payment.id):
        if is_money:
            open_case(db, payment, "paid_twice")
        return
    ordered = (order["asset"], order["network"], Decimal(order["amount"]))
    if (payment.asset, payment.network, payment.due) != ordered:
        if is_money:
            open_case(db, payment, "wrong_terms")
            move(db, payment, "on_hold")
        return
    # Only this shop creates payments for its references, so an event that overtakes the answer
    # to the creation names the right one.
    bind = "UPDATE orders SET payment = ? WHERE reference = ?"
    db.execute(bind, [payment.id, payment.reference])
    if payment.version < order["version"]:
        return
    if payment.foreign:
        open_case(db, payment, "foreign")
    match payment.status:
        case "pending":
            # It was seen, and it is gone again.
            seen = order["status"] == "processing"
            move(db, payment, "new" if seen else order["status"])
        case "paid":
            close_cases(db, payment, "held")
            move(db, payment, "processing")
        case "held":
            open_case(db, payment, "held")
            is_complete = order["status"] == "complete"
            move(db, payment, "complete" if is_complete else "on_hold")
        case "expired":
            if is_money:
                open_case(db, payment, "late" if payment.late else "underpaid")
            held = is_money or payment.foreign or order["status"] == "on_hold"
            move(db, payment, "on_hold" if held else "expired")
        case "cancelled":
            move(db, payment, "expired")
        case "failed":
            take_back(db, payment)
        case "confirmed" | "settled":
            complete(db, order, payment)


def complete(db, order, payment):
    """The money is there: book it and ship, unless a person has to decide first."""
    if payment.received < payment.due:
        open_case(db, payment, "underpaid")
        move(db, payment, "on_hold")
        return
    move(db, payment, "complete")
    close_cases(db, payment, "held")
    # Settled follows confirmed and brings nothing new, unless confirmed never came.
    if order["status"] == "complete" and payment.version > order["version"]:
        return
    close_cases(db, payment)
    if payment.received > payment.due:
        open_case(db, payment, "overpaid")
    post(db, payment, "receipt", payment.received)
    ship = "UPDATE orders SET shipments = shipments + 1 WHERE reference = ?"
    db.execute(ship, [payment.reference])


def take_back(db, payment):
    """The money will not stay: what was booked is reversed, and a person has to look."""
    select = "SELECT value FROM ledger WHERE payment = ? AND type = 'receipt'"
    booked = sum(Decimal(value) for (value,) in db.execute(select, [payment.id]))
    if booked:
        post(db, payment, "reversal", booked)
    close_cases(db, payment)
    open_case(db, payment, "taken_back" if booked else "failed")
    move(db, payment, "on_hold")


# ----------------------------------------------------------------------------- payment service


def ask(settings, method, path, body=None, headers=None):
    request = urllib.request.Request(settings.api + path, method=method)
    request.add_header("x-api-key", settings.api_key)
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    # The service is on a known host; a proxy of the environment has no business in between.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        final = error.code in (400, 404, 422)
        raise Refused(422 if final else 503, f"the payment service said {error.code}") from error
    except (OSError, ValueError) as error:
        raise Refused(503, "the payment service does not answer") from error


def check_out(db, settings, wanted):
    reference, amount = wanted["reference"], Decimal(wanted["amount"])
    asset, network = wanted["asset"], wanted["network"]
    decimals = ASSETS.get((asset, network))
    if decimals is None or amount <= 0 or -amount.as_tuple().exponent > decimals:
        raise Refused(422, "this shop does not sell for that")
    db.execute(
        "INSERT OR IGNORE INTO orders (reference, account, asset, network, amount)"
        " VALUES (?, ?, ?, ?, ?)",
        [reference, settings.account, asset, network, format(amount, "f")],
    )
    order = find_order(db, reference)
    if (order["asset"], order["network"], Decimal(order["amount"])) != (asset, network, amount):
        raise Refused(409, "another order has this reference")
    if order["payment"] is None:
        body = {key: order[key] for key in ("reference", "amount", "asset", "network")}
        try:
            # One order, one key: however often this is sent, there is one payment.
            shown = ask(settings, "POST", "/v1/payments", body, {"idempotency-key": reference})
        except Refused as refused:
            if refused.status == 422:
                unpaid = "DELETE FROM orders WHERE reference = ? AND payment IS NULL"
                db.execute(unpaid, [reference])
            raise
        with transaction(db):
            apply(db, Payment.read(shown))
    return {"reference": reference, "payment": find_order(db, reference)["payment"]}


def reconcile(db, settings):
    """Asks the service about every order that is not complete, and applies what it says."""
    select = "SELECT reference FROM orders WHERE account = ? AND status <> 'complete'"
    unfinished = db.execute(select, [settings.account]).fetchall()
    for (reference,) in unfinished:
        query = urllib.parse.urlencode({"reference": reference})
        for shown in ask(settings, "GET", f"/v1/payments?{query}")["data"]:
            with transaction(db):
                apply(db, Payment.read(shown))
    return {"asked": len(unfinished)}


def receive(db, settings, body, headers):
    """Takes in a webhook: proof first, on the bytes as they came."""
    try:
        settings.webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise Refused(401, "not authentic") from error
    event = json.loads(body)
    if event["type"] not in KNOWN_EVENTS:
        return
    payment = Payment.read(event["data"]["payment"])
    if (payment.account, payment.livemode) == (settings.account, settings.livemode):
        with transaction(db):
            apply(db, payment)


# ----------------------------------------------------------------------------------------- HTTP


def show_order(db, reference):
    order = find_order(db, reference)
    if order is None:
        raise Refused(404, "no such order")
    return {
        "reference": reference,
        "status": order["status"],
        "payments": [order["payment"]] if order["payment"] else [],
        "shipments": {"count": order["shipments"]},
    }


def show_ledger(db, reference):
    rows = db.execute("SELECT * FROM ledger WHERE reference = ? ORDER BY id", [reference])
    return {"items": [dict(row) for row in rows]}


def show_exceptions(db, reference):
    select = "SELECT type, payment FROM cases WHERE reference = ? AND NOT closed ORDER BY type"
    rows = db.execute(select, [reference])
    return {"items": [dict(row) for row in rows]}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    settings: Settings

    def setup(self):
        super().setup()
        self.db = connect(self.settings.db)

    def finish(self):
        self.db.close()
        super().finish()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        reference = dict(urllib.parse.parse_qsl(url.query)).get("reference", "")
        match url.path.split("/")[1:]:
            case ["healthz"]:
                self.carry_out(200, dict)
            case ["orders", quoted]:
                self.carry_out(200, show_order, self.db, urllib.parse.unquote(quoted))
            case ["ledger"]:
                self.carry_out(200, show_ledger, self.db, reference)
            case ["exceptions"]:
                self.carry_out(200, show_exceptions, self.db, reference)
            case _:
                self.answer(404, {"error": "nothing here"})

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > LARGEST_BODY:
            self.close_connection = True
            return self.answer(413, {"error": "too large"})
        body = self.rfile.read(length)
        match self.path:
            case "/webhooks/payments":
                self.carry_out(204, receive, self.db, self.settings, body, self.headers)
            case "/orders":
                self.carry_out(201, lambda: check_out(self.db, self.settings, json.loads(body)))
            case "/admin/reconcile":
                self.carry_out(200, reconcile, self.db, self.settings)
            case _:
                self.answer(404, {"error": "nothing here"})

    def carry_out(self, status, work, *arguments):
        try:
            self.answer(status, work(*arguments))
        except Refused as refused:
            self.answer(refused.status, {"error": str(refused)})
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            self.log_error("unreadable: %r", error)
            self.answer(400, {"error": "unreadable"})
        except sqlite3.Error as error:
            self.log_error("database: %r", error)
            self.answer(503, {"error": "try again"})

    def answer(self, status, shown):
        body = b"" if shown is None else json.dumps(shown).encode()
        self.send_response(status)
        if shown is not None:
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """Only what goes wrong is logged."""


def main():
    Shop.settings = Settings.from_environment()
    connect(Shop.settings.db).executescript(TABLES)
    if sys.argv[1:] != ["init"]:
        # A provider may release many copies of an event at once.
        ThreadingHTTPServer.request_queue_size = 128
        ThreadingHTTPServer(("127.0.0.1", Shop.settings.port), Shop).serve_forever()


if __name__ == "__main__":
    main()
