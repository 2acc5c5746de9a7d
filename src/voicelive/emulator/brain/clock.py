"""Answers about dates and times: which day it is, how long until Christmas."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voicelive.emulator.brain.dates import MONTHS, WEEKDAYS, Found, find_date, holiday_at, said_date, said_time
from voicelive.emulator.brain.words import Words

__all__ = ("answer",)

_UNTIL = re.compile(
    r"\bhow (?:many (?P<unit>days|weeks|months|hours)|long|far|soon)\b.*\b(?:until|till|til|to|before|is)\b"
)
_SINCE = re.compile(r"\bhow (?:many (?P<unit>days|weeks)|long)\b.*\bsince\b")
_TIME = re.compile(
    r"(?:what(?: is)? (?:the )?(?:current )?time(?: (?:is it|it is|do (?:you|we) have))?(?: now| right now| please)*"
    r"|what time (?:is it|it is).*|(?:tell me |give me )?the (?:current )?time(?: please| now)*|have you got the time.*"
    r"|what is the (?:current )?time.*)"
)
_TIME_IN = re.compile(r"(?:what is (?:the )?(?:current )?time|what time is it)(?: now| right now)? in (?P<place>.+)")
_IS_IT = re.compile(rf"is (?:it|today|tomorrow) (?:a )?(?P<day>{'|'.join(WEEKDAYS)})(?: today)?")
_REGIONS = ("Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic")
_DAY = re.compile(
    r"(?:what|which)(?: is)? (?:the )?(?:date|day|weekday|day of the week)\b|what (?:is|was) (?:the )?(?:date|day)\b"
    r"|^(?:the )?(?:current |today )?date(?: today| please)*$|what (?:is|was) (?:today|yesterday|tomorrow)\b"
    r"|^(?:what|which) (?:day|date)"
    r"|^when (?:is|was)\b|on (?:what|which) day\b"
)
_YEAR = re.compile(r"(?:what|which)(?: is)?(?: the)?(?: current)? year(?: is it| are we in| is this)?(?: now)?")
_MONTH = re.compile(r"(?:what|which)(?: is)?(?: the)?(?: current)? month(?: is it| are we in)?(?: now)?")
_LEAP = re.compile(r"is (?:it |this |(?P<year>\d{4}) )?(?:year )?a leap year")
_NEAR = {-1: "Yesterday was", 0: "Today is", 1: "Tomorrow is"}


def answer(words: Words, now: datetime) -> str | None:
    """Return the answer to a question about dates or times; None to anything else."""
    plain = words.plain
    today = now.date()
    if (found := _TIME_IN.fullmatch(plain)) is not None:
        return _time_in(found["place"], now)
    if _TIME.fullmatch(plain):
        return f"It is {said_time(now)}."
    if _YEAR.fullmatch(plain):
        return f"It is {now.year}."
    if _MONTH.fullmatch(plain):
        return f"It is {MONTHS[now.month - 1].capitalize()}."
    if found := _IS_IT.fullmatch(plain):
        return _whether(found["day"], today + timedelta("tomorrow" in plain), tomorrow="tomorrow" in plain)
    if found := _LEAP.search(plain):
        return _leap(int(found["year"] or now.year))
    day = find_date(words, today)
    if day is not None and (found := _UNTIL.search(plain)):
        return _until(words, day, today, found["unit"] or "days")
    if day is not None and (found := _SINCE.search(plain)):
        return _until(words, _last(day, today), today, found["unit"] or "days")
    if _DAY.search(plain):
        return _day(words, day, today)
    return None


def _time_in(place: str, now: datetime) -> str:
    """Tell the time in a city that a time zone is named after; machines without such data know their own time only."""
    city = place.removesuffix(" now").removesuffix(" right now").title()
    for region in _REGIONS if now.tzinfo is not None else ():
        try:
            there = now.astimezone(ZoneInfo(f"{region}/{city.replace(' ', '_')}"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
        return f"It is {said_time(there)} in {city}."
    return f"I do not know the time in {city}; here it is {said_time(now)}."


def _whether(weekday: str, day: date, *, tomorrow: bool) -> str:
    answer = "Yes" if WEEKDAYS[day.weekday()] == weekday else "No"
    return f"{answer}, {'tomorrow' if tomorrow else 'today'} is {WEEKDAYS[day.weekday()].capitalize()}."


def _leap(year: int) -> str:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return f"{'Yes' if is_leap else 'No'}, {year} is {'' if is_leap else 'not '}a leap year."


def _last(found: Found, today: date) -> Found:
    """Return the last such day, of a holiday that comes every year."""
    assert isinstance(found.value, date)
    return found if found.value <= today else found._replace(value=found.value - timedelta(365))


def _until(words: Words, found: Found, today: date, unit: str) -> str:
    assert isinstance(found.value, date)
    days = (found.value - today).days
    name = _called(words, found, today)
    if days == 0:
        return f"{name} is today."
    past, days = days < 0, abs(days)
    if unit == "weeks" and days >= 7:
        amount = _amount(days // 7, "week") + (f" and {_amount(days % 7, 'day')}" if days % 7 else "")
    elif unit == "hours":
        amount = f"about {_amount(days * 24, 'hour')}"
    else:
        amount = _amount(days, "day")
    return f"{name} was {amount} ago." if past else f"{amount[:1].upper()}{amount[1:]} until {name}."


def _amount(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _called(words: Words, found: Found, today: date) -> str:
    """Return how the day was named, if by a name, else its date."""
    assert isinstance(found.value, date)
    if holiday_at(words, found.start, today) is not None:
        return words.original(found.start, found.end).title().replace("'S", "'s")
    return said_date(found.value, today)


def _day(words: Words, found: Found | None, today: date) -> str | None:
    if found is None:
        # "What day is it" asks for today, "which day suits you" does not.
        asks = re.search(r"\b(?:is it|are we|do we have|the date|day of the week is it|is today|it is)\b", words.plain)
        return f"Today is {said_date(today)}." if asks or len(words) <= 2 else None
    assert isinstance(found.value, date)
    away = (found.value - today).days
    if away in _NEAR and words[found.start] in ("today", "tomorrow", "yesterday", "tonight"):
        return f"{_NEAR[away]} {said_date(found.value)}."
    verb = "is" if away >= 0 else "was"
    if holiday_at(words, found.start, today) is not None:
        return f"{_called(words, found, today)} {verb} on {said_date(found.value, today)}."
    name = words.original(found.start, found.end)
    if any(words[index].removesuffix("s") in WEEKDAYS for index in range(found.start, found.end)):
        return f"{name.title()} {verb} {said_date(found.value, today).partition(', ')[2]}."
    if any(words[index] in ("in", "ago", "now", "next", "last", "after") for index in range(found.start, found.end)):
        return f"That {verb} {said_date(found.value, today)}."
    return (
        f"{said_date(found.value, today).partition(', ')[2]} {verb} a {WEEKDAYS[found.value.weekday()].capitalize()}."
    )
