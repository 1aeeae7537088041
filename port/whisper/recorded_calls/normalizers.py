# SPDX-License-Identifier: MIT
"""Calls of normalizers/basic.py and normalizers/english.py."""

import json
import random
import unicodedata
from pathlib import Path

import whisper
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer, basic, english

from .common import TEXTS, TORCH, component

SEED = 20250625
KEEP = ".%$¢€£"

NUMBERS = """
    two; thirty one; five twenty four; nineteen ninety nine; twenty nineteen; two point five million; four point two
    billions; 200 thousand; 200 thousand dollars; $20 million; €52.4 million; £77 thousands; two double o eight; three
    thousand twenty nine; forty three thousand two hundred sixty; forty three thousand two hundred and sixty; nineteen
    fifties; thirty first; thirty three thousand and three hundred and thirty third; three billion; millions; july third
    twenty twenty; august twenty sixth twenty twenty one; 3 14; 3.14; 3 point 2; 3 point 14; fourteen point 4; two point
    two five dollars; two hundred million dollars; $20.1 million; ninety percent; seventy six per cent; double oh seven;
    double zero seven; nine one one; nine double one; one triple oh one; two thousandth; thirty two thousandth; minus
    500; positive twenty thousand; two dollars and seventy cents; 3 cents; $0.36; three euros and sixty five cents; three
    and a half million; forty eight and a half dollars; b747; 10 th; 10th; ninth; nineth; nineteenth; eighth; sixes;
    nineties; hundredth; one and a half; foo and a half; two and a half and a half; and a half; and a half three; band a
    half; £5 and 20 p; $5 percent; $5 per cent; five per se; percent; per cent; per; one hundred and one; one hundred and
    foo; hundred and; and five; minus; minus and; minus foo; plus five plus six; negative one dollar; five pounds; pounds
    five; double; double ten; triple twenty; triple o; double one double two; point; point five; five point; five point
    point five; point point five; 3 point 1 point 4 million; one two three; twenty one two; twenty ten; twenty eleven;
    hundred eleven; 105 ones; one thousand one hundreds; zero million; 0 million; 0 five; oh two million; o o seven; 00
    hundred; 007; 7.0; 7.00 million; 7.50; 1.5 thousandths; 1.2345 thousand; 1.2345 thousands; 3.1.4; 3. 4; .5; .5
    million; 5.; $5 million and ¢7; $2 and ¢7; $2 ¢70; $2 ¢700; $2  ¢7; $2 and ¢7a; £0.05; $0x36; $01; $012; $0.367; 1;
    1s; 1st; 1a; 1.1; $1; $1.50; 1 1s 1; 10 s; 10 sx; 10 é; 10  nd; a1b2c3; 3rd4th; quintillion decillions; 999 decillion;
    one hundred thousand million billion; 123456789012345678901234567890 thousand; twenty one thousand three hundred
    and forty five point six seven; १२३; ١٢.٥ million; ٣ point ٤; 1٣th; ½ million; ²; Ⅳ; twentyone; second seconds; tenths
""".replace("\n    ", " ").split(";")

SENTENCES = [
    "Let's", "he's like", "she's been like", "10km", "10mm", "RC232",
    "Mr. Park visited Assoc. Prof. Kim Jr.", "Um, uh, hmm... mm mhm mmm ummm; humm",
    "I'd've thought they'd been, and he'd gone: who's got what's done?", "y'all won't, can't, ain't, shan't, don't",
    "I'ma imma wanna gotta gonna coulda shoulda woulda", "ma'am, the Capt. and the Lt. Col. (ret.)",
    "St. John St, Dr Who, Mrs Dalloway, Rev. Sen. Rep. Gov. Hon. Pres. Gen. Ald. Esq. Sr. Asst.",
    "rock 'n' roll  's  't  'twas", "the '90s  and the 1990's", "cats' tails ''quoted''", "it\u2019s a curly one",
    "1,234,567.89", "1,2,3,4", "a,b 1,b a,1", "...wait... what. 3.5. 3. .5 . ..5", "e.g. i.e. U.S.A. a.m.",
    "100% sure, %d, 5 %, %%, a% b", "$5 $ 5 $x £ €€5 ¢ .x", "[music] <b>bold</b> (laughs) text",
    "[nested [brackets] here] (and (parens) too)", "[open (half", "close] half)", "()(x)[](  )", "<a] [b> mixed",
    "(a\nb) [c\nd]", "] [ ) (", "colour, favourite: organise the theatre's programme!", "aeroplane mobilisation cancelation",
    "twenty-one -- forty—two", "She paid £5 and 20 p, or $20 million; that's 50 % of €1,000,000.50!",
    "two and a half, TWO AND A HALF Million; double oh seven", "the 2nd of May, twenty twenty-three at 5 p.m.",
    "naïve café Ünïcödé Straße Œuvre Þór ðe Łódź Ørsted æsir ẞ", "İstanbul ISTANBUL ıI", "ΟΔΥΣΣΕΥΣ Σ ΑΣ. 'ΑΣ' ΑΣΑ",
    "e\u0301 combining \u0301 start a\u0323\u0301 a\u0301\u0323", "ﬁne ﬀ ㎏ ① Ⅳ ½ ² ™ … ‥", "ｆｕｌｌ　ｗｉｄｔｈ １２，３４５",
    "ภาษาไทยกำลังเรียนรู้", "שָׁלוֹם עולם", "السَّلامُ عليكم ١٢٣", "नमस्ते दुनिया क्ष", "日本語のテキスト、です。", "한국어 문장",
    "한글 \u1100\u1161\u11a8", "👩‍👩‍👧‍👦 emoji 🎉 🇩🇪🇫🇷🇮 👍🏽", "♪♪ [music] ♪", "\r\n line\u2028breaks\u0085and\x1cseparators\t",
    "zero\u200bwidth\u200d joiner\u00ad soft", "snake_case _under_ 1_000", "\u0915\u094d\u200d\u0924 \u0d4d\u101c",
    "a\u0345\u03a3 \u03a3\u0345", "Ǆ ǅ ǆ ſ K Å Ω", "\x00nul\x07bell",
]

