"""The report for people in a headless Chromium: it works from a file, fits a phone, its filter and
its timeline do what they say, and axe finds no serious fault of accessibility, light and dark.

Needs python3 and chromium, and axe-core in the folder of npm modules that is named:

    python3 tests/browser/report.py REPORT.html MODULES [FOLDER FOR SCREENSHOTS]
"""

import json
import pathlib
import sys
import tempfile

from chromium import Chromium

SERIOUS = ("serious", "critical")


def main():
    report, modules = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    shots = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp())
    shots.mkdir(parents=True, exist_ok=True)
    axe = (modules / "node_modules/axe-core/axe.min.js").read_text()
    with tempfile.TemporaryDirectory() as profile:
        tab = Chromium(profile)
        try:
            look(tab, report, axe, shots)
        finally:
            tab.process.kill()
            tab.process.wait()


def look(tab, report, axe, shots):
    tab.call("Page.navigate", url=report.as_uri())
    tab.until("document.readyState === 'complete' && !!document.querySelector('.verdict')")
    filters(tab)
    timeline(tab)
    for name, width, height, dark in (
        ("desktop", 1280, 1600, False), ("desktop-dark", 1280, 1600, True),
        ("phone", 390, 844, False), ("phone-dark", 390, 844, True),
    ):
        tab.look(width, height, dark, shots / f"report-{name}.png")
        accessible(tab, axe, name)
    others = [url for url in tab.requests if not url.startswith("file://")]
    assert not others, f"it loads from elsewhere: {others}"
    assert not tab.faults, tab.faults
    print(f"the report works; screenshots are in {shots}")


def filters(tab):
    shown = "document.querySelectorAll('.scenario:not([hidden])').length"
    everything = tab.value(shown)
    failed = tab.value("document.querySelectorAll('.scenario[data-verdict=fail]').length")
    assert everything > failed > 0, f"{failed} of {everything} scenarios failed"
    choose = "verdict.value = '{}'; verdict.dispatchEvent(new Event('change'))"
    tab.value(choose.format("fail"))
    assert tab.value(shown) == failed
    assert tab.value("shown.textContent") == f"{failed} of {everything} scenarios"
    tab.value(choose.format(""))
    tab.value("search.value = 'no such scenario'; search.dispatchEvent(new Event('input'))")
    assert tab.value(shown) == 0
    tab.value("search.value = ''; search.dispatchEvent(new Event('input'))")
    assert tab.value(shown) == everything


def timeline(tab):
    """A click on a mark opens the rows and shows that instant."""
    row = tab.value("document.querySelector('.lanes a .proof').closest('a').getAttribute('href')")
    seen = f"document.querySelector({json.dumps(row)}).checkVisibility()"
    assert not tab.value(seen)
    tab.value("document.querySelector('.lanes a .proof').closest('a')"
              ".dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))")
    tab.until(seen)


def accessible(tab, axe, name):
    tab.value(axe)
    asked = tab.call("Runtime.evaluate", returnByValue=True, awaitPromise=True, expression=(
        "axe.run().then(found => found.violations.map(one => "
        "[one.impact, one.id, one.nodes.length, one.nodes[0].html]))"
    ))
    found = [one for one in asked["result"]["value"] if one[0] in SERIOUS]
    assert not found, f"{name}: {found}"


main()
