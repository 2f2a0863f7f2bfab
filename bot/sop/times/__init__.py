"""When things happen: wall times, cycles, holidays, windows."""
