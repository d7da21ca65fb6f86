"""What the markets' parsers share: CSV, zip, JSON and XML that may be anything, prices, local clocks. Pure.

What is not the published format raises SchemaChanged and names the column or field. What ends too early, is an error page or
says what is wrong raises SourceDown with its words, whatever the status was: the next try may bring a whole one.
"""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from catalog.energy.feeds import Ask, NoData, PricePoint, SchemaChanged, SourceDown

MAX_UNPACKED_BYTES = 20 * 1024 * 1024
EASTERN_STANDARD = ZoneInfo("Etc/GMT+5")  # five hours behind UTC, all year
HOUR = timedelta(hours=1)
SHOWN = 80
YEARS = 2000, 2100
COMPLAINTS = "error", "errors", "message", "Message", "fault"  # where gateways put their words


def text(body: bytes) -> str:
    try:
        decoded = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceDown("the answer is no text") from None
    begin = decoded.lstrip()[:400].lower()
    if begin.startswith("<!doctype") or "<html" in begin:
        raise SourceDown("the answer is a web page instead of data")
    if not decoded.strip():
        raise SourceDown("the answer is empty")
    return decoded


def table(lines: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV whose first line names its columns, of which these are needed."""
    rows = csv.DictReader(io.StringIO(lines), skipinitialspace=True)
    try:
        rows.fieldnames = _names(rows.fieldnames or (), columns)
        for row in rows:
            if None in row.values():
                raise SourceDown(f"line {rows.line_num} is cut off")
            yield row
    except csv.Error as error:
        raise SourceDown(f"line {rows.line_num} is no CSV: {error}") from None


def _names(said: Sequence[str], needed: Sequence[str]) -> list[str]:
    """The columns by the names we know; some days SPP writes SETTLEMENT_LOCATION for Settlement Location."""
    if len(said) == 1 < len(needed):
        raise SourceDown(f"the market answers {said[0].strip()[: 2 * SHOWN]}")
    known = {_plain(column): column for column in needed}
    names = [known.get(_plain(name), name.strip()) for name in said]
    if missing := [column for column in needed if column not in names]:
        raise SchemaChanged(f"there is no column {missing[0]!r}; the columns are {', '.join(names)[: 4 * SHOWN]}")
    return names


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").lower()


def unzipped(body: bytes, ending: str) -> str:
    """The first file with this ending in a zip; other files in its place are the market's error message."""
    if not body.startswith(b"PK"):
        shown = text(body).strip()[:SHOWN]
        raise SourceDown(f"the answer is no zip file: {shown}")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = {info.filename: info for info in archive.infolist()}
            name = next((name for name in names if name.lower().endswith(ending)), "") or next(iter(names), "")
            if not name or names[name].file_size > MAX_UNPACKED_BYTES:
                raise SchemaChanged("the zip file is empty, or unpacks to more than 20 MB")
            content = archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise SourceDown("the zip file is damaged or cut off") from None
    if not name.lower().endswith(ending):
        raise SourceDown(f"the market answers {_said(content)}")
    return text(content)


def _said(content: bytes) -> str:
    """The words in an error document."""
    try:
        words = [word.strip() for element in xml(content).iter() if (word := element.text or "").strip()]
    except SourceDown:
        words = [content.decode(errors="replace").strip()]
    return " ".join(words)[-2 * SHOWN :]


def parsed_json(body: bytes) -> Any:
    try:
        return json.loads(text(body))
    except (ValueError, RecursionError):
        raise SourceDown("the JSON is damaged or cut off") from None


def field(holder: Any, name: str) -> Any:
    if not isinstance(holder, dict) or name not in holder:
        _complain(holder)
        raise SchemaChanged(f"there is no field {name!r}")
    return holder[name]


def entries(holder: Any, name: str) -> list[Any]:
    found = field(holder, name)
    if not isinstance(found, list):
        raise SchemaChanged(f"the field {name!r} is no list")
    return found


def listed(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        _complain(answer)
        raise SchemaChanged("the answer is no list")
    return answer


def _complain(answer: Any) -> None:
    """Raise what a market says in place of data."""
    words = next((answer[key] for key in COMPLAINTS if answer.get(key)), None) if isinstance(answer, dict) else None
    if words is not None:
        raise SourceDown(f"the market answers {words if isinstance(words, str) else json.dumps(words)}"[: 3 * SHOWN])


def xml(body: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # entities may unfold without end; no market declares any
        raise SourceDown("the answer is a document with declarations instead of data")
    try:
        return ElementTree.fromstring(body)  # noqa: S314 (declarations are refused above)
    except (ElementTree.ParseError, LookupError, ValueError):
        raise SourceDown("the XML is damaged or cut off") from None


def document(body: bytes, name: str) -> ElementTree.Element:
    """The root of an XML document, whatever its namespace; one of another name is the market's error message."""
    root = xml(body)
    if root.tag.rpartition("}")[2] != name:
        raise SourceDown(f"the market answers {_said(body)}")
    return root


def microusd(value: Any, column: str, factor: float = 1.0) -> int:
    """A price in dollars per MWh times ``factor``."""
    try:
        price = float(str(value).replace(",", "")) * factor
    except ValueError:
        raise SchemaChanged(f"{column} {str(value)[:SHOWN]!r} is not a number") from None
    if not abs(price) < 1e9:
        raise SchemaChanged(f"{column} {str(value)[:SHOWN]!r} is not a price")
    return round(price * 1_000_000)


def instant(value: Any, column: str, *formats: str) -> datetime:
    """A wall clock's reading, without a zone; where no format is given, ISO 8601."""
    for format_ in formats or ("",):
        try:
            read = datetime.strptime(str(value).strip(), format_) if format_ else datetime.fromisoformat(str(value).strip())  # noqa: DTZ007
        except ValueError:
            continue
        if YEARS[0] <= read.year < YEARS[1]:
            return read
    raise SchemaChanged(f"{column} {str(value)[:SHOWN]!r} is not a time as it used to be")


def utc_all(local: Sequence[datetime], zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Local readings in their order, where nothing says whether the hour that comes twice in autumn is its first or second.

    Where the clock steps back within the list, the second begins. Otherwise the newest reading is the one nearer to now.
    """
    step_back = next((number for number in range(1, len(local)) if local[number] < local[number - 1]), None)
    twice = [reading for reading in local if utc(reading, zone) != utc(reading, zone, second=True)]
    is_second = bool(twice) and abs(utc(max(twice), zone, second=True) - now) < abs(utc(max(twice), zone) - now)
    return [utc(reading, zone, second=is_second if step_back is None else number >= step_back) for number, reading in enumerate(local)]


def utc(local: datetime, zone: ZoneInfo, *, second: bool = False) -> datetime:
    """Of the hour that comes twice, the first or the ``second``. A reading in the hour that spring leaves out is what it was before."""
    return local.replace(tzinfo=zone, fold=int(second)).astimezone(UTC)


def found(points: list[PricePoint], ask: Ask) -> list[PricePoint]:
    if not points:
        raise NoData(f"the answer has no price for {', '.join(ask.nodes)}")
    return sorted(points, key=lambda point: (point.node, point.interval_start))
