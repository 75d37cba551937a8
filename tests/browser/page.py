"""The sandbox's page in a headless Chromium, driven over its debugging pipe.

Creates a payment through the API, pays it on the page, mines to confirmation, sees the deliveries
with request and answer. Everything the page loads must come from the sandbox, nothing may be
logged as an error, and nothing may be wider than a phone.

Needs python3 and chromium, nothing else:

    python3 tests/browser/page.py target/debug/countersign [FOLDER FOR SCREENSHOTS]
"""

import base64
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

KEY = "sk_test_0123456789abcdef"
WITHIN_S = 20


class Chromium:
    """One tab. Messages are JSON, ended by a zero byte, on file descriptors 3 and 4."""

    def __init__(self, profile):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            sys.exit("no chromium: install it, for example with apt-get install chromium")
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-background-networking", "--disable-dev-shm-usage",
            "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank",
        ]
        # The shell moves our pipes to where Chromium looks for them.
        script = 'exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null'
        self.process = subprocess.Popen(
            ["sh", "-c", script, program, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.sent, self.rest, self.faults, self.requests = 0, b"", [], []
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.process.stdin.write(json.dumps(message).encode() + b"\0")
        self.process.stdin.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == self.sent:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]
            self.note(answer)

    def receive(self):
        while b"\0" not in self.rest:
            more = self.process.stdout.read1(1 << 16)
            assert more, "chromium ended"
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def note(self, told):
        method, params = told.get("method"), told.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.faults.append(params["exceptionDetails"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.faults.append(params["entry"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression):
        """Asks again until it is so; the page draws by itself, at a moment that nobody tells."""
        end = time.monotonic() + WITHIN_S
        while not self.value(expression):
            if time.monotonic() > end:
                sys.exit(f"never so: {expression}\n{self.value('document.body.innerText')}")
            time.sleep(0.02)

    def press(self, key):
        code = {"Enter": 13, "ArrowDown": 40, "Tab": 9}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def click(self, label):
        found = f"[...document.querySelectorAll('button')].find(b => b.textContent === {label!r})"
        self.until(f"!!{found} && !{found}.disabled && !{found}.hidden")
        self.value(f"{found}.click()")

    def look(self, width, height, dark, path):
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        wide = self.value("document.documentElement.scrollWidth")
        assert wide <= width, f"{wide} pixels are needed where there are {width}"
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


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
