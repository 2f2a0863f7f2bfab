"""SOPs: steps laid out ahead, planned exactly once and sent when members may be written to."""
