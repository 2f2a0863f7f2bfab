"""The conformance suite: what every adapter promises, as tests its author gets for a double.

A test class inherits ``AdapterConformance`` and gives a fixture ``platform``.
"""

from bot.testing.conformance.acting import Acting
from bot.testing.conformance.asking import Asking
from bot.testing.conformance.lasting import Lasting
from bot.testing.conformance.line import Line
from bot.testing.conformance.platform import Arrived, Platform, Put, Traits
from bot.testing.conformance.receiving import Receiving
from bot.testing.conformance.sending import Sending
from bot.testing.conformance.showing import Showing

__all__ = ["AdapterConformance", "Arrived", "Line", "Platform", "Put", "Traits"]


class AdapterConformance(Receiving, Sending, Showing, Acting, Asking, Lasting):
    """All of the contract; nothing in it is skipped."""
