"""Loading the catalog: everything is checked first, problems say where they are, running again changes nothing."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from catalog import loading, versions
from catalog.models import Category, DataCenter, Endpoint, Model, Provider
from clod_site.lib import money

pytestmark = pytest.mark.django_db

Write = Callable[..., Path]

PROVIDER = """
providers:
  - {slug: clod, name: CLōD, needs_credential: false}
  - {slug: openai, name: OpenAI, base_url: "https://api.openai.com/v1", credential_env: OPENAI_API_KEY}
"""
DATA_CENTER = """
data_centers:
  - {slug: nva, name: Ashburn, market: PJM, node: DOM, time_zone: America/New_York, latitude: 39, longitude: -77, adder_usd_per_mwh: 28}
  - {slug: dfw, name: Dallas, market: ERCOT, node: HB_NORTH, time_zone: America/Chicago, latitude: 33, longitude: -97}
"""
MODEL = """
defaults:
  developer: Meta
  category: hosted
  input_modalities: [text]
  output_modalities: [text]
  price_source: CLōD price list
  price_date: 2026-11-01
models:
  - slug: llama
    name: Llama 8B
    vendor_id: meta/Llama-8B
    context_window: 8192
    max_output_tokens: 4096
    input_usd_per_mtok: 0.05
    output_usd_per_mtok: 0.08
"""
ENDPOINT = """
defaults: {provider: clod, base_url_env: "CLOD_DC_{DATA_CENTER}_URL"}
endpoints:
  - {model: llama, data_centers: [nva, dfw]}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text.lstrip("\n"))
        return path

    return write


@pytest.fixture
def files(write: Write) -> list[Path]:
    texts = {"providers": PROVIDER, "data_centers": DATA_CENTER, "models": MODEL, "endpoints": ENDPOINT}
    return [write(f"{name}.yaml", text) for name, text in texts.items()]


def problems_of(*paths: Path) -> list[str]:
    """What is wrong, each as ``file:line: field: message`` with the file's bare name."""
    with pytest.raises(loading.CatalogInvalid) as refused:
        loading.load(paths)
    return [str(problem).replace(f"{paths[0].parent}/", "") for problem in refused.value.problems]


def shipped() -> list[Path]:
    return sorted(settings.CLOD_CATALOG_DIR.glob("*.yaml"))


def test_it_stores_what_the_files_say(files: list[Path]) -> None:
    loading.load(files)
    model = Model.objects.get(slug="llama")
    assert (model.name, model.developer, model.category) == ("Llama 8B", "Meta", Category.HOSTED)
    assert model.input_nanousd_per_mtok == money.usd("0.05")
    assert DataCenter.objects.get(slug="nva").adder_microusd_per_mwh == 28_000_000
    addresses = Endpoint.objects.order_by("data_center__slug").values_list("data_center__slug", "upstream_model", "base_url_env")
    assert list(addresses) == [("dfw", "meta/Llama-8B", "CLOD_DC_DFW_URL"), ("nva", "meta/Llama-8B", "CLOD_DC_NVA_URL")]


def test_running_it_again_changes_nothing_and_wakes_nobody(files: list[Path]) -> None:
    first = loading.load(files)
    version = versions.current()
    again = loading.load(files)
    assert first["endpoints"] == loading.Tally(created=2)
    assert again["endpoints"] == loading.Tally(unchanged=2)
    assert versions.current() == version == 1


def test_a_changed_price_updates_one_row_and_counts_the_version_up(files: list[Path], write: Write) -> None:
    loading.load(files)
    loading.load([write("models.yaml", MODEL.replace("0.08", "0.09"))])
    assert Model.objects.get().output_nanousd_per_mtok == money.usd("0.09")
    assert versions.current() == 2


def test_what_the_files_leave_open_is_the_operator_s(files: list[Path]) -> None:
    loading.load(files)
    Endpoint.objects.update(upstream_model="llama-8b-fp8", max_concurrency=8)
    assert loading.load(files)["endpoints"] == loading.Tally(unchanged=2)


def test_what_an_operator_switched_off_stays_off(files: list[Path]) -> None:
    loading.load(files)
    Provider.objects.filter(slug="openai").update(active=False, credential_sealed="sealed")
    loading.load(files)
    openai = Provider.objects.get(slug="openai")
    assert (openai.active, openai.credential_sealed) == (False, "sealed")


def test_rows_absent_from_the_files_are_left_alone_unless_told_otherwise(files: list[Path], write: Write) -> None:
    loading.load(files)
    fewer = write("endpoints.yaml", ENDPOINT.replace("[nva, dfw]", "[nva]"))
    assert loading.load([fewer])["endpoints"] == loading.Tally(unchanged=1)
    assert loading.load([fewer], deactivate_missing=True)["endpoints"] == loading.Tally(unchanged=1, deactivated=1)
    assert Endpoint.objects.get(active=False).data_center.slug == "dfw"  # type: ignore[union-attr]
    assert Model.objects.get().active, "the file holds no models, so none is missing from it"


