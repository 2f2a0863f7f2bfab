"""The public API is a list somebody decided on, not whatever happens to be importable."""

import re
import subprocess
import sys
from pathlib import Path

import bot
import bot.adapter

ROOT = Path(__file__).parents[2]
_HANDLERS = """
    Account ActionChosen Answer Asked BaseEvent Board Boards Button ChatOpened CheckIn
    CheckInPictures CheckIns Clicks Clock ContactAdded ContactRemoved Context Conversation
    DeliveryReported Entry Event Facts FigureRoom File Finder Group GroupChanged
    GroupCreated GroupDismissed Image Inquiry Link LinkCard Links LiveCodes Member
    MemberJoined MemberLeft Members Mention Message MessageReceived MiniProgram month_day
    NoSuchSop NotNow PASS Pass Preview Programme Reading Router Routes Sops Telling
    TemplateFailed Text TimerElapsed Unclear Upcoming utc Video Welcomes WrongAttribute
    WrongState
"""
_ADAPTERS = """
    Account ActionChosen Adapter Ask AskState BaseEvent Button Capabilities ChatOpened Clock
    ContactAdded ContactRemoved Conversation Delivery DeliveryReported Detail Event Fault
    File GroupChanged GroupCreated GroupDismissed GroupWelcome Health Image InDoubt Inlet
    LinkCard LiveCode LiveCodeKind LiveCodeLook look MemberJoined MemberLeft Mention Message
    MessageReceived MiniProgram Misconfigured NobodyToAsk Quota Rate Receipt Refused Retry
    SendError Targets Text TimerElapsed utc Video
"""
HANDLERS, ADAPTERS = _HANDLERS.split(), _ADAPTERS.split()


def test_the_public_names_are_these() -> None:
    for module, public in ((bot, HANDLERS), (bot.adapter, ADAPTERS)):
        assert sorted(module.__all__) == sorted(public)
        assert all(hasattr(module, name) for name in public)


def test_what_both_use_is_the_same_for_both() -> None:
    for name in {*HANDLERS} & {*ADAPTERS}:
        assert getattr(bot, name) is getattr(bot.adapter, name)


def test_shipped_handlers_use_only_the_public_api() -> None:
    for path in (ROOT / "handlers").glob("*.py"):
        for module, names in re.findall(r"^from (bot\S*) import (.+)$", path.read_text(), re.M):
            assert module == "bot", f"{path.name} reaches into {module}"
            assert {n.strip() for n in names.strip("()").split(",")} - {""} <= set(HANDLERS)


def test_the_public_api_can_be_imported_alone() -> None:
    code = (
        "import bot, bot.adapter, sys; sys.exit(bool({'bot.app', 'bot.console'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT).returncode == 0
