"""Group welcomes: texts the platforms keep and show to who joins a group."""
