"""Code that is not ours opens what we seal, and we what it seals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto
from wechatpy.work.exceptions import InvalidCorpIdException

from bot.gateways.wecom.crypto import WrongRecipient
from bot.gateways.wecom.xml import parse
from bot.testing.clock import TestClock

from .caller import CORP, KEY, NONCE, TOKEN, Caller, crypto, event, scanned, xml

pytestmark = pytest.mark.judge
JUDGES = Path(__file__).parents[1] / "judges"
TIME = "1409659813"
MESSAGES = ["<xml><Content><![CDATA[你好]]></Content></xml>", "x" * 26, "🍵" * 500, '{"a": 1}']


async def vendor(**order: str) -> Any:
    """Ask npm's @wecom/crypto; it is there after ``npm ci`` in tests/gateways/judges."""
    assert (JUDGES / "node_modules").exists(), f"first: npm ci --ignore-scripts --prefix {JUDGES}"
    node = await asyncio.create_subprocess_exec(
        *("node", str(JUDGES / "crypto.js")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    given = {"token": TOKEN, "key": KEY, "timestamp": TIME, "nonce": NONCE, **order}
    said, _ = await node.communicate(json.dumps(given).encode())
    assert node.returncode == 0
    return json.loads(said)


@pytest.mark.parametrize("receive_id", [CORP, ""], ids=["app", "AI-bot"])
@pytest.mark.parametrize("message", MESSAGES, ids=["XML", "aligned", "long", "JSON"])
async def test_the_vendors_crypto_and_ours_open_each_others_messages(
    message: str, receive_id: str
) -> None:
    ours = crypto(receive_id=receive_id)
    encrypt, signature = ours.encrypt(message.encode(), TIME, NONCE)
    opened = await vendor(sealed=encrypt)
    assert (opened["message"], opened["id"], opened["signature"]) == (
        *(message, receive_id),
        signature,
    )
    theirs = await vendor(message=message, id=receive_id)
    plain = ours.decrypt(theirs["signature"], TIME, NONCE, theirs["sealed"])
    assert plain.decode() == message


@pytest.mark.parametrize("message", MESSAGES, ids=["XML", "aligned", "long", "JSON"])
def test_wechatpy_and_we_open_each_others_messages(message: str) -> None:
    judge = WeChatCrypto(TOKEN, KEY, CORP)
    encrypt, signature = crypto().encrypt(message.encode(), TIME, NONCE)
    body = {"Encrypt": encrypt}
    assert judge.decrypt_message(body, signature, TIME, NONCE) == message
    assert judge.check_signature(signature, TIME, NONCE, encrypt) == message
    with pytest.raises(InvalidSignatureException):
        judge.decrypt_message(body, signature[:-1], TIME, NONCE)
    theirs = parse(judge.encrypt_message(message, NONCE, TIME).encode())
    sealed = theirs.get("Encrypt")
    assert crypto().decrypt(theirs.get("MsgSignature"), TIME, NONCE, sealed).decode() == message


def test_wechatpy_and_we_agree_on_whom_it_is_for() -> None:
    other = crypto(receive_id="ww0000000000000000")
    encrypt, signature = other.encrypt(b"hello", TIME, NONCE)
    with pytest.raises(InvalidCorpIdException):
        WeChatCrypto(TOKEN, KEY, CORP).decrypt_message({"Encrypt": encrypt}, signature, TIME, NONCE)
    with pytest.raises(WrongRecipient):
        crypto().decrypt(signature, TIME, NONCE, encrypt)


async def test_a_callback_sealed_by_wechatpy_is_taken(clock: TestClock) -> None:
    timestamp = str(clock.now() // 1000)
    sealed = WeChatCrypto(TOKEN, KEY, CORP).encrypt_message(
        scanned("wmBo").decode(), NONCE, timestamp
    )
    query = {
        "msg_signature": parse(sealed.encode()).get("MsgSignature"),
        "timestamp": timestamp,
        "nonce": NONCE,
    }
    async with Caller(clock) as wecom:
        assert await wecom.raw(query, data=sealed) == 200
        assert [e.account.id for e in wecom.events] == ["wmBo"]


def test_wechatpy_reads_in_our_callbacks_what_it_reads_in_wecoms() -> None:
    contact = parse_message(scanned("wmBo").decode())
    assert (contact.event, contact.change_type) == (
        *("change_external_contact", "add_external_contact"),
    )
    assert (contact.user_id, contact.external_user_id) == ("ann", "wmBo")
    click = parse_message(xml(event("click", FromUserName="ann", EventKey="menu")).decode())
    assert (click.event, click.key, click.source) == ("click", "menu", "ann")
