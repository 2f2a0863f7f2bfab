"""Links: codes, redirects, and how hits become counted clicks."""
