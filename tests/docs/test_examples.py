"""The examples in the documentation work as they stand."""

import importlib
import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)\n *```", (DOCS / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("name", ["shop_hours", "sign_up"])
async def test_a_handler_in_the_documentation_passes_its_own_test(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    files = {text.split()[1]: text for text in blocks("writing-a-handler.md", "python")}
    for file in (f"{name}.py", f"test_{name}.py"):
        (tmp_path / file).write_text(files[file])
    module = importlib.import_module(f"test_{name}")
    try:
        (test,) = [value for key, value in vars(module).items() if key.startswith("test_")]
        await test()
    finally:
        for loaded in (name, f"test_{name}"):
            sys.modules.pop(loaded, None)


def test_the_adapter_in_the_documentation_is_an_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.config import load_config
    from bot.gateways.sandbox import World
    from bot.switchboard import makers

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "shop_chat.py").write_text(blocks("writing-an-adapter.md", "python")[0])
    (tmp_path / "token").write_text("secret")
    (tmp_path / "config.toml").write_text(
        '[gateways.shop]\nadapter = "shop_chat:ShopChat"\nurl = "wss://x"\n'
        f'token = {{ file = "{tmp_path / "token"}" }}\n'
    )
    made = makers(load_config(tmp_path / "config.toml", {}), World(None, None))  # type: ignore[arg-type]
    assert set(made) == {"sandbox", "shop"}
    sys.modules.pop("shop_chat", None)


@pytest.mark.parametrize("page", ["../README.md", "../README.zh-CN.md"])
def test_the_configuration_and_the_sop_in_the_readme_are_right_as_they_stand(
    page: str, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from bot.cli.main import commands

    template, config = blocks(page, "toml")
    if template.startswith("   "):  # inside a list item
        template = "\n".join(line[3:] for line in template.splitlines())
    (tmp_path / "sop_templates").mkdir()
    (tmp_path / "sop_templates" / "tea_tuesday.toml").write_text(template)
    (tmp_path / "config.toml").write_text(config)
    result = CliRunner().invoke(commands(), ["--config", str(tmp_path / "config.toml"), "check"])
    assert result.exit_code == 0, result.output
    assert "1 SOP template:" in result.output
