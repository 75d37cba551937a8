"""Takes every line out of an example's countersign.yaml, one at a time, and looks at what is said.

What may come of it: an error, or rules that can no longer be judged and name the key of that line,
or, where the line only repeats a default, nothing at all. Never a changed verdict on other rules:
a fault of the wiring must not look like a finding, and must not make a fault go away. Whoever takes
a word out of `scope.absent` says that the merchant has it; the rules of that word are then judged.

Plays the fewest scenarios that pass every rule which the whole suite passes, and some of every
feature. Needs python3 and what the example needs:

    python3 tests/lines/check.py target/debug/countersign examples/merchants/python
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Lines that change nothing here: they repeat a default, or what the service does by itself, or
# allow for more than it needs. Nobody changes the terms of a payment (`other`) or pays twice here.
SILENT = set(
    "signature prepare cwd ready stop mode method duplicate-payment other fulfil_at post_at under"
    " forgery replay_window converge_within quiet recover_within".split()
)
# Only here an exception of this class is looked at while it is open.
ALWAYS = "Held after it was seen, released, and confirmed"
AT_ONCE = 6


class Example:
    """An example, and what countersign says of it with other configurations."""

    def __init__(self, countersign, folder, scratch):
        self.countersign, self.folder, self.scratch = countersign, folder, scratch
        text = (folder / "countersign.yaml").read_text()
        # The closing audit waits for it twice, in every run.
        self.lines = text.replace("recover_within: 5s", "recover_within: 500ms").splitlines()

    def play(self, name, lines, selection=()):
        """The exit code, all that is told, and the report; none where there was no run."""
        place = self.scratch / name
        shutil.copytree(self.folder, place)
        (place / "countersign.yaml").write_text("\n".join(lines) + "\n")
        command = [self.countersign, "run", *selection]
        told = subprocess.run(command, cwd=place, capture_output=True, text=True)
        report = place / "reports/latest/report.json"
        report = json.loads(report.read_text()) if report.exists() else None
        shutil.rmtree(place)
        return told.returncode, told.stdout + told.stderr, report


def verdicts(report):
    return {rule["code"]: (rule["verdict"], reasons(rule)) for rule in report["rules"]}


def reasons(rule):
    return " ".join([rule["reason"], *map(str, rule["untested"])])


def fewest(report):
    """Scenarios that together pass every rule that passed, in every feature, chosen greedily."""
    passed = [
        (
            f"{it['file']}:{it['line']}",
            {r["code"] for r in it["rules"] if r["verdict"] == "pass"} | {it["file"]},
        )
        for it in report["scenarios"]
        if it["file"].endswith(".feature")
    ]
    left = set().union(*(codes for _, codes in passed))
    chosen = [
        f"{it['file']}:{it['line']}" for it in report["scenarios"] if it["name"] == ALWAYS
    ]
    while left:
        place, codes = max(passed, key=lambda one: len(one[1] & left))
        chosen.append(place)
        left -= codes
    return chosen


def keys(lines, number):
    """The keys of a line and of those that it stands under, the innermost first."""
    found, indent = [], None
    for line in reversed(lines[: number + 1]):
        here = len(line) - len(line.lstrip())
        key = re.match(r"\s*(?:- )?([\w-]+)", line)
        if key and not line.lstrip().startswith("#") and (indent is None or here < indent):
            found.append(key[1])
            indent = here
    return found


def judge(key, parents, before, came):
    """What is wrong with what came of it; none if nothing is."""
    code, told, report = came
    names = [key, *parents]
    if report is None or code == 2:
        # In YAML that is no longer any, the place of the fault is told.
        named = any(name in told for name in names) or "countersign.yaml:" in told
        return None if code == 2 and named else f"exit {code} does not name it: {told[-600:]}"
    changed = {rule: now for rule, now in verdicts(report).items() if now[0] != before[rule][0]}
    if parents[:1] == ["absent"]:
        others = [rule for rule in changed if f"no {key}:" not in before[rule][1]]
        return f"it has changed {', '.join(others)}" if others else None
    if not changed:
        return None if key in SILENT else "it changes nothing"
    wrong = [
        f"{rule}: {before[rule][0]} became {verdict}: {reason}"
        for rule, (verdict, reason) in changed.items()
        if verdict not in ("not-testable", "unknown") or not any(name in reason for name in names)
    ]
    return "; ".join(wrong) or None


def check(example):
    sound = example.lines
    _, told, whole = example.play("whole", sound)
    assert whole and whole["exit"] == 0, told
    selection = fewest(whole)
    code, told, report = example.play("selection", sound, selection)
    assert code == 0, told
    before = verdicts(report)
    numbers = [i for i, line in enumerate(sound) if line.strip() and line.strip()[0] != "#"]

    def without(number):
        came = example.play(f"line{number + 1}", sound[:number] + sound[number + 1 :], selection)
        key, *parents = keys(sound, number)
        return number, judge(key, parents, before, came)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [(number, why) for number, why in pool.map(without, numbers) if why]
    for number, why in wrong:
        print(f"{example.folder}/countersign.yaml:{number + 1}: {sound[number].strip()}\n  {why}")
    rules = sum(verdict == "pass" for verdict, _ in before.values())
    print(f"{len(numbers)} lines, {len(selection)} scenarios, {rules} rules, {len(wrong)} faults")
    return not wrong


def main():
    countersign, *folders = (pathlib.Path(word).absolute() for word in sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch:
        places = [(folder, pathlib.Path(scratch) / folder.name) for folder in folders]
        fine = [check(Example(countersign, folder, place)) for folder, place in places]
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
