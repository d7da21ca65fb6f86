"""The model that snippets name."""

from accounts.models import User
from clod_site.lib import clock
from projects import first_call, keys
from projects.models import Project
from tests.people import browser
from tests.projects import pages
from tests.projects.shelf import model


def test_a_free_model_comes_before_a_paid_one(db: None) -> None:
    model("aaa-paid")
    model("free", is_free=True)
    assert first_call.model_for() == "free"


def test_a_project_is_shown_a_model_it_may_call(alice: User, project: Project) -> None:
    model("free", is_free=True)
    project.allowed_models.add(model("chosen"))
    assert first_call.model_for(project) == "chosen"
    assert "&quot;chosen&quot;" in browser(alice).get(pages.of(project)).content.decode()


def test_an_empty_catalog_still_gives_a_name(db: None) -> None:
    assert first_call.model_for() == first_call.FALLBACK


def test_who_has_called_already_is_told_so(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="first", actor=alice)
    assert "made its first call already" not in browser(alice).get("/welcome").content.decode()
    api_key.last_used_at = clock.now()
    api_key.save()
    assert "made its first call already" in browser(alice).get("/welcome").content.decode()
