"""Tests of the WeCom gateway."""
