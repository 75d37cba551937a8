// Asks verifiers that others published about every trial of their schemes, and Node's own
// cryptography where a scheme has no package.
//
//     node check.mjs TRIALS MODULES
//
// TRIALS is what the test `trials_are_written_for_the_verifiers_of_others` writes, MODULES the folder
// in which package.json was installed. A genuine message must be accepted, everything else refused.

import crypto from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import zlib from 'node:zlib'

const [trialsPath, modules] = process.argv.slice(2)
const require = createRequire(path.resolve(modules, 'index.js'))
const { Webhook: SvixWebhook } = require('svix')
const { Webhook } = require('standardwebhooks')
const Stripe = require('stripe')
const Razorpay = require('razorpay')
const { Paddle } = require('@paddle/paddle-node-sdk')
const { WebhooksHelper } = require('square')
const adyen = new (require('@adyen/api-library').hmacValidator)()
const octokit = await import(path.resolve(modules, 'node_modules/@octokit/webhooks-methods/dist-node/index.js'))
  .catch(() => import(path.resolve(modules, 'node_modules/@octokit/webhooks-methods/dist-bundle/index.js')))

const sameText = (a, b) => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && crypto.timingSafeEqual(x, y)
}
const must = (value, what) => {
  if (value === undefined || value === '') throw new Error(`no ${what}`)
  return value
}
const list = (text, separator) =>
  must(text, 'list').split(separator).map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)])
const only = (pairs, name) => must(pairs.find(([key]) => key === name)?.[1], name)
const isFresh = (seconds, now, tolerance, isOneSided) =>
  /^\d+$/.test(String(seconds)) && now - seconds <= tolerance && (isOneSided || seconds - now <= tolerance)
// Strict: Node's decoder skips what is no base64.
const decode = (text, encoding) => {
  const bytes = Buffer.from(must(text, 'signature'), encoding)
  if (bytes.toString(encoding) !== text) throw new Error('undecodable')
  return bytes
}
const keyOfSet = (set, id) => {
  const jwk = must(JSON.parse(set).keys.find((key) => key.kid === id), `key ${id}`)
  return crypto.createPublicKey({ key: jwk, format: 'jwk' })
}

// From the packages of the providers.
const PUBLISHED = {
  'standard-webhooks': (t, h) => new Webhook(t.key).verify(t.body, h),
  svix: (t, h) => new SvixWebhook(t.key).verify(t.body, h),
  stripe: (t, h) => Stripe.webhooks.constructEvent(t.body, h['stripe-signature'], t.key),
  github: (t, h) => octokit.verify(t.key, t.body, h['x-hub-signature-256']),
  razorpay: (t, h) => Razorpay.validateWebhookSignature(t.body, must(h['x-razorpay-signature'], 'signature'), t.key),
  paddle: (t, h) => new Paddle('key').webhooks.isSignatureValid(t.body, t.key, h['paddle-signature']),
  square: (t, h) =>
    WebhooksHelper.verifySignature({
      requestBody: t.body,
      signatureHeader: must(h['x-square-hmacsha256-signature'], 'signature'),
      signatureKey: t.key,
      notificationUrl: t.url,
    }),
  'adyen-standard': (t) =>
    JSON.parse(t.body).notificationItems.every((item) => adyen.validateHMAC(item.NotificationRequestItem, t.key)),
  'adyen-platform': (t, h) => adyen.validateHMACSignature(t.key, must(h.hmacsignature, 'signature'), t.body),
}

