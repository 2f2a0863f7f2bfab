"""Pages: a list WeCom gives in parts, each with the cursor of the next.

Facts from developer.work.weixin.qq.com/document/path/92994: ``next_cursor`` is asked with as
``cursor``, and the last page has none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

MOST = 1000
"""Pages read of one list, should its cursors never end."""

Page = dict[str, Any]


async def pages(ask: Callable[[Mapping[str, str]], Awaitable[Page]]) -> AsyncIterator[Page]:
    """Every page; ``ask`` makes the call with these parameters more: none for the first page.

    A cursor that came before ends the list, for it would go round for ever.
    """
    asked, cursor = set[str](), ""
    while cursor not in asked and len(asked) < MOST:
        asked.add(cursor)
        page = await ask({"cursor": cursor} if cursor else {})
        yield page
        cursor = str(page.get("next_cursor") or "")
