"""The sections of config.toml as frozen models, and how environment and secret files enter."""