def test_one_problem_keeps_everything_out(files: list[Path], write: Write) -> None:
    bad = write("more.yaml", "providers:\n  - {slug: new, name: New, base_url: nowhere}\n")
    assert problems_of(*files, bad) == ["more.yaml:2: base_url: 'nowhere' is not an address; expected one like https://api.openai.com/v1"]
    assert not Model.objects.exists()
    assert versions.current() == 0


def test_every_problem_is_told_at_once(write: Write) -> None:
    text = MODEL.replace("context_window: 8192", "contxt_window: 8192").replace("0.05", "cheap").replace("2026-11-01", "yesterday")
    found = problems_of(write("models.yaml", text))
    assert found == [
        "models.yaml:7: price_date: 'yesterday' is not a date; expected one like 2026-11-22",
        "models.yaml:9: context_window: is missing",
        "models.yaml:12: contxt_window: is not a field of models; did you mean context_window?",
        "models.yaml:14: input_usd_per_mtok: 'cheap' is not an amount in dollars; write it like 5.00",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("slug: llama", "slug: Llama 8", "slug: 'Llama 8' does not fit; expected lower-case"),
        ("category: hosted", "category: hostd", "category: 'hostd' is unknown; did you mean hosted?"),
        ("[text]\n  output", "[smell]\n  output", "input_modalities: 'smell' is unknown"),
        ("8192", "1.5", "context_window: '1.5' is not a whole number"),
        ("8192", "0", "context_window: 0 is out of range"),
        ("4096", "9999", "max_output_tokens: is more than the context window of 8192"),
        ("0.05", "-1", "input_usd_per_mtok: expected dollars per million tokens between 0 and"),
        ("name: Llama 8B", "name:", "name: has no value; give one or leave the field out"),
        ("name: Llama 8B", "name: [a, b]", "name: expected one value"),
        ("name: Llama 8B", f"name: {'x' * 121}", "name: is 121 characters long; at most 120 are kept"),
        ("developer: Meta", "developer: Meta\n  developer: Meta", "developer: was given on line 2 already"),
        ("category: hosted", "category: third_party\n  is_free: true", "is_free: only hosted models can be free"),
    ],
)
def test_a_bad_value_is_named_with_what_is_expected(write: Write, before: str, after: str, expected: str) -> None:
    found = problems_of(write("models.yaml", MODEL.replace(before, after)))
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("model: llama", "model: lama", "endpoints.yaml:3: model: there is no model 'lama'; did you mean llama?"),
        ("provider: clod", "provider: cloud", "endpoints.yaml:1: provider: there is no provider 'cloud'; did you mean clod?"),
        ("dfw]", "dwf]", "endpoints.yaml:3: data_centers: there is no data center 'dwf'; did you mean dfw?"),
        (", data_centers: [nva, dfw]", "", "data_center"),
    ],
)
def test_an_unknown_reference_is_told_with_the_nearest_slug(
    files: list[Path], write: Write, before: str, after: str, expected: str
) -> None:
    found = problems_of(*files[:3], write("endpoints.yaml", ENDPOINT.replace(before, after)))
    assert expected in found[0]


def test_references_may_be_in_the_database_already(files: list[Path]) -> None:
    loading.load(files[:3])
    assert loading.load(files[3:])["endpoints"].created == 2


def test_a_row_given_twice_is_told_with_both_lines(files: list[Path], write: Write) -> None:
    twice = write("endpoints.yaml", ENDPOINT + "  - {model: llama, data_centers: [nva]}\n")
    assert problems_of(*files[:3], twice) == [
        f"endpoints.yaml:4: model: llama at clod at nva is in the files twice; it was given in {twice}:3 already".replace(
            f"{twice.parent}/", ""
        )
    ]


def test_two_models_cannot_answer_to_one_name(files: list[Path], write: Write) -> None:
    loading.load(files)
    other = MODEL.replace("slug: llama", "slug: other").replace("vendor_id: meta/Llama-8B", "vendor_id: LLAMA")
    found = problems_of(write("other.yaml", other))
    assert "other.yaml:10: name: 'Llama 8B' would mean two models; llama answers to it already" in found[0]
    assert "vendor_id: 'LLAMA' would mean two models" in found[1]


