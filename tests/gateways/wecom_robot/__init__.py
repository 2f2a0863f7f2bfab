"""The group robot adapter, against the WeCom test server."""
