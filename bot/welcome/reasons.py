"""Reasons: why somebody was not greeted, as managers read and count them."""

from __future__ import annotations

from bot.i18n.mark import msgid

OFF = msgid("welcomes are off here")
NO_SCRIPT = msgid("this group has no welcome script")
NONE_APPLIES = msgid("no welcome script applies")
NOTHING_NOW = msgid("its script says nothing at this time")
LEFT = msgid("left before the greeting")
LEFT_SINCE = msgid("left before all was said")
ENDED = msgid("ended the chat before all was said")
AGAIN_HERE = msgid("greeted here not long ago")
AGAIN = msgid("greeted before by this script")
AGAIN_ANYWHERE = msgid("greeted before in another place")
BLOCKED = msgid('the name holds what is on the block list: "{pattern}"')
WRONG_TEXT = msgid("the welcome text is wrong: {why}")
NO_LEAVE = msgid("the platform gave no leave to welcome them")
NO_DIRECT = msgid("this gateway cannot write to one person")
ONE_WELCOME = msgid("the platform takes one welcome, and this would be another")
SCRIPT_GONE = msgid("its script was taken away meanwhile")
NOT_PASSED = msgid("did not do what newcomers are asked to")
NO_GATE = msgid("this gateway cannot show what newcomers are asked to do")

WITH_VALUES = (BLOCKED, WRONG_TEXT)
"""Those of which the journal has more than the words."""
