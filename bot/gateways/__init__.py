"""Gateways: the adapter contract, its supervision, and one package per adapter."""
