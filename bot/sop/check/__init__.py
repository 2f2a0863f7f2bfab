"""The plan check: everything that would go wrong, found before a SOP is launched."""

from bot.sop.check.check import Forecasts, PlanCheck
from bot.sop.check.finding import Finding, Place, Severity
from bot.sop.check.fixes import Fix, fix_of

__all__ = ["Finding", "Fix", "Forecasts", "Place", "PlanCheck", "Severity", "fix_of"]
