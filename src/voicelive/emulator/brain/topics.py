"""Words that stand for the same subject: tables for matching what is said with what tools are called."""

from __future__ import annotations

from voicelive.emulator.brain.words import listed, stem

__all__ = (
    "ASKING_VERBS",
    "GENERIC",
    "PARTICLES",
    "PERSON",
    "PLACE",
    "TEXT",
    "VAGUE_VERBS",
    "VERBS",
    "related",
)

_SUBJECTS = """
weather forecast rain rainy sunny snow snowing umbrella cloudy windy storm climate humid humidity temperature degrees
time clock
email mail inbox
message sms texting
phone call dial ring telephone
book reserve reservation booking
buy order purchase
light lamp bulb lights
music song play track album playlist listen
alarm wake
timer countdown
calendar appointment meeting event schedule agenda
reminder remind
flight fly plane airplane
hotel accommodation
restaurant dinner lunch eat food
stock share ticker
price cost expensive cheap
temperature thermostat heating warm warmer cooler
delete remove erase
create make new
cancel revoke
calculate calculator compute math arithmetic equation sum evaluate
translate translation
google browse internet web online
news headline
route direction navigate drive distance
people person guest party seat
usd dollar dollars bucks
eur euro euros
gbp pound pounds sterling
jpy yen
account balance money bank
delivery shipping package parcel ship
volume loud louder quiet quieter
door lock unlock
todo task
note memo
image picture photo
video movie film
"""
"""Each line one subject."""

GENERIC = frozenset(
    map(
        stem,
        listed(
            """
            get fetch retrieve lookup look query tell give api tool function fn do run the for of by with current now
            info information data detail details value service request use user given return returns based on about
            """
        ),
    )
)
"""Words of identifiers and descriptions that tell nothing about what they do."""

VERBS = frozenset(
    map(
        stem,
        listed(
            """
            set send create make book turn switch play add delete remove cancel call find search list show check open
            close start stop pause resume update change move buy order reserve schedule remind write read save
            translate convert calculate compute count lock unlock enable disable increase decrease raise lower dim pay
            transfer email text invite register submit post upload download track plan ask answer say transfer dial
            reset navigate end hang select choose pick
            """
        ),
    )
)
"""What tools do, rather than what they do it to."""

VAGUE_VERBS = frozenset(
    map(
        stem,
        listed("set create make add list show check open close start stop update change turn switch send pick"),
    )
)
"""Verbs that say little without what they are done to."""

ASKING_VERBS = frozenset(
    map(
        stem, listed("find search list show check translate convert calculate compute count track read plan ask answer")
    )
)
"""Verbs that change nothing, so that a question may be answered by them."""

PARTICLES = frozenset(listed("on off up down in out"))
"""Words that matter in names such as ``turn_off``, and nowhere else."""

PLACE = frozenset(
    listed(
        """
        city town location place country state region address destination origin where street neighborhood room area
        zone venue airport station departure arrival source
        """
    )
)
PERSON = frozenset(
    listed(
        """
        recipient recipients to person contact contacts guest attendee attendees customer passenger friend name sender
        who whom participant participants invitee invitees user username owner assignee
        """
    )
)
TEXT = frozenset(
    listed(
        """
        query q text message content body title subject note question topic search term terms keyword keywords
        expression prompt description summary song track artist movie film item items product products task reminder
        label phrase word words symbol ticker command input cuisine genre
        """
    )
)
"""Words in the names of parameters that tell what kind of words to look for."""


def _read() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in _SUBJECTS.strip().splitlines():
        members = frozenset(map(stem, line.split()))
        found.update((member, found.get(member, frozenset()) | members) for member in members)
    return found


_RELATED = _read()


def related(word: str) -> frozenset[str]:
    """Return the stems that stand for the same subjects as a stem, itself included."""
    return _RELATED.get(word, frozenset()) | {word}
