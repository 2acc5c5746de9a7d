"""English text to phonemes: numbers spelled out, a small dictionary, and letter-to-sound rules for the rest.

Phonemes are ARPAbet symbols; vowels end in ``1`` when stressed and in ``0`` when not, as in ``HH AH0 L OW1``. Letters
that are not Latin are given a syllable each, so that any text has a length and a rhythm, if no meaning.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

__all__ = ("VOWELS", "SpokenWord", "number_words", "pronounce", "read")

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AX", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
"""The phonemes that make a syllable. ``AX`` is the neutral vowel of "about"."""


class SpokenWord(NamedTuple):
    """A word of the text and how it is said."""

    text: str
    """The word as it was written, without the punctuation around it."""
    phonemes: tuple[str, ...]
    """What is said."""
    pause: str
    """The punctuation that follows: one of ``","``, ``"."``, ``"?"``, ``"!"``, or ``""``."""


def read(text: str) -> list[SpokenWord]:
    """Split text into words and find how each is said. The last word always ends a sentence.

    Args:
        text: Any text; punctuation and symbols that are not said only mark pauses.
    """
    words: list[SpokenWord] = []
    for token in text.split():
        core = token.strip("\"'`*_()[]{}<>.,;:!?\u2026\u2013\u2014-\u201c\u201d\u2018\u2019\u3001\u3002\uff01\uff1f")
        pause = _pause(token[token.rfind(core) + len(core) :] if core else token)
        phonemes = tuple(sound for part in _spell_out(core) for sound in pronounce(part))
        if phonemes:
            words.append(SpokenWord(core, phonemes, pause))
        elif words and pause:
            words[-1] = words[-1]._replace(pause=pause)
    if words and words[-1].pause not in (".", "?", "!"):
        words[-1] = words[-1]._replace(pause=".")
    return words


def _pause(tail: str) -> str:
    for mark, signs in (("?", "?\uff1f"), ("!", "!\uff01"), (".", ".\u2026\u3002"), (",", ",;:\u2013\u2014-)\u3001")):
        if any(sign in tail for sign in signs):
            return mark
    return ""


# --- Numbers and symbols ---------------------------------------------------------------------------------------------

_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_UNITS = [*_DIGITS, *_TEENS]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_SYMBOLS = {"%": "percent", "&": "and", "+": "plus", "=": "equals", "@": "at", "\u00b0": "degrees", "#": "number"}
_CURRENCIES = {"$": "dollars", "\u20ac": "euros", "\u00a3": "pounds"}
_TOKEN = re.compile(
    r"(?P<currency>[$\u20ac\u00a3])?(?P<number>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)|(?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)*)|(?P<symbol>\S)"
)


def number_words(value: int) -> str:
    """Say a whole number from 0 to below 10**12 in English words, such as ``"forty two"``."""
    if value < 20:
        return _UNITS[value]
    if value < 100:
        tens, rest = divmod(value, 10)
        return _TENS[tens] + (f" {_UNITS[rest]}" if rest else "")
    scale, name = next(pair for pair in _SCALES if value >= pair[0])
    count, rest = divmod(value, scale)
    return f"{number_words(count)} {name}" + (f" {number_words(rest)}" if rest else "")


def _spell_out(token: str) -> list[str]:
    """The words of one token: "$3.50" is "three point five zero dollars", "7:30" is "seven thirty"."""
    words: list[str] = []
    for match in _TOKEN.finditer(token):
        if number := match["number"]:
            words += _say_number(number)
            words += [_CURRENCIES[match["currency"]]] if match["currency"] else []
        elif word := match["word"]:
            words.append(word)
        elif symbol := _SYMBOLS.get(match["symbol"]):
            words.append(symbol)
    return words


def _say_number(number: str) -> list[str]:
    whole, _, decimals = number.replace(",", "").partition(".")
    # Leading zeros and very long rows of digits are codes, not quantities: they are read digit by digit.
    if len(whole) > 12 or (len(whole) > 1 and whole[0] == "0"):
        words = [_DIGITS[int(digit)] for digit in whole]
    elif len(whole) == 4 and whole[:2] in ("19", "20") and whole[2] != "0" and not decimals:
        words = [*number_words(int(whole[:2])).split(), *number_words(int(whole[2:])).split()]
    else:
        words = number_words(int(whole)).split()
    return [*words, "point", *(_DIGITS[int(digit)] for digit in decimals)] if decimals else words


# --- Words -----------------------------------------------------------------------------------------------------------

_DICTIONARY_TEXT = """
a AX0; about AX0 B AW1 T; again AX0 G EH1 N; all AO1 L; also AO1 L S OW0; always AO1 L W EY0 Z; am AE0 M; an AE0 N
and AX0 N D; another AX0 N AH1 DH ER0; answer AE1 N S ER0; any EH1 N IY0; are AA0 R; as AE0 Z; ask AE1 S K; at AE0 T
audio AO1 D IY0 OW0; azure AE1 ZH ER0; be B IY0; because B IH0 K AO1 Z; been B IH1 N; before B IH0 F AO1 R
billion B IH1 L Y AX0 N; book B UH1 K; both B OW1 TH; but B AH0 T; busy B IH1 Z IY0; by B AY0; bye B AY1
can K AE0 N; can't K AE1 N T; city S IH1 T IY0; cloudy K L AW1 D IY0; come K AH1 M; could K UH0 D; day D EY1
degrees D IH0 G R IY1 Z; do D UW0; does D AH1 Z; dollars D AA1 L ER0 Z; done D AH1 N; don't D OW1 N T
emulator EH1 M Y AX0 L EY0 T ER0; euros Y UH1 R OW0 Z; even IY1 V AX0 N; eight EY1 T; eighteen EY0 T IY1 N
eighty EY1 T IY0; eleven IH0 L EH1 V AX0 N; every EH1 V R IY0; fifteen F IH0 F T IY1 N; five F AY1 V; for F ER0
forty F AO1 R T IY0; four F AO1 R; friend F R EH1 N D; from F R AH0 M; give G IH1 V; go G OW1; goes G OW1 Z
gone G AO1 N; good G UH1 D; goodbye G UH0 D B AY1; great G R EY1 T; had HH AE0 D; has HH AE0 Z; have HH AE0 V
he HH IY0; head HH EH1 D; hear HH IH1 R; heard HH ER1 D; hello HH AX0 L OW1; help HH EH1 L P; her HH ER0
here HH IH1 R; hi HH AY1; him HH IH0 M; himself HH IH0 M S EH1 L F; his HH IH0 Z; hour AW1 ER0; how HH AW1
hundred HH AH1 N D R AX0 D; i AY1; idea AY0 D IY1 AX0; i'll AY1 L; i'm AY1 M; in IH0 N; into IH1 N T UW0; is IH0 Z
isn't IH1 Z AX0 N T; it IH0 T; it's IH0 T S; its IH0 T S; just JH AH1 S T; know N OW1; let L EH1 T; let's L EH1 T S
like L AY1 K; listen L IH1 S AX0 N; little L IH1 T AX0 L; live L AY1 V; london L AH1 N D AX0 N; lot L AA1 T
love L AH1 V; many M EH1 N IY0; me M IY0; might M AY1 T; million M IH1 L Y AX0 N; minute M IH1 N AX0 T
money M AH1 N IY0; more M AO1 R; morning M AO1 R N IH0 NG; move M UW1 V; mr M IH1 S T ER0; mrs M IH1 S IH0 Z
much M AH1 CH; my M AY0; no N OW1; not N AA1 T; nine N AY1 N; nineteen N AY0 N T IY1 N; ninety N AY1 N T IY0
nothing N AH1 TH IH0 NG; now N AW1; number N AH1 M B ER0; of AX0 V; off AO1 F; oh OW1; ok OW0 K EY1; okay OW0 K EY1
on AA0 N; once W AH1 N S; one W AH1 N; only OW1 N L IY0; open OW1 P AX0 N; or AO0 R; other AH1 DH ER0; our AW1 R
over OW1 V ER0; people P IY1 P AX0 L; percent P ER0 S EH1 N T; please P L IY1 Z; question K W EH1 S CH AX0 N
read R IY1 D; ready R EH1 D IY0; reply R IH0 P L AY1; said S EH1 D; say S EY1; says S EH1 Z; second S EH1 K AX0 N D
service S ER1 V IH0 S; seven S EH1 V AX0 N; seventeen S EH0 V AX0 N T IY1 N; seventy S EH1 V AX0 N T IY0; she SH IY0
should SH UH0 D; so S OW0; some S AH0 M; something S AH1 M TH IH0 NG; sorry S AA1 R IY0; speak S P IY1 K
speech S P IY1 CH; sun S AH1 N; sunny S AH1 N IY0; sure SH UH1 R; talk T AO1 K; ten T EH1 N; thank TH AE1 NG K
thanks TH AE1 NG K S; that DH AE0 T; that's DH AE1 T S; the DH AX0; their DH EH0 R; them DH EH0 M; then DH EH1 N
there DH EH1 R; these DH IY1 Z; they DH EY0; thirty TH ER1 T IY0; thirteen TH ER0 T IY1 N; this DH IH0 S
those DH OW1 Z; though DH OW1; thousand TH AW1 Z AX0 N D; through TH R UW1; to T UW0; today T AX0 D EY1
together T AX0 G EH1 DH ER0; tomorrow T AX0 M AA1 R OW0; too T UW1; twenty T W EH1 N T IY0; two T UW1
under AH1 N D ER0; up AH1 P; us AH0 S; use Y UW1 Z; very V EH1 R IY0; voice V OY1 S; want W AA1 N T; was W AX0 Z
water W AO1 T ER0; we W IY0; weather W EH1 DH ER0; welcome W EH1 L K AX0 M; were W ER0; what W AH1 T
what's W AH1 T S; where W EH1 R; which W IH1 CH; who HH UW1; why W AY1; will W IH0 L; with W IH0 DH
woman W UH1 M AX0 N; word W ER1 D; words W ER1 D Z; work W ER1 K; world W ER1 L D; would W UH0 D; year Y IH1 R
yes Y EH1 S; you Y UW0; young Y AH1 NG; your Y AO0 R; you're Y UH0 R; zero Z IH1 R OW0
"""

_LETTER_NAMES_TEXT = """
a EY1; b B IY1; c S IY1; d D IY1; e IY1; f EH1 F; g JH IY1; h EY1 CH; i AY1; j JH EY1; k K EY1; l EH1 L; m EH1 M
n EH1 N; o OW1; p P IY1; q K Y UW1; r AA1 R; s EH1 S; t T IY1; u Y UW1; v V IY1; w D AH1 B AX0 L Y UW0; x EH1 K S
y W AY1; z Z IY1
"""


def _entries(text: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.split() for entry in re.split(r"[;\n]", text) if entry.strip())
    return {word: tuple(sounds) for word, *sounds in entries}


_DICTIONARY = _entries(_DICTIONARY_TEXT)
_LETTER_NAMES = _entries(_LETTER_NAMES_TEXT)


@lru_cache(maxsize=1024)
def pronounce(word: str) -> tuple[str, ...]:
    """How one word is said.

    Args:
        word: Letters, with apostrophes where they belong. Digits are for :func:`read`.
    """
    plain = unicodedata.normalize("NFKD", word).replace("\u2019", "'")
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    if 1 < len(plain) <= 5 and plain.isascii() and plain.isupper() and plain.lower() not in _DICTIONARY:
        return tuple(sound for letter in plain.lower() for sound in _LETTER_NAMES.get(letter, ()))
    lower = plain.lower()
    if known := _DICTIONARY.get(lower):
        return known
    if len(lower) == 1 and (name := _LETTER_NAMES.get(lower)):
        return name
    if lower.endswith("'s"):
        stem = pronounce(lower[:-2])
        return (*stem, "S" if stem and stem[-1] in ("P", "T", "K", "F", "TH") else "Z")
    return _with_stress(_sounds(lower.replace("'", "")), lower)


# Tried in order at each position; what is not matched by any rule is silent. "e" at the end is silent, "c" before "e"
# is soft, "a" before one consonant and a final "e" is long, and so on.
_RULES_TEXT = r"""
(?<=^)kn=N; (?<=^)gn=N; (?<=^)wr=R; (?<=^)ps=S; (?<=^)x=Z; wh(?=o)=HH; wh=W; (?<=^)y=Y; tion=SH AX N
(?<=[aeiou])sion=ZH AX N; sion=SH AX N; [ct]ious=SH AX S; cial=SH AX L; tial=SH AX L; ture$=CH ER; sure$=ZH ER
ous(?=$|ly)=AX S; [ai]ble$=AX B AX L; (?<=[^aeiouy])le$=AX L; age$=IH JH; ate$=EY T; ness$=N AX S; ment=M AX N T
(?<=[td])ed$=IH D; (?<=[pkfshxc])ed$=T; (?<=..)ed$=D; (?<=[sxz])es$=IH Z; (?<=ch)es$=IH Z; (?<=sh)es$=IH Z
(?<=[cg])es$=IH Z; ing$=IH NG; eigh=EY; igh=AY; ought=AO T; augh=AO; ough=AH F; tch=CH; dge=JH; sch=S K; ch(?=r)=K
ch=CH; sh=SH; ph=F; (?<=[aeo])th(?=er)=DH; th=TH; (?<=^)gh=G; gh=; ck=K; qu=K W; ng(?=$|s$|th)=NG; ng=NG G
n(?=k)=NG; mb$=M; sc(?=[eiy])=S; bb=B; cc(?=[ei])=K S; cc=K; dd=D; ff=F; gg=G; ll=L; mm=M; nn=N; pp=P; rr=R; ss=S
tt=T; zz=Z; air=EH R; are$=EH R; eer=IH R; ere$=IH R; ear=IH R; ire=AY ER; oor=AO R; ore$=AO R; our=AO R; ure=Y UH R
(?<=w)ar=AO R; ar(?=[aeiou])=AE R; ar=AA R; (?<=w)or=ER; er(?=[aeiou])=EH R; er=ER; ir=ER; or=AO R; ur=ER; ai=EY
ay=EY; au=AO; aw=AO; ea(?=d|th)=EH; ea=IY; ee=IY; ei=IY; ey=IY; eu=Y UW; ew=Y UW; ie$=AY; ies$=IY Z; ie=IY; ia=IY AX
oa=OW; oe=OW; oi=OY; oy=OY; oo(?=k|d$)=UH; oo=UW; ou=AW; ow(?=$|s$|n$)=OW; ow=AW; ue$=UW; ui=UW; io=IY OW; uy=AY
a(?=[bcdfgklmnpstvz](?:e[sdr]?|ely|ing)$)=EY; i(?=[bcdfgklmnpstvz](?:e[sdr]?|ely|ing)$)=AY
o(?=[bcdfgklmnpstvz](?:e[sdr]?|ely|ing)$)=OW; (?<=^)a(?=rr)=AX; u(?=[bcdfgklmnpstvz](?:e[sdr]?|ing)$)=UW
e(?=[cdklmnptv]e$)=IY; old=OW L D; oll$=OW L; al(?=[kl])=AO L; al$=AX L; i(?=(?:nd|ld)$)=AY
(?<=^)a(?=[^aeiou][aeiou])=AX; a$=AX; a(?=[^aeiou]ia)=EY; a=AE; (?<=^)e(?=[^aeioux][aeiou])=IH; e$=; e=EH
(?<=^.)i$=AY; i$=IY; i(?=[aeo])=AY; i=IH; o$=OW; o(?=[^aeiouxw][aeiouy])=OW; o(?=n$|m$)=AX; o=AA
u(?=[^aeioux][aeiou])=Y UW; (?<=[bfp])u(?=ll|sh)=UH; u$=UW; u=AH; (?<=^[^aeiouy])y$=AY
(?<=^[^aeiouy][^aeiouy])y$=AY; y$=IY; y=IH; c(?=[eiy])=S; g(?=[eiy])=JH; (?<=[aeiou])s(?=[aeiou])=Z
(?<=[bdgmnlrvwyeo])s$=Z; x(?=[aeiou])=G Z; x=K S; b=B; c=K; d=D; f=F; g=G; h=HH; j=JH; k=K; l=L; m=M; n=N; p=P; q=K
r=R; s=S; t=T; v=V; w=W; z=Z
"""


def _rules() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    pairs = (entry.strip().rpartition("=") for entry in re.split(r";|\n", _RULES_TEXT) if entry.strip())
    return tuple((re.compile(pattern), tuple(sounds.split())) for pattern, _, sounds in pairs)


_RULES = _rules()
_CONSONANTS = ["B", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T", "V", "W", "Y", "Z"]
_SYLLABLES = ["AA1", "IY1", "UW1", "EH1", "OW1"]


def _sounds(word: str) -> list[str]:
    sounds: list[str] = []
    position = 0
    while position < len(word):
        if not word[position].isascii():
            code = ord(word[position])
            sounds += [_CONSONANTS[code % len(_CONSONANTS)], _SYLLABLES[code // 16 % len(_SYLLABLES)]]
            position += 1
            continue
        for pattern, said in _RULES:
            if found := pattern.match(word, position):
                sounds += said
                position = found.end()
                break
        else:
            position += 1
    return sounds


_STRESS_BEFORE = re.compile(r"(?:[ts]ion|ic|ity|ical|[ct]ious|[ct]ial|ian)s?$")


def _with_stress(sounds: list[str], word: str) -> tuple[str, ...]:
    """Mark one vowel as stressed: the first that is not neutral, or the one before endings such as "-tion"."""
    vowels = [index for index, sound in enumerate(sounds) if sound in VOWELS]
    full = [index for index in vowels if sounds[index] != "AX"] or vowels
    if not full:
        return tuple(sounds)
    stressed = full[0]
    ending = _STRESS_BEFORE.search(word)
    if ending and len(vowels) > 2:
        stressed = vowels[-3] if ending[0].startswith(("ity", "ical")) else vowels[-2]
    return tuple(f"{sound}{int(index == stressed)}" if sound in VOWELS else sound for index, sound in enumerate(sounds))
