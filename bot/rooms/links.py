"""Links: where they lead, who clicked, and what followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.clock import Clock
from bot.gateways.identity import Identity
from bot.gateways.wechat.oauth import WeChatIdentity
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.oauth import WeComIdentity
from bot.links.arrivals import Arrivals
from bot.links.clicks import Clicks
from bot.links.conversions import Conversions
from bot.links.counter import Counter
from bot.links.data_centres import DataCentres
from bot.links.desk import Desk
from bot.links.hits import Hit
from bot.links.identities import Identities
from bot.links.judge import Judge
from bot.links.links import Links
from bot.links.pages import Pages
from bot.links.probe import Probe
from bot.links.recorder import Recorder
from bot.links.redirect import Redirects
from bot.links.signing import SigningKeys
from bot.links.staff import Staff
from bot.links.visitors import Visitors
from bot.settings.rooms import OAuthSettings
from bot.store.store import Store
from bot.webhooks.feed import Click

if TYPE_CHECKING:
    from bot.app import App


Address = Callable[[web.Request], str]


class LinkRooms:
    """Links, the clicks on them, and who is asked who it was."""

    def __init__(self, app: App, zone: ZoneInfo, own: Callable[[], str], address: Address) -> None:
        """``own``: what our links begin with; ``address``: whence somebody asks."""
        config, store = app.config, app.store
        self.links = Links(store, own)
        self.link_desk = Desk(store, self.links)
        self.clicks = Clicks(store, app.facts, self.links.steps, zone)
        self.conversions = Conversions(store, self.links, app.members, app.facts, zone)
        self.signing_keys = SigningKeys(store)
        self.arrivals = Arrivals(
            *(self.conversions, self.signing_keys, self.links, app.clock.now),
            *(app.translator.translate, lambda what: app.metrics.arrivals.labels(what).inc()),
        )
        self.probe = Probe(app.clock)
        self.visitors = Visitors(store)
        days, count_staff = config.retention.hits_days, config.links.count_staff
        self.staff = Staff(store, self.visitors, days, count_staff)
        self.identities = Identities(
            *(store, self.visitors),
            *(platforms(config.links.oauth, app.clock, store), self.links.word_url),
        )
        self.judge = Judge(self.links, zone, lambda: self.staff)
        recorder = Recorder(store, config.data_dir / "spool", app.metrics.count_hits)
        self.redirects = self._redirects(app, recorder, address)
        self.counter = Counter(
            *(store, self.judge, self.links.steps, recorder.origin, app.metrics.count_hits)
        )

    def _redirects(self, app: App, recorder: Recorder, address: Address) -> Redirects:
        settings, fallback = app.config.links, str(app.config.links.fallback_url or "")
        return Redirects(
            self.links,
            recorder,
            self.visitors,
            Pages(app.translator.translate, fallback, app.config.workspace),
            app.clock,
            address,
            app.config.web.link_hosts(),
            DataCentres(settings.data_centres),
            settings.do_not_track == "respect",
            self.identities,
            settings.limited_while_away == "wait",
        )

    def click(self, line: bytes) -> Click | None:
        """What a kept hit says, for who knows nothing of links."""
        try:
            hit = Hit.parse(line)
        except ValueError:
            return None
        code = self.links.codes.unpack(hit.code)
        return Click(hit.at, code.link, code.group, code.member) if code else None


def platforms(settings: OAuthSettings, clock: Clock, store: Store) -> dict[str, Identity]:
    """The platforms that can be asked who opens a link; tokens are those of gateways there."""
    found: dict[str, Identity] = {}
    if wecom := settings.wecom:
        api = WeComApi(wecom.api_url, wecom.corp_id, wecom.secret, clock, store)
        found["wecom"] = WeComIdentity(api, wecom.corp_id, wecom.agent_id, wecom.gateway)
    if wechat := settings.wechat:
        found["wechat"] = WeChatIdentity(
            wechat.api_url, wechat.app_id, wechat.secret, wechat.gateway
        )
    return found
