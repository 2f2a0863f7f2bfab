"""Moments, links that win customers, and statistics: as little of them as Muster asks for.

Documents 95094 and 97297.
"""

from __future__ import annotations

from typing import Any

from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.content import attachment
from bot.testing.wecom.media import Media
from bot.testing.wecom.world import World


class Moments:
    """externalcontact/…moment… and customer_acquisition/…"""

    def __init__(self, world: World, media: Media) -> None:
        self._world = world
        self._media = media
        self.jobs: dict[str, dict[str, Any]] = {}
        self.links: dict[str, dict[str, Any]] = {}
        self.quota = 1000

    def calls(self) -> dict[str, Handler]:
        here, links = "externalcontact/", "externalcontact/customer_acquisition/"
        return {
            here + "add_moment_task": self._add,
            here + "get_moment_task_result": self._result,
            here + "cancel_moment_task": self._cancel,
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
        for one in attachments:
            if one["msgtype"] == "link" and "media_id" in one["link"]:
                self._media.find(one["link"]["media_id"])
            else:
                attachment(one, self._media)
        job = self._world.next("job")
        self.jobs[job] = {"moment_id": self._world.next("mom"), "body": dict(call.body)}
        return {"jobid": job}

    def _result(self, call: Call) -> Answer:
        job = self.jobs.get(call.text("jobid"))
        if job is None:
            raise Fault(40058, "invalid jobid")
        senders = (job["body"].get("visible_range") or {}).get("sender_list") or {}
        wrong = [u for u in senders.get("user_list") or [] if u not in self._world.staff]
        result = {
            "errcode": 0,
            "errmsg": "ok",
            "moment_id": job["moment_id"],
            "invalid_sender_list": {"user_list": wrong, "department_list": []},
            "invalid_external_contact_list": {"tag_list": []},
        }
        return {"status": 3, "type": "add_moment_task", "result": result}

    def _cancel(self, call: Call) -> Answer:
        wanted = call.text("moment_id")
        for job, made in list(self.jobs.items()):
            if made["moment_id"] == wanted:
                del self.jobs[job]
                return {}
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
