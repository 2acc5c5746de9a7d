"""Dates and times in words: finding them in a text, and saying them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeVar

from voicelive.emulator.brain.numbers import ORDINALS, number_at
from voicelive.emulator.brain.words import Words

__all__ = ("MONTHS", "WEEKDAYS", "Found", "easter", "find_date", "find_time", "holiday_at", "said_date", "said_time")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_SHORT_MONTHS = {month[:3]: number for number, month in enumerate(MONTHS, 1)} | {"sept": 9}
_MONTHS = {month: number for number, month in enumerate(MONTHS, 1)} | _SHORT_MONTHS
_DAYS = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14}
_HOLIDAYS = {
    "christmas eve": (12, 24), "christmas day": (12, 25), "christmas": (12, 25), "xmas": (12, 25),
    "boxing day": (12, 26), "new year's eve": (12, 31), "new years eve": (12, 31), "new year eve": (12, 31),
    "new year's day": (1, 1), "new years day": (1, 1), "new year": (1, 1), "new years": (1, 1),
    "valentine's day": (2, 14), "valentines day": (2, 14), "valentine day": (2, 14), "halloween": (10, 31),
    "independence day": (7, 4), "bastille day": (7, 14), "saint patrick day": (3, 17), "st patrick day": (3, 17),
    "april fools day": (4, 1), "april fool day": (4, 1),
}  # fmt: skip
_PARTS_OF_DAY = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_LATE = {"evening", "afternoon", "night", "tonight", "dinner", "supper"}
_EARLY = {"morning", "breakfast"}
_FIRST_OBVIOUS_HOUR = 8
"""Hours below are taken for the afternoon unless the morning is mentioned: nobody books a table at four at night."""

Kind = TypeVar("Kind", date, time)


class Found(NamedTuple):
    """A date or a time in a text."""

    value: date | time
    start: int
    """Its first word."""
    end: int
    """The word after it."""


# --- Dates -----------------------------------------------------------------------------------------------------------


def find_date(words: Words, today: date) -> Found | None:
    """Return the first date that a text mentions."""
    for start in range(len(words)):
        for read in (_written_date, _relative, _weekday, _holiday, _month_and_day, _day_and_month):
            try:
                found = read(words, start, today)
            except (ValueError, OverflowError):  # The thirtieth of February, or a year beyond 9999.
                continue
            if found is not None:
                return Found(found[0], start, found[1])
    return None


def _written_date(words: Words, start: int, today: date) -> tuple[date, int] | None:
    word = words[start]
    if word.count("-") == 2 and word[:4].isdigit():
        return date.fromisoformat(word), start + 1
    if word.count("/") == 2:
        month, day, year = map(int, word.split("/"))
        return date(year + 2000 if year < 100 else year, month, day), start + 1
    return None


def _relative(words: Words, start: int, today: date) -> tuple[date, int] | None:
    first, second, third = words[start], words[start + 1], words[start + 2]
    if [first, second, third] == ["day", "after", "tomorrow"]:
        return today + timedelta(2), start + 3
    if [first, second, third] == ["day", "before", "yesterday"]:
        return today - timedelta(2), start + 3
    if first in _DAYS:
        return today + timedelta(_DAYS[first]), start + 1
    if first in ("next", "last") and second in ("week", "month", "year"):
        sign = 1 if first == "next" else -1
        return _shifted(today, second, sign), start + 2
    amount = _amount(words, start + (first == "in"))
    if amount is None:
        return None
    count, unit, end = amount
    if first == "in":
        return _shifted(today, unit, count), end
    if words[end] == "ago":
        return _shifted(today, unit, -count), end + 1
    if (words[end], words[end + 1]) in (("from", "now"), ("from", "today")):
        return _shifted(today, unit, count), end + 2
    return None


def _amount(words: Words, start: int) -> tuple[int, str, int] | None:
    """Read "three weeks" or "a month"."""
    number = number_at(words, start)
    if number is None and words[start] in ("a", "an"):
        count, end = 1, start + 1
    elif number is not None and number.value.denominator == 1:
        count, end = int(number.value), number.end
    else:
        return None
    unit = words[end]
    known = unit in _SPANS or unit in ("month", "months", "year", "years")
    return (count, unit, end + 1) if known else None


def _shifted(day: date, unit: str, count: int) -> date:
    if unit in _SPANS:
        return day + timedelta(_SPANS[unit] * count)
    months = day.year * 12 + day.month - 1 + count * (12 if unit.startswith("year") else 1)
    year, month = divmod(months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            if last == 28:
                raise
    raise AssertionError


def _weekday(words: Words, start: int, today: date) -> tuple[date, int] | None:
    first, skip = words[start], 0
    if first in ("next", "this", "last", "coming"):
        skip = 1
    name = words[start + skip].removesuffix("s")
    if name not in WEEKDAYS:
        return None
    ahead = (WEEKDAYS.index(name) - today.weekday()) % 7
    if first == "last":
        return today + timedelta(ahead - 7), start + 2
    # "Next Monday" said on a Monday is a week ahead, and so is plain "Monday".
    return today + timedelta(ahead or (0 if first == "this" else 7)), start + skip + 1


def holiday_at(words: Words, start: int, today: date) -> tuple[date, int] | None:
    """Return the next date of the holiday that begins at a word, and the word after it."""
    for length in (3, 2, 1):
        name = " ".join(words[start + ahead] for ahead in range(length))
        if name in _HOLIDAYS:
            return _coming(today, *_HOLIDAYS[name]), start + length
    if words[start] == "easter":
        this_year = easter(today.year)
        return (this_year if this_year >= today else easter(today.year + 1)), start + 1 + (words[start + 1] == "sunday")
    if words[start] == "thanksgiving":
        this_year = _thanksgiving(today.year)
        return (this_year if this_year >= today else _thanksgiving(today.year + 1)), start + 1
    return None


_holiday = holiday_at


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Gauss's rule, as completed by Lichtenberg)."""
    century = year // 100
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    golden = year % 19
    seed = (19 * golden + moon) % 30
    full_moon = 21 + seed - (seed // 29 + (seed // 28 - seed // 29) * (golden // 11))
    first_sunday = 7 - (year + year // 4 + sun) % 7
    return date(year, 3, 1) + timedelta(full_moon + 7 - (full_moon - first_sunday) % 7 - 1)


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta((3 - first.weekday()) % 7 + 21)


def _coming(today: date, month: int, day: int, year: int | None = None) -> date:
    if year is not None:
        return date(year, month, day)
    for ahead in range(9):  # Leap days are up to eight years apart.
        try:
            found = date(today.year + ahead, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("there is no such day")


def _month_and_day(words: Words, start: int, today: date) -> tuple[date, int] | None:
    """Read "March 3rd", "March the third 2027" and "March third twenty twenty seven"."""
    month = _MONTHS.get(words[start])
    if month is None:
        return None
    day, end = _day(words, start + 1 + (words[start + 1] == "the"))
    if day is None:
        return None
    year, end = _year(words, end)
    return _coming(today, month, day, year), end


def _day_and_month(words: Words, start: int, today: date) -> tuple[date, int] | None:
    """Read "3 March", "the third of March" and "3rd of March 2027"."""
    day, end = _day(words, start)
    if day is None:
        return None
    end += words[end] == "of"
    month = _MONTHS.get(words[end])
    if month is None:
        return None
    year, end = _year(words, end + 1)
    return _coming(today, month, day, year), end


def _day(words: Words, start: int) -> tuple[int | None, int]:
    if words[start] in ("twenty", "thirty") and words[start + 1] in ORDINALS:
        tens = 20 if words[start] == "twenty" else 30
        return tens + ORDINALS[words[start + 1]], start + 2
    if words[start] in ORDINALS:
        return ORDINALS[words[start]], start + 1
    number = number_at(words, start)
    if number is None or number.value.denominator != 1 or not 1 <= number.value <= 31:
        return None, start
    return int(number.value), number.end + (words[number.end] in ("st", "nd", "rd", "th"))


def _year(words: Words, start: int) -> tuple[int | None, int]:
    start += words[start] == "in"
    first = number_at(words, start)
    if first is None:
        return None, start
    if first.value.denominator == 1 and 1000 <= first.value <= 9999:
        return int(first.value), first.end
    second = number_at(words, first.end)
    if first.value in (18, 19, 20, 21) and second is not None and 10 <= second.value <= 99:
        return int(first.value * 100 + second.value), second.end
    return None, start


# --- Times -----------------------------------------------------------------------------------------------------------


def find_time(words: Words) -> Found | None:
    """Return the first time of day that a text mentions; "at seven" is one, "seven" alone is not."""
    for start in range(len(words)):
        for read in (_part_of_day, _clock, _past_or_to, _hours):
            found = read(words, start)
            if found is not None:
                return Found(found[0], start, found[1])
    return None


def _part_of_day(words: Words, start: int) -> tuple[time, int] | None:
    found = _PARTS_OF_DAY.get(words[start])
    return (found, start + 1) if found is not None else None


def _clock(words: Words, start: int) -> tuple[time, int] | None:
    """Read "19:30" and "7:30 pm"."""
    hours, mark, minutes = words[start].partition(":")
    if not mark:
        return None
    return _completed(words, int(hours), int(minutes), start + 1, exact=int(hours) > 12 or hours.startswith("0"))


def _past_or_to(words: Words, start: int) -> tuple[time, int] | None:
    """Read "half past six", "a quarter to nine", "ten past nine"."""
    start += words[start] == "a"
    if words[start] in ("half", "quarter"):
        minutes, end = (30 if words[start] == "half" else 15), start + 1
    else:
        number = number_at(words, start)
        if number is None or not 0 < number.value < 60 or number.value.denominator != 1:
            return None
        minutes, end = int(number.value), number.end
        end += words[end] in ("minutes", "minute")
    if words[end] not in ("past", "to", "after", "before"):
        return None
    hour = number_at(words, end + 1)
    if hour is None or not 0 < hour.value <= 12 or hour.value.denominator != 1:
        return None
    if words[end] in ("past", "after"):
        return _completed(words, int(hour.value), minutes, hour.end)
    before = int(hour.value) - 1 or 12
    return _completed(words, before, 60 - minutes, hour.end)


def _hours(words: Words, start: int) -> tuple[time, int] | None:
    """Read "7 pm", "seven o'clock", "at seven" and "at seven thirty"."""
    introduced = words[start] in ("at", "by", "around", "until", "till", "from") and words[start + 1] != "least"
    number = number_at(words, start + introduced)
    if number is None or number.value.denominator != 1 or not 0 <= number.value <= 23:
        return None
    minutes, end = 0, number.end
    more = number_at(words, end)
    if more is not None and more.value in range(10, 60):
        minutes, end = int(more.value), more.end
    marked = words[end] == "o'clock" or _half_of_day(words, end) is not None or _names_part_of_day(words, end)
    return _completed(words, int(number.value), minutes, end) if introduced or marked else None


def _names_part_of_day(words: Words, start: int) -> bool:
    return words[start] in ("in", "at") and bool({words[start + 1], words[start + 2]} & (_LATE | _EARLY))


def _half_of_day(words: Words, start: int) -> tuple[str, int] | None:
    if words[start] in ("am", "pm"):
        return words[start], start + 1
    if words[start] in ("a", "p") and words[start + 1] == "m":
        return words[start] + "m", start + 2
    return None


def _completed(words: Words, hour: int, minute: int, end: int, *, exact: bool = False) -> tuple[time, int] | None:
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return None
    end += words[end] == "o'clock"
    half = _half_of_day(words, end)
    said = {word.text for word in words.words}
    if half is not None:
        hour, end = hour % 12 + 12 * (half[0] == "pm"), half[1]
    elif 1 <= hour <= 12 and not exact:
        late = bool(said & _LATE) or (hour < _FIRST_OBVIOUS_HOUR and not said & _EARLY)
        hour = hour % 12 + 12 if late and not (hour == 12 and "night" in said) else hour % 24
    return time(hour, minute), end


# --- Saying them -----------------------------------------------------------------------------------------------------


def said_date(day: date, today: date | None = None) -> str:
    """Return a date as it is said: "Friday, November 20", with the year if it is not this one."""
    year = "" if today is not None and day.year == today.year else f", {day.year}"
    return f"{WEEKDAYS[day.weekday()].capitalize()}, {MONTHS[day.month - 1].capitalize()} {day.day}{year}"


def said_time(moment: time | datetime) -> str:
    """Return a time as it is said: "7 PM", "7:30 AM"."""
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes} {'AM' if moment.hour < 12 else 'PM'}"
