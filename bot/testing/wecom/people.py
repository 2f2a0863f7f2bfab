"""Staff and departments, and who opens a page (document 91023)."""

from __future__ import annotations

from bot.clock import Clock
from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.company import Staff
from bot.testing.wecom.world import World

CODE_LIFE = 300_000


class People:
    """user/…, department/… and auth/getuserinfo."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._codes: dict[str, tuple[Answer, int]] = {}

    def calls(self) -> dict[str, Handler]:
        return {
            "user/get": self._get,
            "user/simplelist": self._simple,
            "user/list": self._list,
            "department/list": self._departments,
            "department/simplelist": self._simple_departments,
            "auth/getuserinfo": self._who,
            "user/getuserinfo": self._who_once,
        }

    def visit(self, **who: str) -> str:
        """The OAuth code of who opens a page: userid, or openid with or without external_userid."""
        code = self._world.next("oauth")
        self._codes[code] = (dict(who), self._clock.now())
        return code

    def _get(self, call: Call) -> Answer:
        staff = self._world.staff.get(call.text("userid"))
        if staff is None:
            raise Fault(60111, "userid not found")
        if not call.app.sees(staff.userid):
            raise Fault(60011, "no privilege to access/modify contact/party/agent")
        return _detail(staff)

    def _in(self, call: Call) -> list[Staff]:
        wanted = call.number("department_id", 1, 1, 1 << 31)
        if wanted not in self._world.departments:
            raise Fault(60003, "department not found")
        inside = {wanted}
        if call.query.get("fetch_child", "0") in ("1", "True"):
            grown = True
            while grown:
                below = {n for n, (_, up) in self._world.departments.items() if up in inside}
                grown = not below <= inside
                inside |= below
        staff = self._world.staff.values()
        return [s for s in staff if inside & set(s.departments) and call.app.sees(s.userid)]

    def _simple(self, call: Call) -> Answer:
        rows = [
            {"userid": s.userid, "name": s.name, "department": list(s.departments)}
            for s in self._in(call)
        ]
        return {"userlist": rows}

    def _list(self, call: Call) -> Answer:
        return {"userlist": [_detail(staff) for staff in self._in(call)]}

    def _departments(self, call: Call) -> Answer:
        rows = [
            {"id": number, "name": name, "parentid": up, "order": number, "department_leader": []}
            for number, (name, up) in self._world.departments.items()
        ]
        return {"department": rows}

    def _simple_departments(self, call: Call) -> Answer:
        rows = [
            {"id": number, "parentid": up, "order": number}
            for number, (_, up) in self._world.departments.items()
        ]
        return {"department_id": rows}

    def _who(self, call: Call) -> Answer:
        who, since = self._codes.pop(call.query.get("code", ""), ({}, 0))
        if not who or self._clock.now() - since >= CODE_LIFE:
            raise Fault(40029, "invalid code")
        if (userid := who.get("userid")) and not call.app.sees(userid):
            raise Fault(50002, "user is out of the visible range")
        return dict(who)

    def _who_once(self, call: Call) -> Answer:
        """As this call was before, with its capital letters."""
        old = {"userid": "UserId", "openid": "OpenId"}
        return {old.get(name, name): value for name, value in self._who(call).items()}


def _detail(staff: Staff) -> Answer:
    return {
        "userid": staff.userid,
        "name": staff.name,
        "department": list(staff.departments),
        "main_department": staff.departments[0],
        "position": "",
        "status": 1 if staff.active else 4,
        "isleader": 0,
        "enable": 1,
        "alias": "",
    }
