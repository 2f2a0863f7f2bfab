"""docs/configuration.md is what the settings say."""

from pathlib import Path

from bot.cli.config_docs import reference
from bot.config import Config
from bot.located.shape import Slot, slot_of


def test_the_reference_is_in_step_with_the_settings() -> None:
    committed = Path(__file__).parents[2] / "docs/configuration.md"
    assert committed.read_text("utf-8") == reference(), (
        "run `muster config reference > docs/configuration.md`"
    )


def test_every_setting_is_described_and_in_the_reference() -> None:
    text = reference()

    def check(slot: Slot) -> None:
        for model in slot.models:
            for name, field in model.model_fields.items():
                assert field.description, f"{model.__name__}.{name}"
                below = slot_of(field)
                for inner in (below, below.items, below.values):
                    check(inner)
                if not any(inner.models for inner in (below, below.items, below.values)):
                    assert f"| `{name}` |" in text

    check(Slot((Config,)))


def test_the_reference_says_value_default_meaning_and_variable() -> None:
    text = reference()
    assert (
        "| `port` | a whole number between 0 and 65535 | `8080` "
        "| The port; 0 takes any free one. | `MUSTER__WEB__PORT` |"
    ) in text
    assert "## `[[welcome.messages]]`" in text
    assert '| `"30d"` |' in text
