"""Units of measure: their names, and how to get from one to another."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from voicelive.emulator.brain.numbers import number_at, written
from voicelive.emulator.brain.words import Words

__all__ = ("Unit", "answer", "convert", "unit_at")


class Unit(NamedTuple):
    """A unit of measure."""

    kind: str
    """What it measures."""
    factor: Fraction
    """How much of the first unit of its kind it is."""
    singular: str
    plural: str
    offset: Fraction = Fraction(0)
    """What the first unit of its kind shows where this one shows zero."""


# Kind: factor, singular, plural, other names.
_TABLE = """
length: 1 meter meters metre metres m
length: 1/1000 millimeter millimeters millimetre millimetres mm
length: 1/100 centimeter centimeters centimetre centimetres cm
length: 1000 kilometer kilometers kilometre kilometres km kms
length: 254/10000 inch inches
length: 3048/10000 foot feet ft
length: 9144/10000 yard yards
length: 1609344/1000 mile miles mi
length: 1852 nautical_mile nautical_miles
mass: 1 gram grams g
mass: 1/1000 milligram milligrams mg
mass: 1000 kilogram kilograms kilo kilos kg
mass: 1000000 tonne tonnes
mass: 45359237/100000 pound pounds lb lbs
mass: 45359237/1600000 ounce ounces oz
mass: 635029318/100000 stone stones
volume: 1 liter liters litre litres l
volume: 1/1000 milliliter milliliters millilitre millilitres ml
volume: 3785411784/1000000000 gallon gallons
volume: 946352946/1000000000 quart quarts
volume: 473176473/1000000000 pint pints
volume: 2365882365/10000000000 cup cups
volume: 1478676478125/100000000000000 tablespoon tablespoons
volume: 492892159375/100000000000000 teaspoon teaspoons
time: 1 second seconds sec secs
time: 1/1000 millisecond milliseconds ms
time: 60 minute minutes min mins
time: 3600 hour hours hr hrs
time: 86400 day days
time: 604800 week weeks
time: 31536000 year years
speed: 1 kilometer_per_hour kilometers_per_hour kph kmh
speed: 1609344/1000000 mile_per_hour miles_per_hour mph
speed: 36/10 meter_per_second meters_per_second
data: 1 byte bytes
data: 1/8 bit bits
data: 1000 kilobyte kilobytes kb
data: 1000000 megabyte megabytes mb
data: 1000000000 gigabyte gigabytes gb
data: 1000000000000 terabyte terabytes tb
"""


def _read() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        kind, _, rest = line.partition(": ")
        factor, *names = rest.replace("_", " _").split(" ")
        names = " ".join(names).replace(" _", "_").split()
        unit = Unit(kind, Fraction(factor), names[0].replace("_", " "), names[1].replace("_", " "))
        units.update((name.replace("_", " "), unit) for name in names)
    celsius = Unit("temperature", Fraction(1), "degree Celsius", "degrees Celsius")
    fahrenheit = Unit("temperature", Fraction(5, 9), "degree Fahrenheit", "degrees Fahrenheit", Fraction(-160, 9))
    kelvin = Unit("temperature", Fraction(1), "kelvin", "kelvin", Fraction(-27315, 100))
    for name, unit in (("celsius", celsius), ("centigrade", celsius), ("fahrenheit", fahrenheit), ("kelvin", kelvin)):
        units |= {name: unit, f"degree {name}": unit, f"degrees {name}": unit}
    return units


_UNITS = _read()
_LONGEST = max(len(name.split()) for name in _UNITS)


def unit_at(words: Words, start: int) -> tuple[Unit, int] | None:
    """Return the unit that begins at a word and the word after it; None if none does."""
    for length in range(_LONGEST, 0, -1):
        name = " ".join(words[start + ahead] for ahead in range(length))
        if name in _UNITS:
            return _UNITS[name], start + length
    return None


def convert(value: Fraction, source: Unit, target: Unit) -> Fraction:
    """Return a measure in another unit of the same kind."""
    return (value * source.factor + source.offset - target.offset) / target.factor


_PER = re.compile(
    r"^how many (.+?) (?:are there |are |is |do you need |make up |make |fit |equal )*(?:in |to |is )?(.+)$"
)
_TO = re.compile(r"^(?:what is |convert |how much is |change |turn )?(.+?) (?:in|to|into|as) (.+)$")


def answer(words: Words) -> str | None:
    """Return the answer to "how many feet are in a mile" and its like; None to anything else."""
    plain = words.plain
    if found := _PER.match(plain):
        target, source = found[1], found[2]
    elif found := _TO.match(plain):
        source, target = found[1], found[2]
    else:
        return None
    measure, unit = _measure(Words(source)), _UNITS.get(target)
    if measure is None or unit is None or measure[1].kind != unit.kind:
        return None
    value, given = measure
    if value == 1:
        return f"One {given.singular} is {_about(convert(value, given, unit), unit)}."
    return f"{written(value)} {given.plural} are {_about(convert(value, given, unit), unit)}."


def _measure(words: Words) -> tuple[Fraction, Unit] | None:
    number = number_at(words, 0)
    start = number.end if number else 1 if words[0] in ("a", "an", "one") else 0
    unit = unit_at(words, start)
    if unit is None or unit[1] != len(words):
        return None
    return number.value if number else Fraction(1), unit[0]


def _about(value: Fraction, unit: Unit) -> str:
    rounded = round(value, 2) if abs(value) >= 1 else Fraction(f"{float(value):.3g}")
    about = "" if rounded == value else "about "
    return f"{about}{written(rounded)} {unit.singular if rounded == 1 else unit.plural}"