// From the providers' documentation, over Node's cryptography.
const DOCUMENTED = {
  'standard-webhooks-ed25519': (t, h, now) => {
    const raw = decode(t.key.replace(/^whpk_/, ''), 'base64')
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' })
    const [id, ts] = [must(h['webhook-id'], 'id'), must(h['webhook-timestamp'], 'timestamp')]
    const signed = Buffer.from(`${id}.${ts}.${t.body}`)
    const offered = h['webhook-signature'].split(' ').filter((item) => item.startsWith('v1a,'))
    return isFresh(ts, now, 300) && offered.some((item) => crypto.verify(null, signed, key, decode(item.slice(4), 'base64')))
  },
  'circle-v2': (t, h) => {
    must(h['x-circle-key-id'], 'key id')
    const key = crypto.createPublicKey({ key: Buffer.from(t.key, 'base64'), format: 'der', type: 'spki' })
    return crypto.verify('sha256', Buffer.from(t.body), key, decode(h['x-circle-signature'], 'base64'))
  },
  turnkey: (t, h) => {
    const id = must(h['x-turnkey-signature-key-id'], 'key id')
    const ts = must(h['x-turnkey-timestamp'], 'timestamp')
    const event = must(h['x-turnkey-event-id'], 'id')
    const signed = Buffer.from(`v1.ed25519.${id}.${ts}.${event}.${t.body}`)
    return /^\d+$/.test(ts) && crypto.verify(null, signed, keyOfSet(t.key, id), decode(h['x-turnkey-signature'], 'hex'))
  },
  'bridge-xyz': (t, h, now) => {
    const pairs = list(h['x-webhook-signature'], ',')
    const ts = only(pairs, 't')
    const digest = crypto.createHash('sha256').update(`${ts}.${t.body}`).digest()
    const offered = pairs.filter(([name]) => name === 'v0')
    const isOne = offered.some(([, text]) => crypto.verify('sha256', digest, t.key, decode(text, 'base64')))
    return isFresh(ts, now * 1000, 600_000, true) && isOne
  },
  'fireblocks-legacy': (t, h) =>
    crypto.verify('sha512', Buffer.from(t.body), t.key, decode(h['fireblocks-signature'], 'base64')),
  'fireblocks-v2': (t, h) => {
    const [header, signature] = must(h['fireblocks-webhook-signature'], 'signature').split('..')
    const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url'))
    const signed = Buffer.from(`${header}.${Buffer.from(t.body).toString('base64url')}`)
    return alg === 'RS512' && crypto.verify('sha512', signed, keyOfSet(t.key, kid), decode(signature, 'base64url'))
  },
  paypal: (t, h) => {
    must(h['paypal-cert-url'], 'certificate')
    const [id, ts] = [must(h['paypal-transmission-id'], 'id'), must(h['paypal-transmission-time'], 'time')]
    if (Number.isNaN(Date.parse(ts))) throw new Error('no time')
    const signed = Buffer.from(`${id}|${ts}|${t.webhook_id}|${crc32(Buffer.from(t.body))}`)
    const key = new crypto.X509Certificate(t.key).publicKey
    return crypto.verify('sha256', signed, key, decode(h['paypal-transmission-sig'], 'base64'))
  },
  nowpayments: (t, h) => {
    const sorted = (value) =>
      value && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
        : value
    const message = JSON.stringify(sorted(JSON.parse(t.body)))
    const expected = crypto.createHmac('sha512', t.key).update(message).digest('hex')
    return sameText(expected, must(h['x-nowpayments-sig'], 'signature'))
  },
  'coinbase-cdp': (t, h, now) => {
    const pairs = list(h['x-hook0-signature'], ',')
    const [ts, names] = [only(pairs, 't'), only(pairs, 'h')]
    const values = names.split(' ').map((name) => must(h[name], name)).join('.')
    const expected = crypto.createHmac('sha256', t.key).update(`${ts}.${names}.${values}.${t.body}`).digest('hex')
    return isFresh(ts, now, 300, true) && pairs.some(([name, text]) => name === 'v1' && sameText(text, expected))
  },
  shopify: (t, h) => {
    must(h['x-shopify-event-id'], 'id')
    const expected = crypto.createHmac('sha256', t.key).update(t.body).digest('base64')
    return sameText(expected, must(h['x-shopify-hmac-sha256'], 'signature'))
  },
  opennode: (t) => {
    const form = new URLSearchParams(t.body)
    const expected = crypto.createHmac('sha256', t.key).update(must(form.get('id'), 'id')).digest('hex')
    return sameText(expected, must(form.get('hashed_order') ?? '', 'signature'))
  },
  coingate: (t) => sameText(new URLSearchParams(t.body).get('token') ?? '', t.key),
}

function crc32(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes)
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return (crc ^ 0xffffffff) >>> 0
}

const RealDate = Date
function setClock(now) {
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      if (given.length) super(...given)
      else super(now * 1000)
    }
    static now() {
      return now * 1000
    }
  }
}

// A verifier answers, or throws: its own error or any other.
async function accepts(verify, trial) {
  try {
    return (await verify(trial, Object.fromEntries(trial.headers), trial.now_s)) !== false
  } catch {
    return false
  }
}

const verifiers = { ...PUBLISHED, ...DOCUMENTED }
const trials = fs.readFileSync(trialsPath, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
const counts = {}
const wrong = []
for (const trial of trials.filter((trial) => verifiers[trial.scheme])) {
  setClock(trial.now_s)
  const accepted = await accepts(verifiers[trial.scheme], trial)
  const count = (counts[trial.scheme] ??= { accepted: 0, refused: 0 })
  count[trial.is_genuine ? 'accepted' : 'refused'] += 1
  if (accepted !== trial.is_genuine) {
    wrong.push(`${trial.scheme}: ${trial.trial}: ${accepted ? 'accepted' : 'refused'}`)
  }
}
for (const scheme of Object.keys(verifiers)) {
  const { accepted = 0, refused = 0 } = counts[scheme] ?? {}
  const whose = scheme in PUBLISHED ? '' : '   by the documentation'
  console.log(`${scheme.padEnd(25)} ${accepted} accepted, ${refused} refused${whose}`)
  if (!accepted || !refused) wrong.push(`${scheme}: nothing was tried`)
}
for (const line of wrong) console.error(line)
process.exit(wrong.length ? 1 : 0)
