"""The sandbox's page in a headless Chromium, driven over its debugging pipe.

Creates a payment through the API, pays it on the page, mines to confirmation, sees the deliveries
with request and answer. Everything the page loads must come from the sandbox, nothing may be
logged as an error, and nothing may be wider than a phone.

Needs python3 and chromium, nothing else:

    python3 tests/browser/page.py target/debug/countersign [FOLDER FOR SCREENSHOTS]
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from chromium import WITHIN_S, Chromium

KEY = "sk_test_0123456789abcdef"


class Door(http.server.BaseHTTPRequestHandler):
    """A merchant's webhook that accepts everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"accepted":true}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(program, webhook):
    service = subprocess.Popen(
        [program, "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
         "--api-key", KEY, "--webhook", webhook, "--accounts", "2", "--mode", "both"],
        stdout=subprocess.PIPE, text=True,
    )
    urls = {}
    while len(urls) < 2:
        line = service.stdout.readline()
        assert line, "countersign serve ended"
        for label in ("merchants call", "you operate at"):
            if label in line:
                urls[label] = line.split()[-1]
    return service, urls["merchants call"], urls["you operate at"]


def create(api, reference, key=KEY):
    order = {"reference": reference, "asset": "USDT", "network": "tron", "amount": "250.00"}
    request = urllib.request.Request(
        f"{api}/v1/payments", data=json.dumps(order).encode(),
        headers={"x-api-key": key, "idempotency-key": reference},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)["id"]


def play(tab, api, control, shots):
    status = "document.querySelector('#payment .badge')?.textContent"
    create(api, "INV-1")
    tab.call("Page.navigate", url=control)
    tab.until("document.querySelectorAll('#list button').length === 1")
    # Without a reload: what comes later appears by itself, the newest first.
    payment = create(api, "INV-2")
    tab.until("document.querySelectorAll('#list button').length === 2")
    tab.value("document.querySelector('#list button').focus()")
    tab.press("ArrowDown")
    assert tab.value("document.activeElement.textContent").startswith("INV-1")
    tab.value("document.querySelector('#list button').focus()")
    tab.press("Enter")
    tab.until(f"location.hash === '#{payment}' && {status} === 'pending'")
    # With the keyboard alone: the first thing that can be done is to pay.
    tab.value("document.querySelector('#acts button').focus()")
    tab.until("document.activeElement.textContent === 'Pay 250.00'")
    tab.press("Enter")
    tab.until(f"{status} === 'paid'")
    tab.until("document.activeElement.textContent === 'Mine to confirmation'")
    tab.press("Enter")
    tab.until(f"{status} === 'confirmed'")
    delivered = "[...document.querySelectorAll('.event .badge')].map(b => b.textContent)"
    tab.until(f"{delivered}.filter(word => word === 'delivered').length === 3")
    tab.value("[...document.querySelectorAll('.event details')].forEach(d => { d.open = true; })")
    told = tab.value("document.getElementById('payment').textContent")
    for word in ("payment.confirmed", "webhook-signature: v1,", "answered 200", '{"accepted":true}'):
        assert word in told, f"{word} is not shown"
    tab.look(1280, 1100, False, shots / "wide-light.png")
    tab.look(1280, 1100, True, shots / "wide-dark.png")
    tab.look(390, 1200, False, shots / "phone-payment.png")
    tab.click("← All payments")
    tab.look(390, 1200, True, shots / "phone-list.png")
    # The endpoint is shown without its secret; a test reaches it.
    tab.until("document.getElementById('endpoints').textContent.includes('enabled')")
    tab.click("Send a test")
    # The next call goes wrong, and the one after it does not.
    tab.click("Next calls go wrong")
    tab.until("document.getElementById('trouble').textContent === 'fails 503, 1 call'")
    try:
        create(api, "INV-3")
        sys.exit("the call went well")
    except urllib.error.HTTPError as error:
        assert error.code == 503, error
    tab.until("document.getElementById('trouble').hidden")
    create(api, "INV-3")
    # The other account in live mode is empty, has no endpoint, and its key is made and shown once.
    books = "document.getElementById('books')"
    assert tab.value(f"{books}.options.length") == 4
    tab.value(f"{books}.selectedIndex = 3; {books}.dispatchEvent(new Event('change'))")
    tab.until("document.querySelectorAll('#list button').length === 0")
    tab.until("document.getElementById('endpoints').textContent.startsWith('None')")
    tab.value("document.querySelector('#key [name=\"payments:write\"]').click()")
    tab.value("document.querySelector('#key').closest('details').open = true")
    tab.click("Make it")
    tab.until("document.getElementById('made').textContent.startsWith('sk_live_')")
    key = tab.value("document.getElementById('made').textContent").split()[0]
    tab.look(390, 1200, False, shots / "phone-account.png")
    create(api, "OTHER-1", key)
    tab.until("document.querySelectorAll('#list button').length === 1")
    tab.look(1280, 1100, False, shots / "wide-account.png")
    tab.look(390, 1200, True, shots / "phone-account-dark.png")
    tab.value(f"{books}.selectedIndex = 0; {books}.dispatchEvent(new Event('change'))")
    tab.until("document.querySelectorAll('#list button').length === 3")
    # The other one's window closes when the clock is moved, and the page shows it.
    tab.click("+1 h")
    tab.until("document.getElementById('list').textContent.includes('expired')")


def main():
    program = sys.argv[1]
    scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    shots = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else scratch.name)
    os.makedirs(shots, exist_ok=True)
    door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    service, api, control = serve(program, f"http://127.0.0.1:{door.server_port}/webhooks")
    tab = Chromium(os.path.join(scratch.name, "profile"))
    try:
        play(tab, api, control, shots)
        foreign = [url for url in tab.requests if not url.startswith((control, "data:"))]
        assert not foreign, f"the page went elsewhere: {foreign}"
        assert not tab.faults, f"the page logged errors: {tab.faults}"
    finally:
        tab.process.terminate()
        tab.process.wait()
        service.terminate()
        ended = service.wait()
    assert ended == 0, f"serve ended with {ended}"
    print(f"the page works; screenshots are in {shots}")


main()
