// Orders, and what payments lead to. Every function that takes a client runs in its transaction.

import { pool, transaction } from "./database.js";
import { createPayment, paymentsOf, readPayment, Refused, units } from "./payment.js";

const DECIMALS = { "USDT/tron": 6, "USDC/base": 6, "BTC/bitcoin": 8, "XRP/xrpl": 6 };
const ACCOUNT = process.env.PAYMENTS_ACCOUNT;
const LIVEMODE = (process.env.LIVEMODE ?? "true") === "true";
const KNOWN_EVENTS = new Set(
  `created detected underpaid paid overpaid confirmed settled expired late
   reverted failed cancelled held released`.split(/\s+/).map((word) => `payment.${word}`),
);

/** Opens an order and has its payment created; the same request again leads to the same order. */
export async function checkOut(wanted) {
  const { reference, amount, asset, network } = wanted ?? {};
  const decimals = DECIMALS[`${asset}/${network}`];
  const fraction = String(amount).split(".")[1] ?? "";
  if (typeof reference !== "string" || decimals === undefined || fraction.length > decimals)
    throw new Refused(422, "this shop does not sell for that");
  if (units(amount) === 0n) throw new Refused(422, "this shop gives nothing away");
  await pool.query(
    `INSERT INTO orders (reference, account, asset, network, amount)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [reference, ACCOUNT, asset, network, amount],
  );
  const order = await findOrder(pool, reference);
  if (order.asset !== asset || order.network !== network || units(order.amount) !== units(amount))
    throw new Refused(409, "another order has this reference");
  if (order.payment_id === null) await pay(order);
  return { reference, payment: (await findOrder(pool, reference)).payment_id };
}

async function pay(order) {
  try {
    const payment = await createPayment(order);
    await transaction((client) => apply(client, payment));
  } catch (error) {
    if (error.statusCode === 422) {
      const unpaid = "DELETE FROM orders WHERE reference = $1 AND payment_id IS NULL";
      await pool.query(unpaid, [order.reference]);
    }
    throw error;
  }
}

/** Takes in an event whose authenticity is proven. */
export async function receive(event) {
  if (!KNOWN_EVENTS.has(event.type)) return;
  const payment = readPayment(event.data.payment);
  if (payment.account !== ACCOUNT || payment.livemode !== LIVEMODE) return;
  await transaction((client) => apply(client, payment));
}

/** Asks the service about every order that is not fulfilled, and applies what it says. */
export async function reconcile() {
  const open = "SELECT reference FROM orders WHERE account = $1 AND status <> 'fulfilled'";
  const { rows } = await pool.query(open, [ACCOUNT]);
  for (const { reference } of rows)
    for (const payment of await paymentsOf(reference))
      await transaction((client) => apply(client, payment));
  return { asked: rows.length };
}

async function findOrder(client, reference, lock = "") {
  const select = `SELECT * FROM orders WHERE reference = $1 ${lock}`;
  return (await client.query(select, [reference])).rows[0];
}

/**
 * Brings an order up to what the service says of its payment. Events and reconciliation both end
 * here, in whatever order they come, one at a time for each order.
 */
async function apply(client, payment) {
  const order = await findOrder(client, payment.reference, "FOR UPDATE");
  if (!order) throw new Refused(503, "no such order yet");
  // Webhooks are delivered at least once, and the same news may come under a new event id.
  // Without this line, a repeated webhook would book and ship again.
  if (!(await isFirstTime(client, payment))) return;
  const isMoney = payment.received > 0n;
  if (order.payment_id !== null && order.payment_id !== payment.id) {
    if (isMoney) await openReview(client, payment, "paid_twice");
    return;
  }
  const isAgreed = payment.asset === order.asset && payment.network === order.network;
  if (!isAgreed || payment.due !== units(order.amount)) {
    if (isMoney) {
      await openReview(client, payment, "other_terms");
      await move(client, payment, "review");
    }
    return;
  }
  // Only this shop creates payments for its references, so an event that overtakes the answer to
  // the creation names the right one.
  const bind = "UPDATE orders SET payment_id = $1 WHERE reference = $2";
  await client.query(bind, [payment.id, payment.reference]);
  if (payment.version < order.version) return;
  if (payment.foreign) await openReview(client, payment, "foreign_coins");
  await follow(client, order, payment, isMoney);
}

async function follow(client, order, payment, isMoney) {
  switch (payment.status) {
    case "pending":
      // It was seen, and it is gone again.
      return move(client, payment, order.status === "paying" ? "open" : order.status);
    case "paid":
      await closeReviews(client, payment, "held");
      return move(client, payment, "paying");
    case "held":
      await openReview(client, payment, "held");
      return move(client, payment, order.status === "fulfilled" ? "fulfilled" : "review");
    case "expired": {
      if (isMoney) await openReview(client, payment, payment.late ? "late" : "short");
      const isOpen = isMoney || payment.foreign || order.status === "review";
      return move(client, payment, isOpen ? "review" : "closed");
    }
    case "cancelled":
      return move(client, payment, "closed");
    case "failed":
      return takeBack(client, payment);
    case "confirmed":
    case "settled":
      return fulfil(client, order, payment);
  }
}

/** The money is there: book it and ship, unless a person has to decide first. */
async function fulfil(client, order, payment) {
  if (payment.received < payment.due) {
    await openReview(client, payment, "short");
    return move(client, payment, "review");
  }
  await move(client, payment, "fulfilled");
  await closeReviews(client, payment, "held");
  // Settled follows confirmed and brings nothing new, unless confirmed never came.
  if (order.status === "fulfilled" && payment.version > order.version) return;
  await closeReviews(client, payment);
  if (payment.received > payment.due) await openReview(client, payment, "over");
  await post(client, payment, "sale", payment.receivedText);
  const ship = "UPDATE orders SET shipments = shipments + 1 WHERE reference = $1";
  await client.query(ship, [payment.reference]);
}

/** The money will not stay: what was booked is reversed, and a person has to look. */
async function takeBack(client, payment) {
  const select = "SELECT sum(amount) AS booked FROM postings WHERE payment_id = $1 AND kind = 'sale'";
  const { booked } = (await client.query(select, [payment.id])).rows[0];
  if (booked !== null) await post(client, payment, "reversal", booked);
  await closeReviews(client, payment);
  await openReview(client, payment, booked === null ? "failed" : "taken_back");
  await move(client, payment, "review");
}

/** Notes the news; whether it is the first time that this shop hears it. */
async function isFirstTime(client, { id, status, version, received, late, foreign }) {
  // What makes it more than a repetition; the wording of the message is no part of it.
  const news = `${status} ${version} money=${received > 0n} late=${late} foreign=${foreign}`;
  const insert = "INSERT INTO news (payment_id, news) VALUES ($1, $2) ON CONFLICT DO NOTHING";
  return (await client.query(insert, [id, news])).rowCount === 1;
}

function move(client, payment, status) {
  const update = "UPDATE orders SET status = $1, version = $2 WHERE reference = $3";
  return client.query(update, [status, payment.version, payment.reference]);
}

function post(client, payment, kind, amount) {
  const insert = `INSERT INTO postings (kind, reference, payment_id, amount, asset)
                  VALUES ($1, $2, $3, $4, $5)`;
  return client.query(insert, [kind, payment.reference, payment.id, amount, payment.asset]);
}

function openReview(client, payment, reason) {
  const insert = `INSERT INTO reviews (reference, payment_id, reason) VALUES ($1, $2, $3)
                  ON CONFLICT DO NOTHING`;
  return client.query(insert, [payment.reference, payment.id, reason]);
}

function closeReviews(client, payment, reason = "%") {
  const update = `UPDATE reviews SET closed_at = now()
                  WHERE payment_id = $1 AND reason LIKE $2 AND closed_at IS NULL`;
  return client.query(update, [payment.id, reason]);
}
