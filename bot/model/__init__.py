"""The nouns of Muster: frozen data with no I/O, importing nothing else of ours."""
