#!/usr/bin/env python3
"""Asks verifiers that others published about every trial of their schemes.

    check.py TRIALS

TRIALS is what the test `trials_are_written_for_the_verifiers_of_others` writes. A genuine message
must be accepted, everything else refused; which exception a verifier raises is its own business.
"""

import json
import sys
from collections import Counter
from datetime import datetime, timezone

import Adyen.util
import razorpay
import standardwebhooks
import stripe
import svix
from freezegun import freeze_time
from paddle_billing.Notifications import Secret, Verifier
from square.utils.webhooks_helper import verify_signature


def of_svix(trial, headers):
    svix.Webhook(trial["key"]).verify(trial["body"].encode(), headers)


def of_standard_webhooks(trial, headers):
    standardwebhooks.Webhook(trial["key"]).verify(trial["body"].encode(), headers)


def of_stripe(trial, headers):
    signature = headers["stripe-signature"]
    stripe.WebhookSignature.verify_header(trial["body"], signature, trial["key"], tolerance=300)


def of_razorpay(trial, headers):
    client = razorpay.Client(auth=("key", "secret"))
    signature = headers["x-razorpay-signature"]
    client.utility.verify_webhook_signature(trial["body"], signature, trial["key"])


class Request:
    def __init__(self, trial, headers):
        self.body = trial["body"].encode()
        self.headers = {name.title(): value for name, value in headers.items()}


def of_paddle(trial, headers):
    return Verifier(5).verify(Request(trial, headers), Secret(trial["key"]))


def of_square(trial, headers):
    return verify_signature(
        request_body=trial["body"],
        signature_header=headers["x-square-hmacsha256-signature"],
        signature_key=trial["key"],
        notification_url=trial["url"],
    )


def of_adyen_standard(trial, headers):
    result = Adyen.util.is_valid_hmac_notification(json.loads(trial["body"]), trial["key"])
    return bool(result)  # it answers None where there is no signature


def of_adyen_platform(trial, headers):
    signature = headers["hmacsignature"]
    return Adyen.util.is_valid_hmac_payload(signature, trial["key"], trial["body"].encode())


VERIFIERS = {
    "standard-webhooks": of_standard_webhooks,
    "svix": of_svix,
    "stripe": of_stripe,
    "razorpay": of_razorpay,
    "paddle": of_paddle,
    "square": of_square,
    "adyen-standard": of_adyen_standard,
    "adyen-platform": of_adyen_platform,
}

def accepts(verify, trial):
    """Whether it is believed. A verifier answers, or raises: its own error or any other."""
    try:
        return verify(trial, {name: value for name, value in trial["headers"]}) is not False
    except Exception:
        return False


def main(path):
    with open(path, encoding="utf-8") as lines:
        trials = [json.loads(line) for line in lines]
    counts, wrong = Counter(), []
    for trial in trials:
        scheme = trial["scheme"]
        if scheme not in VERIFIERS:
            continue
        # Square's package builds its types when freezegun looks at them; its verifier has no clock.
        now = datetime.fromtimestamp(trial["now_s"], timezone.utc)
        with freeze_time(now, ignore=["square", "pydantic"]):
            accepted = accepts(VERIFIERS[scheme], trial)
        counts[scheme, trial["is_genuine"]] += 1
        if accepted != trial["is_genuine"]:
            word = "accepted" if accepted else "refused"
            wrong.append(f"{scheme}: {trial['trial']}: {word}")
    for scheme in VERIFIERS:
        genuine, forged = counts[scheme, True], counts[scheme, False]
        print(f"{scheme:20} {genuine} accepted, {forged} refused")
        if not genuine or not forged:
            wrong.append(f"{scheme}: nothing was tried")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
