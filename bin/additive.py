"""Is every migration additive? A process of the version before goes on reading and writing while a migration is applied, and after it.

    CreateModel, AddIndex, AddConstraint, RemoveConstraint, RemoveIndex, AlterModelOptions …   it does not notice
    AddField                    it inserts rows without the column: null=True, a db_default, or many-to-many
    everything else             removes, renames or narrows what it uses

A migration that must do more says why that is safe, in a line of its own:

    # safe with the version before: nothing has read this column since 0.3
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

UNNOTICED = {
    "CreateModel",
    "AddIndex",
    "AddIndexConcurrently",
    "RemoveIndex",
    "RenameIndex",
    "AddConstraint",
    "RemoveConstraint",
    "AddConstraintNotValid",
    "AlterModelOptions",
    "AlterModelManagers",
    "AlterModelTableComment",
}
REASON = re.compile(r"^\s*# safe with the version before: \S", re.MULTILINE)
# Applied before the rule was made; a site is brought to these with its processes stopped.
OLDER = {"accounts": 6, "activity": 6, "billing": 8, "catalog": 6, "projects": 7, "studio": 2, "team": 2}


def complaints(root: Path) -> list[str]:
    return [complaint for file in sorted(root.glob("*/migrations/[0-9]*.py")) if not _is_older(file) for complaint in complaints_of(file)]


def complaints_of(file: Path) -> list[str]:
    """A sentence for each operation an older process would stumble over."""
    text = file.read_text()
    if REASON.search(text):
        return []
    name = f"{file.parts[-3]}/{file.stem}"
    return [f"{name}: {problem}" for operation in _operations(ast.parse(text)) if (problem := _problem(operation))]


def _is_older(file: Path) -> bool:
    return int(file.stem[:4]) <= OLDER.get(file.parts[-3], 0)


def _operations(module: ast.Module) -> Iterator[ast.Call]:
    """Calls in ``operations = [...]``; what is no call of a class there is looked at by people, and must give its reason."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "operations" for target in node.targets):
            elements = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from (each if isinstance(each, ast.Call) else ast.Call(ast.Name("something"), [], []) for each in elements)


def _problem(operation: ast.Call) -> str:
    kind = _name(operation.func)
    if kind in UNNOTICED:
        return ""
    if kind == "AddField":
        words = {word.arg: word.value for word in operation.keywords}
        if _is_filled_in(words.get("field")):
            return ""
        named = ast.unparse(words["name"]) if "name" in words else "a field"
        return f"AddField of {named}: the version before inserts rows without it. Give it null=True or a db_default."
    return f"{kind} changes what the version before uses. Do it two versions later, or say why it is safe (bin/additive.py)."


def _is_filled_in(field: ast.expr | None) -> bool:
    """Whether the database can insert a row without this column."""
    if not isinstance(field, ast.Call):
        return False
    words = {word.arg: word.value for word in field.keywords}
    null = words.get("null")
    return _name(field.func) == "ManyToManyField" or "db_default" in words or (isinstance(null, ast.Constant) and null.value is True)


def _name(expression: ast.expr) -> str:
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "something")