def test_a_model_with_a_problem_does_not_make_its_endpoints_look_wrong(files: list[Path], write: Write) -> None:
    found = problems_of(*files[:2], write("models.yaml", MODEL.replace("8192", "many")), files[3])
    assert found == ["models.yaml:12: context_window: 'many' is not a number"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x.yaml: is empty"),
        ("models:\n  - slug: [\n", "x.yaml:3: is not valid YAML"),
        ("- a\n- b\n", "x.yaml:1: expected the file to be fields with values"),
        ("modles: []\n", "x.yaml:1: modles: is not a kind of catalog rows; did you mean models?"),
        ("models: 3\n", "x.yaml:1: models: expected a list of rows"),
        ("models:\n  - llama\n", "x.yaml:2: expected a row of models to be fields with values"),
    ],
)
def test_a_file_of_another_shape_is_refused(write: Write, text: str, expected: str) -> None:
    found = problems_of(write("x.yaml", text))
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none.yaml") == ["none.yaml: cannot be read: No such file or directory"]


def test_the_command_prints_counts(files: list[Path]) -> None:
    out = StringIO()
    call_command("load_catalog", *files, stdout=out)
    assert "endpoints     2 created, 0 updated, 0 unchanged" in out.getvalue()


def test_the_command_fails_with_every_problem(write: Write) -> None:
    path = write("x.yaml", "models:\n  - llama\n")
    with pytest.raises(CommandError, match=r"x\.yaml:2: expected a row[^\n]*\nNothing was loaded: 1 problem to mend\."):
        call_command("load_catalog", path)


def test_the_shipped_catalog_loads_and_loads_again() -> None:
    loading.load(shipped())
    assert all(tally.changes == 0 for tally in loading.load(shipped()).values())


def test_the_shipped_catalog_has_what_the_product_promises() -> None:
    loading.load(shipped())
    models = Model.objects.all()
    assert models.filter(is_free=True, category=Category.HOSTED).count() >= 30
    assert models.filter(is_free=False, category=Category.HOSTED).exists()
    assert Model.objects.get(name="GPT 4o").vendor_id == Model.objects.get(name="GPT 4o").slug == "gpt-4o"
    assert Model.objects.get(name="DeepSeek V3").vendor_id == "deepseek-ai/DeepSeek-V3"
    assert not models.exclude(price_source__gt="").exists()
    assert not models.filter(output_nanousd_per_mtok=0, max_output_tokens__gt=0).exists()
    assert models.filter(max_output_tokens=0, operations=["embeddings"], price_date__gt="2025-01-01").count() >= 5
    assert not models.filter(category=Category.HOSTED, output_joule_per_token=None).exists()


def test_every_shipped_model_has_an_endpoint_and_gpt_4o_has_several() -> None:
    loading.load(shipped())
    assert not Model.objects.filter(endpoints=None).exists()
    assert Endpoint.objects.filter(model__slug="gpt-4o").count() >= 2
    assert Endpoint.objects.filter(model__slug="smollm2-135m-instruct").count() == DataCenter.objects.count() == 9


def test_a_way_of_speaking_nobody_knows_is_refused(write: Write) -> None:
    assert problems_of(write("providers.yaml", PROVIDER.replace("name: CLōD", "name: CLōD, adapter: telepathy"))) == [
        "providers.yaml:2: adapter: 'telepathy' is unknown; expected one of anthropic, azure, compatible, gemini, openai"
    ]


def test_what_is_wrong_with_one_row_is_told_at_once_also_by_the_rules_of_its_table(write: Write, settings: Any) -> None:
    settings.PRODUCTION = True
    row = "slug: a, name: A, adapter: telepathy, cancel_policy: never, credential_env: CLOD_SECRET_KEY, base_url: 'http://169.254.169.254/'"
    found = problems_of(write("providers.yaml", f"providers:\n  - {{{row}}}\n"))
    assert {problem.split(": ")[1] for problem in found} == {"adapter", "cancel_policy", "credential_env", "base_url"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 30_000, "is nested more than 16 levels deep at line 1"),
        ("a: " + "{b: " * 30_000, "is nested more than 16 levels deep at line 1"),
        ("- " * 30_000, "is nested more than 16 levels deep at line 1"),
        ("defaults: &a {name: A}\nproviders: [*a]", "has an alias (*a) at line 2"),
        ("providers: [" + "a," * 250_000 + "]", "holds more than 200,000 values"),
        ("#" * 3_000_000, "has 3,000,000 characters; at most 2,097,152 are read"),
    ],
    ids=["lists", "mappings", "hyphens", "an alias", "many values", "long"],
)
def test_a_file_that_would_take_the_process_down_is_not_composed(write: Write, text: str, said: str) -> None:
    """A web process ended by SIGSEGV on a list of 30,000 levels. The command and the admin's import read the same way."""
    assert said in problems_of(write("deep.yaml", text))[0]


def test_a_file_with_more_mistakes_than_anybody_reads_is_refused_in_bearable_time(write: Write) -> None:
    rows = "".join(f"  - {{slug: a{number}, colour{number}: red}}\n" for number in range(3_000))
    assert len(problems_of(write("many.yaml", f"providers:\n{rows}"))) == 1_000
