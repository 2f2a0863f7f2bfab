"""Moments, links that win customers, and statistics: as little of them as Muster asks for.

Documents 95094, 93333 and 97297. A moment is nobody's before its member publishes it; which code an
ended or unknown jobid gets, and what is told of a cancelled moment, no document says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.content import attachment
from bot.testing.wecom.counters import DAY
from bot.testing.wecom.media import Media
from bot.testing.wecom.variants import Variants
from bot.testing.wecom.world import World

JOB_KEPT = DAY // 1000


@dataclass(slots=True)
class Moment:
    """``published``: when each of its members did, seconds, 0 while not; ``shown``: to whom."""

    moment_id: str
    body: Mapping[str, Any]
    made: int
    published: dict[str, int] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    cancelled: bool = False


class Moments:
    """externalcontact/…moment… and customer_acquisition/…

    ``full``: customers who are shown no moment any more, for a limit that no document states.
    """

    def __init__(self, world: World, media: Media, variants: Variants) -> None:
        self._world = world
        self._media = media
        self._variants = variants
        self.jobs: dict[str, Moment] = {}
        self.full: set[str] = set()
        self.links: dict[str, dict[str, Any]] = {}
        self.quota = 1000

    def calls(self) -> dict[str, Handler]:
        here, links = "externalcontact/", "externalcontact/customer_acquisition/"
        return {
            here + "add_moment_task": self._add,
            here + "get_moment_task_result": self._result,
            here + "cancel_moment_task": self._cancel,
            here + "get_moment_list": self._list,
            here + "get_moment_task": self._task,
            here + "get_moment_customer_list": self._customer_list,
            here + "get_moment_send_result": self._shown,
            here + "get_user_behavior_data": self._behaviour,
            here + "groupchat/statistic": self._statistic,
            links + "list_link": self._list_links,
            links + "get": self._link,
            links + "create_link": self._create_link,
            links + "update_link": self._update_link,
            links + "delete_link": self._delete_link,
            links + "customer": self._customers,
            here + "customer_acquisition_quota": self._quota,
        }

    # people

    def publish(self, moment_id: str, userid: str) -> None:
        """A member publishes a moment."""
        moment = self._moment(moment_id)
        if moment.cancelled or moment.published[userid]:
            raise ValueError(f"{userid} has nothing to publish in {moment_id}")
        moment.published[userid] = self._world.now()
        moment.shown[userid] = [c for c in self._meant(moment, userid) if c not in self.full]

    # the API

    def _add(self, call: Call) -> Answer:
        text = (call.body.get("text") or {}).get("content", "")
        attachments = call.body.get("attachments") or []
        kinds = {str(one.get("msgtype")) for one in attachments}
        if not text and not attachments:
            raise Fault(40058, "text and attachments should not both be empty")
        if len(text) > 2000:
            raise Fault(45002, "content over limit")
        if len(kinds) > 1 or len(attachments) > (9 if kinds == {"image"} else 1):
            raise Fault(41064, "attachments over limit")
        if kinds - {"image", "video", "link"}:
            raise Fault(41065, "invalid attachments msgtype")
        for one in attachments:
            if one["msgtype"] == "link" and "media_id" in one["link"]:
                self._media.find(one["link"]["media_id"])
            else:
                attachment(one, self._media)
        job = self._world.next("job")
        moment = Moment(self._world.next("mom"), dict(call.body), self._world.now())
        moment.published = {user: 0 for user in self._senders(call) if self._meant(moment, user)}
        self.jobs[job] = moment
        return {"jobid": job}

    def _senders(self, call: Call) -> list[str]:
        """Those who are asked to publish: of the staff the app sees."""
        senders = (call.body.get("visible_range") or {}).get("sender_list") or {}
        named = senders.get("user_list") or self._world.staff
        return [user for user in named if user in self._world.staff and call.app.sees(user)]

    def _meant(self, moment: Moment, userid: str) -> list[str]:
        """A member's customers, or those of them with one of the tags."""
        visible = moment.body.get("visible_range") or {}
        tags = {*(visible.get("external_contact_list") or {}).get("tag_list", [])}
        return [
            relation.external_userid
            for relation in self._world.relations.values()
            if relation.userid == userid and not relation.gone
            if not tags or relation.tags & tags
        ]

    def _result(self, call: Call) -> Answer:
        moment = self.jobs.get(call.text("jobid"))
        now = self._world.now()
        if moment is None or now - moment.made >= JOB_KEPT:
            raise Fault(40058, "invalid jobid")
        if now - moment.made < self._variants.dispatch:
            return {"status": 2, "type": "add_moment_task"}
        visible = moment.body.get("visible_range") or {}
        senders = (visible.get("sender_list") or {}).get("user_list") or []
        tags = (visible.get("external_contact_list") or {}).get("tag_list") or []
        wrong = [u for u in senders if u not in self._world.staff]
        untagged = [tag for tag in tags if tag not in self._world.tags]
        result = {
            "errcode": 0,
            "errmsg": "ok",
            "moment_id": moment.moment_id,
            "invalid_sender_list": {"user_list": wrong, "department_list": []},
            "invalid_external_contact_list": {"tag_list": untagged},
        }
        return {"status": 3, "type": "add_moment_task", "result": result}

    def _cancel(self, call: Call) -> Answer:
        self._called(call).cancelled = True
        return {}

    def _list(self, call: Call) -> Answer:
        start = call.number("start_time", 0, 1, 1 << 40)
        end = call.number("end_time", 0, start, start + 30 * 86_400)
        rows = [
            {
                "moment_id": moment.moment_id,
                "creator": "",
                "create_time": str(moment.made),
                "create_type": 0,
                "visible_type": 0,
                "text": moment.body.get("text", {}),
            }
            for moment in self.jobs.values()
            if start < moment.made < end and not moment.cancelled
        ]
        page, cursor = call.page(rows, 20, 20)
        return {"moment_list": page, "next_cursor": cursor}

    def _task(self, call: Call) -> Answer:
        moment = self._called(call)
        rows = [
            {"userid": user, "publish_status": int(at > 0)} for user, at in moment.published.items()
        ]
        page, cursor = call.page(rows, 500, 1000)
        return {"task_list": page, "next_cursor": cursor}

    def _customer_list(self, call: Call) -> Answer:
        userid = call.text("userid", 40003)
        meant = self._meant(self._called(call), userid)
        rows = [{"userid": userid, "external_userid": one} for one in meant]
        page, cursor = call.page(rows, 500, 1000)
        return {"customer_list": page, "next_cursor": cursor}

    def _shown(self, call: Call) -> Answer:
        shown = self._called(call).shown.get(call.text("userid", 40003), [])
        page, cursor = call.page([{"external_userid": one} for one in shown], 3000, 5000)
        return {"customer_list": page, "next_cursor": cursor}

    def _called(self, call: Call) -> Moment:
        return self._moment(call.text("moment_id"))

    def _moment(self, moment_id: str) -> Moment:
        for moment in self.jobs.values():
            if moment.moment_id == moment_id:
                return moment
        raise Fault(40058, "invalid moment_id")

    def _behaviour(self, call: Call) -> Answer:
        start = call.number("start_time", 0, 1, 1 << 40)
        names = ("chat_cnt", "message_cnt", "avg_reply_time", "negative_feedback_cnt")
        row = dict.fromkeys((*names, "new_apply_cnt", "new_contact_cnt"), 0)
        return {"behavior_data": [{"stat_time": start, **row, "reply_percentage": 0.0}]}

    def _statistic(self, call: Call) -> Answer:
        owners = (call.body.get("owner_filter") or {}).get("userid_list") or []
        rows = []
        for owner in dict.fromkeys(group.owner for group in self._world.groups.values()):
            if owners and owner not in owners:
                continue
            mine = [g for g in self._world.groups.values() if g.owner == owner]
            data = {"chat_total": len(mine), "member_total": sum(len(g.members) for g in mine)}
            rows.append({"owner": owner, "data": {"new_chat_cnt": 0, "msg_total": 0, **data}})
        return {"total": len(rows), "next_offset": len(rows), "items": rows}

    def _list_links(self, call: Call) -> Answer:
        page, cursor = call.page(list(self.links), 100, 100)
        return {"link_id_list": page, "next_cursor": cursor}

    def _link(self, call: Call) -> Answer:
        link = self._found(call)
        names = ("link_id", "link_name", "url", "create_time", "skip_verify")
        return {"link": {name: link[name] for name in names}, "range": link["range"]}

    def _create_link(self, call: Call) -> Answer:
        ident = self._world.next("link")
        link = {
            "link_id": ident,
            "link_name": call.text("link_name"),
            "url": f"https://work.weixin.qq.com/ca/{ident}",
            "create_time": self._world.now(),
        }
        about = {"range": call.body.get("range") or {}}
        about["skip_verify"] = bool(call.body.get("skip_verify", True))
        self.links[ident] = link | about
        return {"link": link}

    def _update_link(self, call: Call) -> Answer:
        link = self._found(call)
        names = ("link_name", "range", "skip_verify")
        link |= {name: call.body[name] for name in names if name in call.body}
        return {}

    def _delete_link(self, call: Call) -> Answer:
        del self.links[self._found(call)["link_id"]]
        return {}

    def _customers(self, call: Call) -> Answer:
        self._found(call)
        return {"customer_list": [], "next_cursor": ""}

    def _quota(self, call: Call) -> Answer:
        return {"total": self.quota, "balance": self.quota, "quota_list": []}

    def _found(self, call: Call) -> dict[str, Any]:
        link = self.links.get(call.text("link_id"))
        if link is None:
            raise Fault(40058, "invalid link_id")
        return link
