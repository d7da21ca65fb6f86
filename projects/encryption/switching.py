"""Changing how bodies are stored: what that means for new ones, what is asked about old ones, and doing it."""

from dataclasses import dataclass
from typing import NamedTuple

from projects.encryption import policy, stored
from projects.encryption.signals import bodies_unwanted
from projects.encryption.stored import Stored
from projects.encryption.words import days as days_
from projects.models import BodyLogging, Project

KEEP, SHORTEN, DELETE = "keep", "shorten", "delete"
NEW = {
    BodyLogging.OFF: "Prompts and answers of new requests are not stored.",
    BodyLogging.PLAIN: "Prompts and answers of new requests are stored as they are, for {days}. "
    "Every member of {organization} can read them, and so can whoever reads the database.",
    BodyLogging.SEALED: "Prompts and answers of new requests are sealed to {names} before they are stored, and kept for {days}. Nobody can "
    "read them without one of these private keys: no member, and not us.",
}
WHEN = "This holds for requests that begin a second after it is saved. Those that are running then are stored as they would have been."


class NoRecipient(Exception):
    """There is nobody to seal to."""


class ChangedMeanwhile(Exception):
    """Somebody else was faster: it is not as it was when the change was told."""


class Wanted(NamedTuple):
    """``mode`` is a BodyLogging."""

    mode: str
    days: int


@dataclass(frozen=True)
class Change:
    """What a project has, and what somebody wants instead."""

    project: Project
    wanted: Wanted
    stored: Stored
    names: str

    @property
    def is_none(self) -> bool:
        return self.wanted == now(self.project)

    @property
    def is_of_mode(self) -> bool:
        return self.wanted.mode != self.project.body_logging

    @property
    def is_shorter(self) -> bool:
        return self.wanted.days < self.project.body_days

    @property
    def sentences(self) -> list[str]:
        """What it means, for who decides."""
        told = {"days": days_(self.wanted.days), "organization": self.project.organization.name, "names": self.names}
        return [NEW[BodyLogging(self.wanted.mode)].format_map(told), WHEN, *self._of_old()]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What can be done with old bodies; none when there is nothing to ask."""
        if not self.stored.total or not (self.is_of_mode or self.is_shorter):
            return []
        shorter = (SHORTEN, f"Keep none longer than {days_(self.wanted.days)}: older ones go now, the others when they are that old.")
        return [
            (KEEP, "Keep each until the day it was to be deleted."),
            *([shorter] if self.is_shorter and self.wanted.mode != BodyLogging.OFF else []),
            (DELETE, "Delete all of them now. Nobody can bring them back."),
        ]

    def _of_old(self) -> list[str]:
        if not self.stored.total:
            return []
        stay = f"{self.stored} bod{'y is' if self.stored.total == 1 else 'ies are'} stored already, and {{}}"
        if self.stored.plain and self.wanted.mode == BodyLogging.SEALED:
            return [stay.format("those that are plain do not become sealed: members can read them until they are deleted.")]
        if self.stored.plain < self.stored.total and self.wanted.mode == BodyLogging.PLAIN:
            return [stay.format("those that are sealed stay sealed.")]
        return [stay.format("stay as they are unless you say otherwise here.")]


def now(project: Project) -> Wanted:
    return Wanted(project.body_logging, project.body_days)


def change(project: Project, wanted: Wanted) -> Change:
    """Raises NoRecipient for sealing to nobody."""
    names = list(policy.in_use(project.pk).values_list("name", flat=True))
    if wanted.mode == BodyLogging.SEALED and not names:
        raise NoRecipient
    return Change(project, wanted, stored.of(project.pk), ", ".join(names))


def apply(change: Change, old: str) -> None:
    """``old`` is one of the change's choices, or empty when there were none. Raises ChangedMeanwhile."""
    was = now(change.project)  # compared in the update, not under a lock that calls would wait for while old bodies are deleted
    as_it_was = Project.objects.filter(pk=change.project.pk, body_logging=was.mode, body_days=was.days)
    if not as_it_was.update(body_logging=change.wanted.mode, body_days=change.wanted.days):
        raise ChangedMeanwhile
    if old in (SHORTEN, DELETE):
        bodies_unwanted.send(Project, project=change.project, days=change.wanted.days if old == SHORTEN else 0)
