"""One tab of a headless Chromium, driven over its debugging pipe: for the tests beside this file."""

import base64
import json
import shutil
import subprocess
import sys
import time

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
