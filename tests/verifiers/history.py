"""Every delivery of a run against the published verifiers of Standard Webhooks.

Reads the history that a run wrote, takes each attempt's headers and body as they were sent, and
asks the verifiers for Python and JavaScript, each at the instant at which the attempt was made:
both must accept what was genuine and refuse what was forged.

    WEBHOOK_SECRET=whsec_… python3 tests/verifiers/history.py HISTORY FOLDER

FOLDER holds node_modules/standardwebhooks; the Python package stands beside the interpreter.
"""

import collections
import datetime
import json
import os
import pathlib
import subprocess
import sys

import standardwebhooks.webhooks as library

HERE = pathlib.Path(__file__).parent


def attempts(path):
    """The attempts of a history, with their real instants in unix milliseconds."""
    start = None
    for line in open(path, encoding="utf-8"):
        entry = json.loads(line)
        if entry["kind"] == "run-started":
            # A run's virtual clock starts at real now.
            start = datetime.datetime.fromisoformat(entry["at"]).timestamp() * 1000
        if entry["kind"] == "attempted":
            yield {
                "headers": dict(entry["headers"]),
                "body": entry["body"],
                "at_ms": start + entry["sent_us"] / 1000,
                "forgery": entry["forgery"],
            }


def in_python(cases, secret):
    verifier, verdicts = library.Webhook(secret), []
    for case in cases:

        class Then(datetime.datetime):
            @classmethod
            def now(cls, tz=None, at=case["at_ms"] / 1000):
                return datetime.datetime.fromtimestamp(at, tz=tz)

        library.datetime = Then
        try:
            verifier.verify(case["body"], case["headers"])
            verdicts.append(True)
        # What is malformed may end in another error than its own: refused all the same.
        except Exception:
            verdicts.append(False)
    return verdicts


def in_javascript(cases, secret, folder):
    found = subprocess.run(
        ["node", HERE / "history.cjs", folder], input=json.dumps(cases), text=True, check=True,
        stdout=subprocess.PIPE, env=os.environ | {"WEBHOOK_SECRET": secret},
    )
    return json.loads(found.stdout)


def main():
    history, folder = sys.argv[1:]
    secret = os.environ["WEBHOOK_SECRET"]
    cases = list(attempts(history))
    verdicts = {
        "Python": in_python(cases, secret),
        "JavaScript": in_javascript(cases, secret, pathlib.Path(folder).resolve()),
    }
    wrong = []
    for language, accepted in verdicts.items():
        assert len(accepted) == len(cases), f"{language} judged {len(accepted)} of {len(cases)}"
        for case, is_accepted in zip(cases, accepted):
            if is_accepted == (case["forgery"] is not None):
                wrong.append((language, is_accepted, case))
    for language, is_accepted, case in wrong[:5]:
        print(f"{language} {'accepts' if is_accepted else 'refuses'} {json.dumps(case)}")
    forged = collections.Counter(json.dumps(c["forgery"]) for c in cases if c["forgery"])
    genuine = len(cases) - forged.total()
    print(f"genuine, accepted by both: {genuine}; forged, refused by both: {forged.total()}, "
          f"in {len(forged)} ways: {', '.join(sorted(forged))}")
    if wrong or not genuine or not forged:
        sys.exit("the published verifiers do not agree with what was sent")


main()
