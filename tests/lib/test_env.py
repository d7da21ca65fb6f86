from pathlib import Path

import pytest

from clod_site.lib import env

NAME = "CLOD_EXAMPLE"


def test_a_variable_that_is_empty_or_blank_counts_as_not_set(monkeypatch):
    monkeypatch.setenv(NAME, "  ")
    assert env.text(NAME, "default") == "default"
    assert env.integer(NAME, 7) == 7
    assert env.flag(NAME, True) is True
    assert env.words(NAME, ("a",)) == ("a",)
    assert env.path(NAME, Path("/srv")) == Path("/srv")


@pytest.mark.parametrize(("value", "meant"), [("1", True), ("Yes", True), ("ON", True), ("0", False), ("false", False), ("No", False)])
def test_a_switch_is_read_in_the_usual_spellings(monkeypatch, value, meant):
    monkeypatch.setenv(NAME, value)
    assert env.flag(NAME, not meant) is meant


@pytest.mark.parametrize("read", [env.flag, lambda name: env.integer(name, 0)])
def test_a_bad_value_names_the_variable_and_never_its_content(monkeypatch, read):
    monkeypatch.setenv(NAME, "hunter2")
    with pytest.raises(env.BadEnvironment) as refusal:
        read(NAME)
    assert NAME in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_list_is_split_at_commas_and_trimmed(monkeypatch):
    monkeypatch.setenv(NAME, " new , old ,, ")
    assert env.words(NAME) == ("new", "old")


def test_a_path_is_absolute_and_knows_the_home_folder(monkeypatch):
    monkeypatch.setenv(NAME, "~/var")
    assert env.path(NAME, Path("x")) == (Path.home() / "var").resolve()
