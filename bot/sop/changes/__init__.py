"""How an SOP is changed: drafts, proposals, differences, moves."""
