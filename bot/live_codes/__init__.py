"""The live codes room: who receives those who scan a code, how many came, what is wrong."""
