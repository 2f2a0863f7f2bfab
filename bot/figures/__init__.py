"""Figures: what links and SOPs came to, cut by whatever one asks for; made here and only here."""
