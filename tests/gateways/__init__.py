"""Tests of gateways: supervision, and each adapter against a fake of its platform."""
