"""Metrics: the Prometheus series this process keeps, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest


class Metrics:
    """Counters the services are given; nothing is global."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter(
            "muster_events_accepted",
            "Events put into the inbox",
            ["gateway"],
            registry=self.registry,
        )
        self.repeated = Counter(
            "muster_events_repeated",
            "Events a gateway told twice",
            ["gateway"],
            registry=self.registry,
        )
        self.handled = Histogram(
            "muster_event_seconds",
            "Seconds from an event's turn to its effects",
            registry=self.registry,
        )
        self.dead = Counter(
            "muster_events_dead", "Events that became dead letters", registry=self.registry
        )
        self.deliveries = Counter(
            "muster_deliveries",
            "Deliveries by what became of them",
            ["gateway", "priority", "outcome"],
            registry=self.registry,
        )
        self.hits = Counter(
            "muster_link_hits", "Link fetches answered", ["verdict"], registry=self.registry
        )
        self.arrivals = Counter(
            "muster_conversion_visits",
            "Visits to signed addresses, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.store_up = Gauge(
            "muster_store_up", "1 while the store answers", registry=self.registry
        )
        self.gateway_up = Gauge(
            "muster_gateway_up",
            "1 while the gateway is connected",
            ["gateway"],
            registry=self.registry,
        )
        self.loop_lag = Gauge(
            "muster_loop_lag_seconds",
            "How late the event loop was at its last look",
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The exposition format, as ``/metrics`` answers it."""
        return generate_latest(self.registry)

    def count_hits(self, verdict: str, number: int) -> None:
        """Add fetches of links with this verdict."""
        self.hits.labels(verdict).inc(number)
