"""Media that is kept for three days, and pictures that are kept (document 90253)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.testing.wecom.call import Answer, Call, Fault, Handler, Upload
from bot.testing.wecom.counters import DAY, Counters

KEPT = 3 * DAY
MEGABYTE = 1 << 20
MOST = {"image": 10 * MEGABYTE, "voice": 2 * MEGABYTE, "video": 10 * MEGABYTE}
MOST |= {"file": 20 * MEGABYTE}


@dataclass(frozen=True, slots=True)
class Kept:
    kind: str
    upload: Upload
    since: int
    robot: str = ""


class Media:
    """media/…; what other calls name by media_id is looked up here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counters = Counters(clock)
        self._kept: dict[str, Kept] = {}
        self.pictures: dict[str, Upload] = {}

    def calls(self) -> dict[str, Handler]:
        return {
            "media/upload": self._upload,
            "media/upload_attachment": self._upload,
            "media/uploadimg": self._picture,
        }

    def keep(self, kind: str, upload: Upload | None, robot: str = "") -> Answer:
        """Take a file; raises Fault for a kind or size that is not taken."""
        if kind not in MOST:
            raise Fault(40004, "invalid media type")
        if upload is None or len(upload.data) <= 5:
            raise Fault(40058, "media is missing or below 6 bytes")
        if len(upload.data) > MOST[kind]:
            raise Fault(45001, "media size out of limit")
        ident = f"media-{kind}-{len(self._kept):04d}"
        self._kept[ident] = Kept(kind, upload, self._clock.now(), robot)
        return {"type": kind, "media_id": ident, "created_at": str(self._clock.now() // 1000)}

    def find(self, media_id: object, robot: str = "") -> Kept:
        """What a media_id means; raises Fault when it is unknown or three days old."""
        kept = self._kept.get(str(media_id))
        if kept is None or kept.robot != robot or self._clock.now() - kept.since >= KEPT:
            raise Fault(40007, "invalid media_id")
        return kept

    def _upload(self, call: Call) -> Answer:
        kind = call.query.get("type") or call.query.get("media_type", "")
        return self.keep(kind, call.files.get("media"))

    def _picture(self, call: Call) -> Answer:
        upload = next(iter(call.files.values()), None)
        if upload is None or len(upload.data) <= 5:
            raise Fault(40058, "media is missing or below 6 bytes")
        if not self._counters.room("all", (1000, DAY), (3000, 30 * DAY)):
            raise Fault(45009, "api freq out of limit")
        url = f"https://wework.qpic.cn/wwpic/{len(self.pictures)}/0"
        self.pictures[url] = upload
        return {"url": url}