WORDS = sorted(english.EnglishNumberNormalizer().words)
PIECES = [
    "0", "1", "5", "10", "20", "100", "1000", "007", "3.14", "2.50", "3.00", "$5", "£5", "€3.5", "¢7", "-5", "+3", "$0",
    ".5", "5.", "1,2,3", "10,000", "٣", "٣.٥", "x1", "1x", "2nd", "10th", "5s", "1s", "$", "%", "5%", "..", "½", "foo",
    "bar", "and a half", "AND A HALF", "cents", "s", "'", "'s", "he's", "won't", "n't", "mr", "st.", "Dr.", "um", "hmm",
    "colours", "'d been", "[", "]", "(", ")", "<", ">", "()", "a.b", "a.", ".1", "é", "ß", "İ", "ΑΣ", "e\u0301", "\u0301",
    "\n", "\u00a0", "_", "-", "twenty-one", "—", "กำ", "שָׁ", "👩‍👩‍👧", "ﬁ", "1st",
]


def drawn(count, pool, seed):
    """Made-up sentences, always the same."""
    draw = random.Random(seed)
    out = []
    for _ in range(count):
        parts = []
        for _ in range(draw.randint(1, 9)):
            parts.append(draw.choice(pool))
            parts.append(draw.choice([" "] * 9 + ["", "  ", ", ", ". "]))
        out.append("".join(parts))
    return out


SPOKEN = drawn(400, WORDS, SEED)
WITH_DIGITS = drawn(400, WORDS + PIECES[:40], SEED + 1)
MIXED = drawn(400, WORDS + PIECES * 2, SEED + 2)
# Every character that the two functions do not leave as it is.
CHARACTERS = [
    c for c in map(chr, range(0x110000))
    if not 0xD800 <= ord(c) < 0xE000
    and (unicodedata.category(c)[0] in "MSP" or unicodedata.normalize("NFKD", c) != c)
    and not 0xAC00 <= ord(c) < 0xD7A4
]


def record(calls, function, lists, **arguments):
    for id, texts in lists.items():
        calls.add(id, TORCH, {**arguments, "texts": texts}, [function(t) for t in texts])


@component("whisper.normalizers.basic.ADDITIONAL_DIACRITICS")
def _(calls, name):
    calls.add("all", TORCH, {}, [[k, v] for k, v in basic.ADDITIONAL_DIACRITICS.items()])


# A space between each two, so that none joins its neighbour.
ALL_CHARACTERS = [" ".join(CHARACTERS[i : i + 500]) for i in range(0, len(CHARACTERS), 500)]


@component("whisper.normalizers.basic.remove_symbols_and_diacritics")
def _(calls, name):
    function = basic.remove_symbols_and_diacritics
    record(calls, function, {"texts": [*TEXTS, *SENTENCES], "characters": ALL_CHARACTERS})
    texts = [*TEXTS, *SENTENCES]
    calls.add("keep", TORCH, {"keep": KEEP, "texts": texts}, [function(t, keep=KEEP) for t in texts])


@component("whisper.normalizers.basic.remove_symbols")
def _(calls, name):
    lists = {"texts": [*TEXTS, *SENTENCES], "characters": ALL_CHARACTERS}
    record(calls, basic.remove_symbols, lists)


@component("whisper.normalizers.basic.BasicTextNormalizer")
def _(calls, name):
    for remove in (False, True):
        for split in (False, True):
            options = {"remove_diacritics": remove, "split_letters": split}
            lists = {f"{remove}-{split}": [*TEXTS, *SENTENCES, *MIXED[:100]]}
            record(calls, BasicTextNormalizer(**options), lists, **options)
    record(calls, BasicTextNormalizer(), {"defaults": SENTENCES})


@component("whisper.normalizers.english.EnglishNumberNormalizer")
def _(calls, name):
    normalizer = english.EnglishNumberNormalizer()

    def all_steps(text):
        return {
            "call": normalizer(text),
            "preprocess": normalizer.preprocess(text),
            "process_words": list(normalizer.process_words(text.split())),
            "postprocess": normalizer.postprocess(text),
        }

    lists = {"numbers": NUMBERS, "texts": TEXTS, "spoken": SPOKEN, "digits": WITH_DIGITS, "mixed": MIXED}
    record(calls, all_steps, lists)
    record(calls, all_steps, {"words": WORDS})


@component("whisper.normalizers.english.EnglishSpellingNormalizer")
def _(calls, name):
    path = Path(whisper.__file__).parent / "normalizers/english.json"
    table = sorted(json.loads(path.read_text("utf-8")))
    normalizer = english.EnglishSpellingNormalizer()
    record(calls, normalizer, {"table": table, "texts": [*TEXTS, *SENTENCES]})


@component("whisper.normalizers.english.EnglishTextNormalizer")
def _(calls, name):
    lists = {
        "numbers": NUMBERS, "texts": TEXTS, "sentences": SENTENCES, "spoken": SPOKEN[:200],
        "digits": WITH_DIGITS[:200], "mixed": MIXED,
    }
    record(calls, EnglishTextNormalizer(), lists)
