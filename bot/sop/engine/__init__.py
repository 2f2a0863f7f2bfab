"""How an SOP runs: fed, judged, acted, written, once."""
