"""Runs a shell command that opens the sandbox, until an alert was told and a command answered; then stops it.
Nothing but Python's own library, because it runs before anything is installed.
"""

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PATIENCE = 300.0  # seconds, the installation included
STOPS_WITHIN = 20.0  # seconds


def main(command: str) -> None:
    if not command.strip():
        sys.exit("the README has no command under this heading")
    deadline = time.monotonic() + PATIENCE
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, text=True) as shell:
        try:
            page = page_of(shell)
            print(f"told: {alert(page, deadline)}")
            print(f"answered: {answer(page)}")
        finally:
            stop(shell)
    if shell.returncode != 0:
        sys.exit(f"the sandbox ended with {shell.returncode}")


def page_of(shell: subprocess.Popen[str]) -> str:
    """The address of the page, from the first lines of the story."""
    for line in shell.stdout or ():
        print(line, end="")
        if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
            return found[0]
    sys.exit("the sandbox ended before it was open")


def alert(page: str, deadline: float) -> str:
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{page}state", timeout=10) as answer:
            channels = json.load(answer)["channels"]
        texts = [message["text"] for channel in channels for message in channel["messages"]]
        if told := [text for text in texts if "failed" in text]:
            return told[0].splitlines()[0]
        time.sleep(0.5)
    sys.exit("no alert came")


def answer(page: str) -> str:
    body = json.dumps({"text": "failed"}).encode()
    request = urllib.request.Request(f"{page}command", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        told = json.load(response)
    if not told["acked"] or "Failed jobs" not in told["text"]:
        sys.exit(f"no answer to /jobs failed: {told}")
    return f"in {told['answer_ms']:.0f} ms, {len(told['text'].splitlines())} lines"


def stop(shell: subprocess.Popen[str]) -> None:
    """Ends the sandbox, not the shell around it, so that its own exit code is seen."""
    children = Path(f"/proc/{shell.pid}/task/{shell.pid}/children").read_text().split()
    subprocess.run(["kill", "-TERM", *(children or [str(shell.pid)])], check=False)
    shell.wait(STOPS_WITHIN)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
