"""A small shop that is paid through one provider only, by that provider's own contract.

It opens orders, has the provider make an invoice for each, takes its signed notifications, and books
and ships when the money is there. The invoice names no amount, so comparing is done here.

    python3 app.py          serves on 127.0.0.1:$PORT; needs nothing but Python
"""

import hashlib
import hmac
import json
import os
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
DB = os.environ["DB"]
API = os.environ["KOBBOPAY_API"].rstrip("/")
PUBLIC = os.environ["KOBBOPAY_PUBLIC"]
PRIVATE = os.environ["KOBBOPAY_PRIVATE"].encode()
WEBHOOK_SECRET = os.environ["KOBBOPAY_WEBHOOK_SECRET"].encode()

TOKENS = {
    ("USDT", "tron"): "USDTTRC",
    ("USDT", "bsc"): "USDTBSC",
    ("USDT", "ethereum"): "USDTERC",
}
TOLERANCE_S = 300
TRIES = 3
LARGEST_BODY = 1024 * 1024
NEWS = {
    "payment.created", "transaction.created", "payment.paid", "payment.confirmed",
    "payment.partial", "payment.partial_settled", "payment.expired", "payment.overpaid",
    "payment.late", "payment.reverted", "payment.failed", "payment.held", "payment.released",
    "payment.cancelled",
}

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS orders (
    reference TEXT PRIMARY KEY, asset TEXT NOT NULL, token TEXT NOT NULL, amount TEXT NOT NULL,
    tracker TEXT UNIQUE, state TEXT NOT NULL DEFAULT 'awaiting', shipped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS news (tracker TEXT, news TEXT, PRIMARY KEY (tracker, news));
CREATE TABLE IF NOT EXISTS postings (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL, kind TEXT NOT NULL, amount TEXT NOT NULL,
    asset TEXT NOT NULL, payment_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exceptions (
    reference TEXT, class TEXT, payment_id TEXT, closed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (reference, class, payment_id));
"""


class Refused(Exception):
    """Why a request is not carried out, and the status that says so."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


# ---------------------------------------------------------------------------------------- books


def connect():
    db = sqlite3.connect(DB, isolation_level=None, timeout=10)
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


def find(db, reference):
    return db.execute("SELECT * FROM orders WHERE reference = ?", [reference]).fetchone()


def is_first_time(db, invoice):
    """Notes the news; whether it is the first time that this shop hears it."""
    news = f"{invoice['status']} {invoice['received']} {sorted(invoice['flags'])}"
    note = "INSERT OR IGNORE INTO news VALUES (?, ?)"
    return db.execute(note, [invoice["tracker_id"], news]).rowcount == 1


def open_exception(db, invoice, kind):
    insert = "INSERT OR IGNORE INTO exceptions (reference, class, payment_id) VALUES (?, ?, ?)"
    db.execute(insert, [invoice["client_transaction_id"], kind, invoice["tracker_id"]])


def close_exceptions(db, invoice, kind="%"):
    update = "UPDATE exceptions SET closed = 1 WHERE payment_id = ? AND class LIKE ?"
    db.execute(update, [invoice["tracker_id"], kind])


def move(db, invoice, state):
    update = "UPDATE orders SET state = ? WHERE reference = ?"
    db.execute(update, [state, invoice["client_transaction_id"]])


def post(db, order, invoice, kind, amount):
    insert = (
        "INSERT INTO postings (reference, kind, amount, asset, payment_id) VALUES (?, ?, ?, ?, ?)"
    )
    entry = [order["reference"], kind, format(amount, "f"), order["asset"], invoice["tracker_id"]]
    db.execute(insert, entry)


# --------------------------------------------------------------------- what invoices lead to


def apply(db, invoice):
    """Brings an order up to what the provider says of its invoice. Runs inside a transaction."""
    order = find(db, invoice["client_transaction_id"])
    if order is None:
        raise Refused(503, "no such order yet")
    # The id of a notification is the same for every occurrence of its type, so it is no proof of
    # repetition. Without this line, a repeated notification would book and ship again.
    if not is_first_time(db, invoice): return
    received, due = Decimal(invoice["received"]), Decimal(order["amount"])
    if order["tracker"] not in (None, invoice["tracker_id"]):
        if received > 0:
            open_exception(db, invoice, "duplicate-payment")
        return
    bind = "UPDATE orders SET tracker = ? WHERE reference = ?"
    db.execute(bind, [invoice["tracker_id"], order["reference"]])
    if invoice["token"] != order["token"] or "wrong_asset" in invoice["flags"]:
        open_exception(db, invoice, "wrong-asset")
    match invoice["status"]:
        case "Pending":
            seen = order["state"] == "provisional"
            move(db, invoice, "awaiting" if seen else order["state"])
        case "Paid":
            close_exceptions(db, invoice, "policy-hold")
            move(db, invoice, "provisional")
        case "Held":
            open_exception(db, invoice, "policy-hold")
            move(db, invoice, "paid" if order["state"] == "paid" else "exception")
        case "Confirmed":
            confirm(db, order, invoice, received, due)
        case "Expired":
            if received > 0:
                late = "late" in invoice["flags"]
                open_exception(db, invoice, "late-payment" if late else "amount-mismatch")
            parked = received > 0 or "wrong_asset" in invoice["flags"]
            move(db, invoice, "exception" if parked else "cancelled")
        case "Cancelled":
            move(db, invoice, "cancelled")
        case "Failed":
            take_back(db, order, invoice)


def confirm(db, order, invoice, received, due):
    """The money is there: book it and ship, unless it is too little."""
    close_exceptions(db, invoice, "policy-hold")
    if received < due:
        open_exception(db, invoice, "amount-mismatch")
        move(db, invoice, "exception")
        return
    close_exceptions(db, invoice)
    if received > due:
        open_exception(db, invoice, "amount-mismatch")
    move(db, invoice, "paid")
    post(db, order, invoice, "credit", received)
    ship = "UPDATE orders SET shipped = shipped + 1 WHERE reference = ?"
    db.execute(ship, [order["reference"]])


def take_back(db, order, invoice):
    """The money will not stay: what was booked is reversed, and a person has to look."""
    select = "SELECT amount FROM postings WHERE payment_id = ? AND kind = 'credit'"
    booked = sum(Decimal(amount) for (amount,) in db.execute(select, [invoice["tracker_id"]]))
    if booked:
        post(db, order, invoice, "reversal", booked)
    close_exceptions(db, invoice)
    open_exception(db, invoice, "reversed-after-final" if booked else "delayed-confirmation")
    move(db, invoice, "exception")


# ------------------------------------------------------------------------------------ provider


def ask(method, path, body=None):
    """A signed call, tried again where the provider is busy or away."""
    text = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    for attempt in range(1, TRIES + 1):
        stamp = str(int(time.time()))
        proof = hmac.new(PRIVATE, stamp.encode() + text, hashlib.sha512).hexdigest()
        request = urllib.request.Request(API + path, method=method, data=text or None)
        request.add_header("ApiPublic", PUBLIC)
        request.add_header("Timestamp", stamp)
        request.add_header("Signature", proof)
        if text:
            request.add_header("content-type", "application/json")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504):
                final = error.code in (400, 404, 422)
                raise Refused(422 if final else 503, f"the provider said {error.code}") from error
        except (OSError, ValueError):
            pass
        if attempt < TRIES:
            time.sleep(0.2 * attempt)
    raise Refused(503, "the provider does not answer")


# News of one order is taken in one after the other: what is read later is newer.
LOCKS = defaultdict(threading.Lock)


def refresh(db, reference, tracker):
    """Asks for the invoice and applies what is true of it now."""
    with LOCKS[reference]:
        invoice = ask("GET", f"/invoice/{urllib.parse.quote(tracker, safe='')}")
        if invoice["client_transaction_id"] != reference:
            raise Refused(409, "the invoice is for another order")
        with transaction(db):
            apply(db, invoice)


def check_out(db, wanted):
    reference, amount = wanted["reference"], Decimal(wanted["amount"])
    token = TOKENS.get((wanted["asset"], wanted["network"]))
    if token is None or amount <= 0:
        raise Refused(422, "this shop does not sell for that")
    db.execute(
        "INSERT OR IGNORE INTO orders (reference, asset, token, amount) VALUES (?, ?, ?, ?)",
        [reference, wanted["asset"], token, format(amount, "f")],
    )
    order = find(db, reference)
    if (order["token"], Decimal(order["amount"])) != (token, amount):
        raise Refused(409, "another order has this reference")
    if order["tracker"] is None:
        wish = {"token": token, "client_transaction_id": reference}
        try:
            made = ask("POST", "/invoice/create", wish)
        except Refused as refused:
            if refused.status == 422:
                unpaid = "DELETE FROM orders WHERE reference = ? AND tracker IS NULL"
                db.execute(unpaid, [reference])
            raise
        bind = "UPDATE orders SET tracker = ? WHERE reference = ? AND tracker IS NULL"
        db.execute(bind, [made["tracker_id"], reference])
    return {"reference": reference, "pay_to": find(db, reference)["tracker"]}


def reconcile(db):
    """Asks about every order that is not paid, and applies what the provider says."""
    open_orders = db.execute("SELECT reference FROM orders WHERE state <> 'paid'").fetchall()
    for (reference,) in open_orders:
        query = urllib.parse.urlencode({"client_transaction_id": reference})
        for invoice in ask("GET", f"/invoices?{query}"):
            refresh(db, reference, invoice["tracker_id"])
    return {"asked": len(open_orders)}


def receive(db, body, headers):
    """Takes in a notification: proof first, on the bytes as they came."""
    stamp = headers.get("X-Kobbopay-Timestamp", "")
    signature = headers.get("X-Kobbopay-Signature", "").strip().lower()
    if not (signature and stamp.isascii() and stamp.isdigit()):
        raise Refused(400, "not signed")
    expected = hmac.new(WEBHOOK_SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Refused(401, "not authentic")
    if abs(time.time() - int(stamp)) > TOLERANCE_S:
        raise Refused(401, "too old")
    event = json.loads(body)
    if event["event"] not in NEWS:
        return {"accepted": True}
    refresh(db, event["orderId"], event["paymentId"])
    return {"accepted": True}


def show(db, reference):
    """The order as the observation contract of countersign has it."""
    order = find(db, reference)
    if order is None:
        raise Refused(404, "no such order")
    postings = db.execute("SELECT * FROM postings WHERE reference = ? ORDER BY id", [reference])
    parked = db.execute(
        "SELECT class, payment_id FROM exceptions WHERE reference = ? AND NOT closed", [reference]
    )
    return {
        "reference": reference,
        "state": order["state"],
        "payment_ids": [order["tracker"]] if order["tracker"] else [],
        "fulfilments": order["shipped"],
        "postings": [{**dict(row), "id": f"p{row['id']}"} for row in postings],
        "exceptions": [dict(row) for row in parked],
    }


# ---------------------------------------------------------------------------------------- HTTP


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.db = connect()

    def finish(self):
        self.db.close()
        super().finish()

    def do_GET(self):
        match self.path.split("/")[1:]:
            case ["healthz"]:
                self.carry_out(200, dict)
            case ["countersign", "orders", reference]:
                self.carry_out(200, show, self.db, urllib.parse.unquote(reference))
            case _:
                self.answer(404, {"error": "nothing here"})

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > LARGEST_BODY:
            self.close_connection = True
            return self.answer(413, {"error": "too large"})
        body = self.rfile.read(length)
        match self.path:
            case "/kobbopay/webhook":
                self.carry_out(200, receive, self.db, body, self.headers)
            case "/orders":
                self.carry_out(201, lambda: check_out(self.db, json.loads(body)))
            case "/admin/reconcile":
                self.carry_out(200, reconcile, self.db)
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
        body = json.dumps(shown).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """Only what goes wrong is logged."""


if __name__ == "__main__":
    connect().executescript(TABLES)
    # A provider may release many copies of an event at once.
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", PORT), Shop).serve_forever()
