// The payment service: what it is asked, and what it shows.

const TIMEOUT_MS = 10_000;

/** Why a request is not carried out, with the status that says so. */
export class Refused extends Error {
  constructor(statusCode, message) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Money is whole units of 10^-18: exact for every asset there is. */
export function units(text) {
  const match = /^(\d+)(?:\.(\d{1,18}))?$/.exec(text);
  if (typeof text !== "string" || !match) throw new Refused(400, "no amount");
  return BigInt(match[1] + (match[2] ?? "").padEnd(18, "0"));
}

/** A payment as the service shows it, in an event or when it is asked. */
export function readPayment(shown) {
  const { id, account, livemode, reference, status, rail, amount, flags } = shown;
  return {
    id,
    account,
    livemode,
    reference,
    status,
    // It grows with every change of status: news of an earlier one undoes nothing.
    version: shown.status_timeline.length,
    asset: rail.asset,
    network: rail.network,
    due: units(amount.due),
    received: units(amount.received),
    receivedText: amount.received,
    late: flags.includes("late"),
    foreign: flags.includes("wrong_asset"),
  };
}

async function ask(method, path, body, headers = {}) {
  const url = process.env.PAYMENTS_API + path;
  const json = body && { "content-type": "application/json" };
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { "x-api-key": process.env.PAYMENTS_KEY, ...json, ...headers },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.ok) return await answer.json();
  } catch {
    throw new Refused(503, "the payment service does not answer");
  }
  const isFinal = [400, 404, 422].includes(answer.status);
  throw new Refused(isFinal ? 422 : 503, `the payment service said ${answer.status}`);
}

/** One order, one key: however often this is sent, there is one payment. */
export async function createPayment({ reference, amount, asset, network }) {
  const body = { reference, amount, asset, network };
  return readPayment(await ask("POST", "/v1/payments", body, { "idempotency-key": reference }));
}

export async function paymentsOf(reference) {
  const query = new URLSearchParams({ reference });
  return (await ask("GET", `/v1/payments?${query}`)).data.map(readPayment);
}
