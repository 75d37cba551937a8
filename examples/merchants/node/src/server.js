// The shop's HTTP side: who may say what, and what is answered.

import Fastify from "fastify";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { Refused } from "./payment.js";
import { checkOut, receive, reconcile } from "./shop.js";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const app = Fastify({ logger: { level: "warn" }, forceCloseConnections: true });

app.get("/healthz", () => ({}));
app.post("/orders", async (request, reply) => reply.code(201).send(await checkOut(request.body)));
app.post("/admin/reconcile", () => reconcile());

// Proof comes first, and over the bytes as they came: here no body is parsed before that.
app.register(async (door) => {
  door.removeAllContentTypeParsers();
  door.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => done(null, body));
  door.post("/webhooks/payments", async (request, reply) => {
    await receive(verified(request));
    return reply.code(204).send();
  });
});

function verified({ body, headers }) {
  try {
    return webhook.verify(body, headers);
  } catch (error) {
    if (error instanceof WebhookVerificationError) throw new Refused(401, "not authentic");
    throw error;
  }
}

app.setErrorHandler((error, request, reply) => {
  const isOurs = error instanceof Refused || error.statusCode < 500;
  if (isOurs) return reply.code(error.statusCode).send({ error: error.message });
  request.log.warn(error);
  // What cannot be read will not be readable the next time; everything else may be.
  const isUnreadable = error instanceof TypeError || error instanceof SyntaxError;
  return reply.code(isUnreadable ? 400 : 503).send({ error: isUnreadable ? "unreadable" : "try again" });
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => app.close());

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
