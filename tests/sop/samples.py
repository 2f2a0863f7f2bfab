"""Templates that several tests of the planner run."""

from __future__ import annotations

from .town import Town

MINUTE = 60.0
BIRTHDAY = """
title = "wish"
anchor = { attribute = "birthday" }
[[step]]
id = "wish"
at = "09:00"
missed = { send_late = "12h" }
text = "wish {{ member.name }}"
"""
HELLO = """
title = "hello"
anchor = "joined"
[[step]]
id = "hello"
after = "1h"
text = "hello {{ member.name }} of {{ group.name }}"
[[step]]
id = "tips"
after = "1d"
at = "20:00"
missed = { send_late = "6h" }
text = "tips {{ member.name }}"
"""
DAILY = """
title = "daily"
anchor = "calendar"
[[step]]
id = "noon"
every = "0 13 * * *"
text = "noon in {{ group.name }}"
"""
NOTICE = """
title = "notice"
anchor = { date = "day" }
to = "TO"
[parameters.day]
type = "date"
default = "today"
[parameters.time]
type = "time"
default = "now"
[[step]]
id = "notice"
at = { parameter = "time" }
missed = MISSED
text = "notice"
"""


def notice(town: Town, to: str = "member", missed: str = '"skip"') -> str:
    return town.template("notice", NOTICE.replace("TO", to).replace("MISSED", missed))
