"""The crypto of callbacks: the vectors that WeCom's own code agrees with, and what is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.gateways.wecom.crypto import Crypto, CryptoError, WrongRecipient, WrongSignature

from .caller import CORP, KEY, NONCE, OTHER_KEY, TOKEN, crypto

TIME = "1409659813"
HELLO = "<xml><Content><![CDATA[你好]]></Content></xml>".encode()
VECTORS = [
    pytest.param(
        CORP,
        HELLO,
        "4j/AuRx71kQlxVlzbpsMWLeDKn9QTh57Q5cGSrVq/zLE6VdGM9gk02IUdx5TXocd18Z2SzFW3DYJp/NH61TnqAVNV1xP"
        "q7ETzL0FoOPxqjBSXVQWubUn1DbBsPHiwmH1",
        "c28620d6b6aa7ea6d60a331676c4c714dfe39f88",
        id="an app of one's own",
    ),
    pytest.param(
        "",
        HELLO,
        "4j/AuRx71kQlxVlzbpsMWLeDKn9QTh57Q5cGSrVq/zLE6VdGM9gk02IUdx5TXocd18Z2SzFW3DYJp/NH61TnqPBH1cCe"
        "U5jhzWKPpDxL3IShW28QiThY0btRs92NBTD/",
        "3f3d16c014acfc8c3f21de506e0cadbe0d5ce54e",
        id="an AI-bot, whose receive id is empty",
    ),
    pytest.param(
        CORP,
        b"x" * 26,
        "4j/AuRx71kQlxVlzbpsMWLdwa700XSzOWDMkXDdU+WrXhtBXvuL5VNxS0ErMd4tIbSlhrwathYiUJ5k27mjQw9eC0CLv"
        "JDDZZJ1spGG/nAaImGi4LP63XdFe97z74HgE",
        None,
        id="a message that ends with a block",
    ),
]


def known(receive_id: str = CORP) -> Crypto:
    return Crypto(SecretStr(TOKEN), SecretStr(KEY), receive_id, lambda _: b"0123456789abcdef")


def sealed(plain: bytes) -> str:
    """What whoever has the key can send: any bytes in whole AES blocks."""
    key = bytes(range(32))
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def envelope(length: int, rest: bytes) -> bytes:
    plain = b"r" * 16 + length.to_bytes(4, "big") + rest
    pad = 32 - len(plain) % 32
    return plain + bytes([pad]) * pad


@pytest.mark.parametrize(("receive_id", "message", "encrypt", "signature"), VECTORS)
def test_the_vectors_of_the_vendors_code_are_made_and_opened(
    receive_id: str, message: bytes, encrypt: str, signature: str | None
) -> None:
    made = known(receive_id).encrypt(message, TIME, NONCE)
    assert made[0] == encrypt
    assert signature in (None, made[1])
    assert known(receive_id).decrypt(made[1], TIME, NONCE, encrypt) == message


@given(st.binary(max_size=300), st.sampled_from([CORP, "", "ww企业"]), st.text(max_size=8))
def test_whatever_is_sealed_is_opened_again(message: bytes, receive_id: str, nonce: str) -> None:
    side = crypto(receive_id=receive_id)
    encrypt, signature = side.encrypt(message, TIME, nonce)
    assert len(base64.b64decode(encrypt)) % 32 == 0
    assert side.decrypt(signature, TIME, nonce, encrypt) == message


@given(st.text(max_size=80), st.text(max_size=50))
def test_a_stranger_is_refused_whatever_they_send(encrypt: str, signature: str) -> None:
    with pytest.raises(WrongSignature):
        crypto().decrypt(signature, TIME, NONCE, encrypt)


@pytest.mark.parametrize("changed", range(4))
def test_nothing_that_is_signed_can_be_changed(changed: int) -> None:
    encrypt, signature = crypto().encrypt(HELLO, TIME, NONCE)
    words = [signature, TIME, NONCE, encrypt]
    words[changed] = words[changed][:-1] + ("0" if words[changed][-1] != "0" else "1")
    with pytest.raises(WrongSignature):
        crypto().decrypt(*words)


def test_the_words_are_signed_in_order_of_their_letters_and_none_is_left_out() -> None:
    assert crypto(token="1").sign("2", "3", "4") == crypto(token="4").sign("3", "2", "1")
    assert crypto(token="1").sign("2", "3", "4") != crypto(token="1").sign("2", "3", "5")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_envelope_are_refused_and_nothing_else_happens(junk: bytes) -> None:
    for encrypt in (base64.b64encode(junk).decode(), sealed(junk + bytes(-len(junk) % 32))):
        with pytest.raises(CryptoError):
            crypto().open(encrypt)


@pytest.mark.parametrize("receive_id", ["", CORP + "x", CORP[:-1], CORP.upper()])
def test_a_message_for_another_receive_id_is_refused(receive_id: str) -> None:
    with pytest.raises(WrongRecipient):
        crypto().open(crypto(receive_id=receive_id).seal(HELLO))
    with pytest.raises(WrongRecipient):
        crypto(receive_id=receive_id).open(crypto().seal(HELLO))


def test_a_message_cannot_claim_to_be_longer_than_what_came() -> None:
    rest = b"hello" + CORP.encode()
    assert crypto().open(sealed(envelope(5, rest))) == b"hello"
    for length in (len(rest) + 1, len(rest) + 32, 2**31, 2**32 - 1):
        with pytest.raises(CryptoError, match="longer"):
            crypto().open(sealed(envelope(length, rest)))


@pytest.mark.parametrize(
    "end",
    [bytes(33), bytes([33]) * 33, b"\x01" * 31 + b"\x02\x03", bytes([255]) * 33],
    ids=["zero", "more than a block", "uneven", "255"],
)
def test_padding_is_checked_to_its_last_byte(end: bytes) -> None:
    with pytest.raises(CryptoError, match="padding"):
        crypto().open(sealed(bytes(31) + end))


def test_padding_alone_is_no_message() -> None:
    with pytest.raises(CryptoError):
        crypto().open(sealed(bytes([32]) * 32))
    with pytest.raises(CryptoError):
        crypto(receive_id="").open(sealed(bytes(13) + bytes([19]) * 19))


@pytest.mark.parametrize("encrypt", ["", "====", "AAAA", "é" * 44, "A" * 43 + "=", "AA\nAA" * 20])
def test_what_is_not_base64_of_whole_blocks_is_refused(encrypt: str) -> None:
    with pytest.raises(CryptoError):
        crypto().open(encrypt)


def test_what_is_padded_to_aes_blocks_only_or_written_in_lines_is_refused() -> None:
    plain = b"r" * 16 + (5).to_bytes(4, "big") + b"hello" + CORP.encode() + bytes([5]) * 5
    assert len(plain) == 48
    encrypt = crypto().seal(b"hello")
    assert crypto().open(encrypt) == b"hello"
    for wrong in (sealed(plain), encrypt[:8] + "\n" + encrypt[8:]):
        with pytest.raises(CryptoError):
            crypto().open(wrong)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(CryptoError):
        crypto(key=OTHER_KEY).open(crypto().seal(HELLO))


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "=", KEY[:-1] + "-", KEY[:-1] + "\n"])
def test_a_key_that_is_none_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="43 characters") as refused:
        crypto(key=key)
    assert KEY[:8] not in str(refused.value)
