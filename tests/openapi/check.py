"""The API against its own description, by tools that nobody here wrote.

Starts the sandbox, plays a few payments through its control side so that there is something to
refund, to pay out and to state, validates /openapi.json, and lets schemathesis call everything
that the document describes: examples, boundaries, random data that it allows and forbids, and
sequences along its links.

    python3 tests/openapi/check.py target/debug/countersign

Needs openapi-spec-validator and schemathesis beside the interpreter that runs this.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

KEY = "sk_test_0123456789abcdef"
HERE = pathlib.Path(__file__).parent
BIN = pathlib.Path(sys.executable).parent


def post(url, body, headers=()):
    request = urllib.request.Request(url, json.dumps(body).encode(), dict(headers), method="POST")
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def play(api, control):
    """Settled payments, oldest first: the links of the document lead to them."""
    for number in range(3):
        headers = {"x-api-key": KEY, "idempotency-key": f"played-{number}"}
        order = {"reference": f"PLAYED-{number}", "asset": "USDT", "network": "tron"}
        payment = post(f"{api}/v1/payments", order | {"amount": "100000.00"}, headers)
        for verb in ("pay", "mine", "settle"):
            post(f"{control}/api/payments/{payment['id']}/{verb}", {})


def schemathesis(folder, *arguments, output=None):
    """Its exit code: 0 if nothing is found, 1 if something is."""
    command = [BIN / "st", "--config-file", HERE / "schemathesis.toml", "run", "--checks", "all",
               "--no-color", *arguments]
    environment = os.environ | {"API_KEY": KEY}
    return subprocess.run(command, cwd=folder, env=environment, stdout=output).returncode


def plant(document):
    """Promises a field that no payment has."""
    described = json.loads(document.read_text())
    described["components"]["schemas"]["Payment"]["required"].append("planted")
    document.write_text(json.dumps(described))


def main():
    service = subprocess.Popen(
        [sys.argv[1], "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
         "--api-key", KEY],
        stdout=subprocess.PIPE, text=True,
    )
    try:
        said = {}
        for line in service.stdout:
            for name in ("merchants call", "you operate at"):
                if name in line:
                    said[name] = line.split()[-1]
            if line.startswith("Ctrl-C"):
                break
        api, control = said["merchants call"], said["you operate at"]
        play(api, control)
        with tempfile.TemporaryDirectory() as scratch:
            document = pathlib.Path(scratch, "openapi.json")
            with urllib.request.urlopen(f"{api}/openapi.json") as answer:
                document.write_bytes(answer.read())
            subprocess.run([BIN / "openapi-spec-validator", document], check=True)
            found = schemathesis(scratch, f"{api}/openapi.json")
            plant(document)
            planted = schemathesis(
                scratch, document, "--url", api, "--phases", "examples", output=subprocess.DEVNULL
            )
            assert planted == 1, "schemathesis finds nothing wrong with what is wrong"
        assert service.poll() is None, "the service ended"
    finally:
        service.terminate()
        service.wait()
    sys.exit(found)


main()
