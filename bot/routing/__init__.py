"""From an event to what is done about it: rules, the index, handlers and their effects."""
