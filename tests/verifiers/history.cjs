// Judges the messages on stdin with the published verifier, each at its own instant.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const { Webhook } = createRequire(`${process.argv[2]}/`)("standardwebhooks");
const verifier = new Webhook(process.env.WEBHOOK_SECRET);
const verdicts = JSON.parse(readFileSync(0, "utf8")).map(({ headers, body, at_ms }) => {
  Date.now = () => at_ms;
  try {
    verifier.verify(body, headers);
    return true;
  } catch {
    return false;
  }
});
process.stdout.write(JSON.stringify(verdicts));
