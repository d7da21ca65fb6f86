"""When a key was last used."""

from datetime import timedelta

from accounts.models import User
from activity import key_use
from clod_site.lib import clock
from projects import keys
from projects.models import ApiKey, Project
from tests.activity import log


def _last_used(api_key: ApiKey) -> object:
    api_key.refresh_from_db()
    return api_key.last_used_at


def test_a_key_is_marked_with_its_newest_request(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    other, _ = keys.generate(project, name="idle", actor=alice)
    log.call(project, timedelta(minutes=5), api_key=api_key)
    newest = log.call(project, timedelta(minutes=1), api_key=api_key)
    log.call(project)
    assert key_use.mark(clock.now()) == 1
    assert _last_used(api_key) == newest.created_at
    assert _last_used(other) is None


def test_a_second_run_changes_nothing(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    log.call(project, api_key=api_key)
    key_use.mark(clock.now())
    assert key_use.mark(clock.now()) == 0


def test_an_instant_never_goes_back(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    log.call(project, timedelta(minutes=5), api_key=api_key)
    now = clock.now()
    ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=now)
    assert key_use.mark(now) == 0
    assert _last_used(api_key) == now


def test_it_looks_back_only_as_far_as_a_call_may_run(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    log.call(project, timedelta(hours=2), api_key=api_key)
    assert key_use.mark(clock.now()) == 0
