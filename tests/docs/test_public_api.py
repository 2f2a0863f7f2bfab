"""The public API is a list somebody decided on, not whatever happens to be importable."""

import re
import subprocess
import sys
from pathlib import Path

import bot

ROOT = Path(__file__).parents[2]
NAMES = """
    Account ActionChosen Adapter Answer Ask Asked BaseEvent Board Boards Button Capabilities
    ChatOpened CheckIn CheckInPictures CheckIns Clicks Clock ContactAdded ContactRemoved Context
    Conversation Delivery DeliveryReported Detail Entry Event Facts Fault FigureRoom File Finder
    Group GroupChanged GroupCreated GroupDismissed GroupWelcome Health Image InDoubt Inlet Inquiry
    Link LinkCard Links LiveCode LiveCodeLook LiveCodes Member MemberJoined MemberLeft Members
    Mention Message MessageReceived MiniProgram Misconfigured NoSuchSop NotNow PASS Pass Preview
    Programme Quota Rate Reading Receipt Refused Retry Router Routes SendError Sops Subject
    SystemClock Telling TemplateFailed Text TimerElapsed Unclear Upcoming Video Welcomes Wish
    WrongState month_day read_period spark utc
"""
PUBLIC = NAMES.split()


def test_the_public_names_are_these() -> None:
    assert sorted(bot.__all__) == sorted(PUBLIC)
    assert all(hasattr(bot, name) for name in PUBLIC)


def test_shipped_handlers_use_only_the_public_api() -> None:
    for path in (ROOT / "handlers").glob("*.py"):
        for module, names in re.findall(r"^from (bot\S*) import (.+)$", path.read_text(), re.M):
            assert module == "bot", f"{path.name} reaches into {module}"
            assert {n.strip() for n in names.strip("()").split(",")} - {""} <= set(PUBLIC)


def test_the_public_api_can_be_imported_alone() -> None:
    code = "import bot, sys; sys.exit('bot.app' in sys.modules or 'bot.console' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT).returncode == 0
