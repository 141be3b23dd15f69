"""`capexrisk contagion` as people and programs use it."""

import json

import portfolio_files as files
import pytest
from typer.testing import CliRunner

from capexrisk_addin import cli

BROKE = {"operating_margin": -0.5}


def call(*arguments):
    return CliRunner().invoke(cli.app, ["contagion", *(str(argument) for argument in arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Acme breaks when OpenAI halves its spend and drags Birch along; City breaks today; Dune is Incomplete."""
    folder = tmp_path_factory.mktemp("reviews")
    files.write(
        folder,
        acme=files.review("Acme", (("OpenAI", 90.0),)),
        acme_before=files.review("Acme", (("OpenAI", 1.0),), period="2024-12-31"),
        birch=files.review("Birch", (("Acme", 90.0), ("Open AI", 5.0))),
        city=files.review("City", (("OpenAI", 20.0),), cash=0.0, **BROKE),
        dune=files.review("Dune", (), cash=None),
        other=files.other_workbook(),
    )
    return folder


def test_json_tells_rounds_and_reviews(folder):
    done = call(folder, "--cut", "openai=50%", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["cuts"] == {"OpenAI": 0.5}
    assert (found["currency"], found["unit"]) == ("USD", "m")
    assert [(item["round"], item["broken"], item["ai_revenue_lost"]) for item in found["rounds"]] == [
        (0, ["Acme"], pytest.approx(45)),
        (1, ["Birch"], pytest.approx(45)),
    ]
    reviews = {item["entity"]: item for item in found["reviews"]}
    assert set(reviews) == {"Acme", "Birch", "City"}
    assert reviews["Birch"] == {
        "entity": "Birch",
        "path": str(folder / "birch.xlsx"),
        "already": False,
        "round": 1,
        "chain": ["OpenAI", "Acme", "Birch"],
        "volume": pytest.approx(0.45),
        "verdict": "Breaks",
    }
    assert (reviews["City"]["already"], reviews["City"]["round"], reviews["City"]["volume"]) == (True, None, 0)
    assert found["look_alikes"] == [["Open AI", "OpenAI"]]
    assert [(item["entity"], item["why"]) for item in found["left_out"]] == [
        ("Dune", "incomplete"),
        ("Acme", "superseded"),
    ]
    assert {item["status"] for item in found["files"]} == {"unchanged", "incomplete", "not_a_review"}
    openai = next(item for item in found["exposure"] if item["counterparty"] == "OpenAI")
    assert (openai["reviews"], openai["revenue"], openai["share"]) == (2, 110, pytest.approx(110 / 300))
    (breaking,) = found["breaking_cuts"]
    assert breaking["first_cut"] == pytest.approx(0.40 / 0.90)
    assert (breaking["counterparty"], breaking["first"]) == ("OpenAI", "Acme")


def test_json_of_a_folder_without_workbooks_is_json(tmp_path):
    done = call(tmp_path, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["reviews"], found["files"], found["exposure"]) == ([], [], [])
    assert found["policy"]["name"] == "capexrisk default 2026"


def test_the_page_says_it_in_words(folder):
    page = call(folder, "--cut", "OpenAI=50%").stdout
    assert "2 of 2 reviews that stand today break when OpenAI cuts its spend by 50%" in page
    assert "OpenAI → Acme" in page
    assert "44.4%" in page
    assert "dune.xlsx is Incomplete" in page


def test_it_reads_and_changes_nothing(folder):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    call(folder, "--cut", "OpenAI=50%")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_without_a_cut_it_shows_exposure_and_what_cut_is_enough(folder):
    page = call(folder).stdout
    assert "Who pays in these reviews" in page
    assert "Rounds" not in page
    assert json.loads(call(folder, "--json").stdout)["rounds"][0]["broken"] == []


def test_an_alias_table_merges_names(folder, tmp_path):
    alias = tmp_path / "alias.csv"
    alias.write_text("alias,name\nOpen AI,OpenAI\n")
    found = json.loads(call(folder, "--cut", "Open AI=50%", "--alias", alias, "--json").stdout)
    assert found["cuts"] == {"OpenAI": 0.5}
    assert found["look_alikes"] == []
    assert found["exposure"][0]["reviews"] == 3


def test_amounts_in_several_currencies_are_added_only_with_rates(folder, tmp_path):
    files.write(tmp_path, euro=files.review("Elm", (("OpenAI", 50.0),), currency="EUR"))
    paths = (folder, tmp_path)
    apart = json.loads(call(*paths, "--cut", "OpenAI=50%", "--json").stdout)
    assert apart["currency"] is None
    assert apart["rounds"][0]["ai_revenue_lost"] is None
    assert apart["rounds"][0]["ai_revenue_lost_by_currency"] == {"EUR": pytest.approx(25), "USD": pytest.approx(45)}
    fx = tmp_path / "fx.csv"
    fx.write_text("currency,rate\nUSD,1\nEUR,2\n")
    together = json.loads(call(*paths, "--cut", "OpenAI=50%", "--fx", fx, "--json").stdout)
    assert together["currency"] == "USD"
    assert together["rounds"][0]["ai_revenue_lost"] == pytest.approx(45 + 50)


@pytest.mark.parametrize(
    ("cut", "says"),
    [
        ("OpenAI", "type it as"),
        ("=50%", "type it as"),
        ("OpenAI=", "type it as"),
        ("OpenAI=half", "must be a number"),
        ("OpenAI=50", "between 0% and 100%"),
        ("OpenAI=-5%", "between 0% and 100%"),
        ("OpenIA=50%", "Did you mean 'OpenAI'"),
        ("Customer A=50%", "names nobody"),
    ],
)
def test_a_cut_that_makes_no_sense_is_wrong_usage(folder, cut, says):
    done = call(folder, "--cut", cut)
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    ("option", "content", "says"),
    [("--fx", "EUR,1.1\n", "rate 1"), ("--fx", None, "cannot be read"), ("--alias", "a\n", "two cells")],
)
def test_tables_that_make_no_sense_are_wrong_usage(folder, tmp_path, option, content, says):
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_text(content)
    done = call(folder, option, path)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_named_path_that_is_no_review_fails(folder):
    assert call(folder / "other.xlsx").exit_code == 1
    assert call(folder / "nowhere.xlsx").exit_code == 1
