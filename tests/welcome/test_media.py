"""What welcomes show is brought to the platform before anybody comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from bot.gateways.adapter import Adapter
from bot.model.capabilities import Capabilities
from bot.model.delivery import Delivery, Receipt, Refused
from bot.model.message import AnySegment
from bot.sop.foresight.greetings import Greetings
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from bot.welcome_media import WelcomeMedia


class Platform(Adapter):
    """Keeps what it is to have ready."""

    def __init__(self) -> None:
        """Needs nothing."""
        self.ready: list[str] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(welcome_window=20)

    async def send(self, delivery: Delivery) -> Receipt:
        raise Refused("nobody sends here")

    async def prepare(self, segments: Sequence[AnySegment]) -> None:
        self.ready += [getattr(one, "url", "") for one in segments]


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    config = """[welcome]
contact = "{{ image('https://x.example/contact.jpg') }}"
opened = "{{ image('https://x.example/opened.jpg') }}"
messages = ["{{ image('https://x.example/group.jpg') }}"]
"""
    async with Community(config, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def test_every_layer_and_variant_is_ready_also_after_a_change(community: Community) -> None:
    rooms, platform = community.app.rooms, Platform()
    media = WelcomeMedia(
        *(rooms.welcomes.scripts, rooms.writer, rooms.workspace, Greetings(rooms.sops)),
        *(lambda: {"shop": platform}, community.clock),
    )
    await media.tick()
    names = [url.rpartition("/")[2] for url in platform.ready]
    assert names == ["contact.jpg", "group.jpg", "opened.jpg"]
    await media.tick()
    assert len(platform.ready) == 3
    variant = "{{ image('https://x.example/b.jpg') }}"
    layer = {"holidays": True, "messages": ["{{ card('https://x.example/feast', 'Feast') }}"]}
    message = {"text": "hi", "variants": [variant]}
    await rooms.welcomes.scripts.save(
        {"id": "spring", "messages": [message], "layers": [layer]}, "ann"
    )
    platform.ready.clear()
    await media.tick()
    assert {"https://x.example/b.jpg", "https://x.example/feast"} <= {*platform.ready}
