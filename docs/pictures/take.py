"""Takes the README's pictures: ``.venv/bin/python docs/pictures/take.py`` (needs chromium)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
MUSTER = Path(sys.executable).with_name("muster")
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-sync --no-first-run"
WORDS = {
    "zh": (
        ("u1", "小明", "大家好，我是新来的～"),
        ("u2", "阿茶", "欢迎！"),
        ("u1", "小明", "签到"),
    ),
    "en": (
        ("u3", "Ming", "Hello everybody!"),
        ("u4", "Hannah", "Welcome!"),
        ("u3", "Ming", "check in"),
    ),
}
PASSWORD = "a password for pictures"


def main() -> None:
    """Run a bot in an empty folder, play a little, and take the pictures."""
    for language in WORDS:
        with tempfile.TemporaryDirectory() as folder:
            take(language, folder)


def take(language: str, folder: str) -> None:
    environ = os.environ | {"MUSTER__WEB__PORT": "0", "MUSTER__LANGUAGE": language}
    bot = subprocess.Popen(
        [str(MUSTER), "run"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        said = ""
        while "Ctrl-C" not in said:
            said += bot.stdout.readline() if bot.stdout else ""
        base = re.search(r"Console +(http\S+?)/\n", said)[1]  # type: ignore[index]
        password = re.search(r"admin / (\S+)", said)[1]  # type: ignore[index]
        subprocess.run([str(MUSTER), "demo"], cwd=folder, env=environ, check=True)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=QUIET.split()
            )
            context = chromium.new_context(
                locale={"zh": "zh-CN", "en": "en-US"}[language],
                viewport={"width": 1180, "height": 720},
            )
            page = context.new_page()
            sandbox(page, base, language)
            console(page, base, password, language)
            chromium.close()
    finally:
        bot.send_signal(signal.SIGINT)
        bot.wait(30)


def sandbox(page: Page, base: str, language: str) -> None:
    """A newcomer joins, is greeted, and checks in."""

    def happens(kind: str, member: str, name: str, text: str = "") -> None:
        event = {"type": kind, "group": "tea", "member": {"id": member, "name": name}, "text": text}
        page.request.post(f"{base}/sandbox/api/events", data=event)

    (newcomer, name, _), *_ = WORDS[language]
    happens("member_joined", newcomer, name)
    page.wait_for_timeout(6500)
    for member, name, text in WORDS[language]:
        happens("message", member, name, text)
        page.wait_for_timeout(400)
    page.goto(f"{base}/sandbox")
    page.get_by_text("茶友会").first.click()
    page.wait_for_timeout(1200)
    page.screenshot(path=HERE / f"sandbox.{language}.png")


def console(page: Page, base: str, password: str, language: str) -> None:
    """The overview, after the first sign-in, and what a SOP came to."""
    page.goto(f"{base}/login")
    page.fill("input[name=name]", "admin")
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    for field, value in (("old", password), ("new", PASSWORD), ("again", PASSWORD)):
        page.fill(f"input[name={field}]", value)
    page.press("input[name=again]", "Enter")
    page.wait_for_timeout(800)
    page.goto(f"{base}/")
    page.screenshot(path=HERE / f"console.{language}.png")
    page.goto(f"{base}/figures?subject=sop:demo-weekly-tips&by=group")
    page.screenshot(path=HERE / f"figures.{language}.png")


if __name__ == "__main__":
    main()
