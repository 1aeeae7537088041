#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records what openai-whisper's tokenizer and writers give, for our tests.

    python port/whisper/record_tokenizer.py tests/golden/whisper

writes tokenizer.json and writers.json into that folder. Needs openai-whisper
20250625 in the Python that runs it (`pip install openai-whisper==20250625`);
no weights and no network.
"""

import json
import math
import random
import sys
import tempfile
from pathlib import Path

import tiktoken
from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE, get_encoding, get_tokenizer
from whisper.utils import compression_ratio, format_timestamp, get_writer

# One greeting in each of many scripts and languages.
SAMPLES = [
    "Hello, how are you today?",
    "你好，你今天怎么样？",
    "Guten Tag, wie geht es Ihnen? Straße, Übermaß.",
    "Hola, ¿cómo estás hoy? ¡Qué día más bonito!",
    "Привет, как у тебя дела сегодня?",
    "안녕하세요, 오늘 기분이 어떠세요?",
    "Bonjour, ça va ? L'été dernier, j'étais là-bas.",
    "こんにちは、今日はお元気ですか？カタカナとｶﾅ。",
    "Olá, como você está? Não sei.",
    "Merhaba, bugün nasılsın? İstanbul'da ılık.",
    "Cześć, jak się dzisiaj masz? Zażółć gęślą jaźń.",
    "Hola, com estàs avui? col·legi",
    "Hallo, hoe gaat het vandaag? 's ochtends",
    "مرحبا، كيف حالك اليوم؟ ١٢٣٤",
    "Hej, hur mår du idag? Åäö.",
    "Ciao, come stai oggi? Perché è così.",
    "Halo, apa kabar hari ini?",
    "नमस्ते, आज आप कैसे हैं? १२३",
    "Hei, mitä kuuluu tänään?",
    "Xin chào, hôm nay bạn thế nào? Nguyễn Phượng",
    "שלום, מה שלומך היום?",
    "Привіт, як справи сьогодні? Їжак, ґанок",
    "Γεια σας, τι κάνετε σήμερα; ΐ ΰ",
    "Apa khabar hari ini?",
    "Ahoj, jak se dnes máš? Příliš žluťoučký kůň",
    "Bună, ce mai faci astăzi? Țară, șapte",
    "Hej, hvordan har du det i dag? Rødgrød",
    "Szia, hogy vagy ma? Árvíztűrő tükörfúrógép",
    "வணக்கம், இன்று எப்படி இருக்கிறீர்கள்?",
    "สวัสดี วันนี้คุณเป็นอย่างไรบ้าง ๑๒๓",
    "آج آپ کیسے ہیں؟",
    "Bok, kako si danas? Đurđica",
    "Здравей, как си днес?",
    "Sveiki, kaip šiandien sekasi? Ąžuolas",
    "Salve, quid agis hodie?",
    "Kia ora, kei te pēhea koe i tēnei rā?",
    "ഹലോ, ഇന്ന് സുഖമാണോ?",
    "Helo, sut wyt ti heddiw? Llŷn",
    "నమస్కారం, ఈ రోజు ఎలా ఉన్నారు?",
    "سلام، امروز چطوری؟",
    "Sveiki, kā tev šodien iet? Ģirts",
    "হ্যালো, আজ আপনি কেমন আছেন? ১২৩",
    "Здраво, како си данас? Љубав, џеп",
    "Salam, bu gün necəsən?",
    "ಹಲೋ, ಇಂದು ಹೇಗಿದ್ದೀರಿ?",
    "Tere, kuidas sul täna läheb? Õhtu",
    "Ողջույն, ինչպե՞ս ես այսօր։",
    "Сайн байна уу, өнөөдөр юу байна?",
    "Сәлем, бүгін қалың қалай?",
    "ආයුබෝවන්, අද කොහොමද?",
    "សួស្តី តើអ្នកសុខសប្បាយទេថ្ងៃនេះ?",
    "გამარჯობა, როგორ ხარ დღეს?",
    "ગુજરાતી: આજે કેમ છો?",
    "ሰላም ዛሬ እንዴት ነህ?",
    "ສະບາຍດີ ມື້ນີ້ເປັນແນວໃດ?",
    "မင်္ဂလာပါ ဒီနေ့ ဘယ်လိုလဲ။",
    "བཀྲ་ཤིས་བདེ་ལེགས།",
    "ਸਤ ਸ੍ਰੀ ਅਕਾਲ, ਤੁਸੀਂ ਅੱਜ ਕਿਵੇਂ ਹੋ?",
    "Aloha, pehea ʻoe i kēia lā?",
    "你今日點呀？佢哋喺度",
]

EDGES = [
    "",
    " ",
    "  ",
    "   a",
    "a   ",
    "a  b   c    d",
    "\t\ta",
    " \t a",
    "a\n\nb",
    "a\r\nb\r\n",
    "\n \n",
    "x\u00a0y \u00a0z\u00a0",
    "\u3000全角\u3000\u3000空白",
    "a\u0085b a\u0085\u0085b",
    "a\u180eb a\u180e\u180eb",
    "a\u001c\u001d b\u001e\u001f c",
    "a\u000b\u000c b",
    "a\u2028b\u2029c",
    "a\u200bb\u200dc\ufeffd",
    "nul \x00 bell \x07 del \x7f",
    "I'm you're he's we've she'll they'd isn't I'M YOU'RE",
    "it's 'quoted' ''s 't 're don''t '",
    "o’clock it’s",
    "0 1 12 123 1234567890 3.14159 1,000,000 ½ Ⅷ ² ①",
    "9" * 300,
    "a" * 300,
    " " * 300 + "x",
    "!?" * 120,
    "...---...!!! (((  ))) [[x]] {{y}} <<z>> \\n \\ / |",
    "e-mail: first.last+tag@example.co.uk https://example.com/a?b=c&d=%20#e",
    "👍 👍🏽 👩‍👩‍👧‍👦 🇩🇪🇫🇷 ☺️ ✈︎ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "e\u0301 n\u0303 a\u0308\u0304 \u0301 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "♩♪♫♬♭♮♯ ♪♪♪ ♪ la ♪",
    "「こんにちは」『はい』 “quotes” «guillemets» ‚low‘",
    "\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff",
    "𝒜𝓁𝓅𝒽𝒶 𝟘𝟙𝟚 𐍈 𓀀",
    # Letters and numbers of recent Unicode versions.
    "\U00031350\U0002ebf0 \U0001e4d0 \u1c8a \U00010d40\U00010d69 \U000105c0",
    "<|notaspecial|> <|startof transcript|> <| |>",
    "mixed日本語English한국어текст123abc",
    "ﬁ ﬀ Ǆ ŉ ß ẞ İ ı K Å",
]

# Code points that the random texts are made of: all kinds, often next to each other.
POOL = (
    list("abcdefghijklmnopqrstuvwxyz ETAOIN'''    \t\n.,!?-\"()0123456789")
    + list("äéñøßçğıšżเมা你好日本語한국русعربעברΩ½²Ⅳ①")
    + ["\u00a0", "\u3000", "\u2003", "\u0085", "\u180e", "\u200d", "\u0301", "👍", "🏽", "♪"]
)


def random_texts(count, seed=20250625):
    rng = random.Random(seed)
    return ["".join(rng.choices(POOL, k=rng.randint(1, 40))) for _ in range(count)]


def encodings():
    yield "gpt2", "gpt2", 99, False
    yield "multilingual", "multilingual", 99, True
    yield "multilingual-100", "multilingual", 100, True


def record_tokenizer():
    texts = SAMPLES + EDGES + random_texts(160)
    prose = " ".join(SAMPLES[:8])
    rng = random.Random(1)
    out = {
        "reference": "openai-whisper 20250625",
        "tiktoken": tiktoken.__version__,
        "languages": list(LANGUAGES.items()),
        "to_language_code": list(TO_LANGUAGE_CODE.items()),
        "texts": texts,
        "encodings": [],
    }
    for key, name, num_languages, multilingual in encodings():
        encoding = get_encoding(name, num_languages)
        tokenizer = get_tokenizer(multilingual, num_languages=num_languages)
        specials = [encoding.decode([i]) for i in range(encoding.eot_token, encoding.n_vocab)]
        record = {
            "name": key,
            "vocabulary": f"{name}.tiktoken",
            "num_languages": num_languages,
            "multilingual": multilingual,
            "n_vocab": encoding.n_vocab,
            "eot": encoding.eot_token,
            # Timestamps only at both ends: the others follow from those.
            "specials": [[s, encoding.encode_single_token(s)] for s in specials[:-1499]]
            + [[s, encoding.encode_single_token(s)] for s in specials[-2:]],
            "non_speech_tokens": list(tokenizer.non_speech_tokens),
            "all_language_codes": sorted(tokenizer.all_language_codes),
            "all_language_tokens": sorted(tokenizer.all_language_tokens),
            "sot_sequences": [],
            "encode": [],
            "decode": [],
            "split": [],
        }
        for language in [None, "en", "de", "GERMAN", "haitian creole", "Mandarin", "su", "yue"]:
            for task in [None, "transcribe", "translate"]:
                try:
                    t = get_tokenizer(
                        multilingual, num_languages=num_languages, language=language, task=task
                    )
                    sequence = list(t.sot_sequence)
                except ValueError:
                    sequence = None  # a language that this checkpoint lacks
                record["sot_sequences"].append([language, task, sequence])
        if key != "multilingual-100":
            record["encode"] = [encoding.encode(text) for text in texts]
        cases = [encoding.encode(prose)]
        # Tokens in any order: characters cut in two, special tokens, timestamps.
        for _ in range(60):
            cases.append([rng.randrange(encoding.n_vocab) for _ in range(rng.randint(1, 12))])
        for _ in range(60):
            cases.append([rng.randrange(256) for _ in range(rng.randint(1, 12))])
        for tokens in cases:
            record["decode"].append(
                [tokens, tokenizer.decode(tokens), tokenizer.decode_with_timestamps(tokens)]
            )
        ts = encoding.encode_single_token("<|0.00|>")
        splits = [encoding.encode(text) for text in SAMPLES + EDGES]
        splits += [[ts, *encoding.encode(" Hello, world! Don't."), ts + 50]]
        splits += [tokens for tokens in cases[1:]]
        for i, tokens in enumerate(splits):
            languages = ["en", "zh"] if multilingual else [None]
            language = languages[i % len(languages)]
            t = get_tokenizer(multilingual, num_languages=num_languages, language=language)
            try:
                words, word_tokens = t.split_to_word_tokens(tokens)
            except IndexError:
                continue  # the reference fails: see DEVIATION(whisper-split-range)
            record["split"].append([language, tokens, words, word_tokens])
        out["encodings"].append(record)
    return out


def segment(i, start, end, text, **more):
    return {
        "id": i,
        "seek": more.get("seek", 0),
        "start": start,
        "end": end,
        "text": text,
        "tokens": more.get("tokens", [50364, 440, 50464]),
        "temperature": more.get("temperature", 0.0),
        "avg_logprob": more.get("avg_logprob", -0.25),
        "compression_ratio": more.get("compression_ratio", 1.5),
        "no_speech_prob": more.get("no_speech_prob", 0.01),
        # What transcribe() gives a segment that it clears.
        **({"words": []} if more.get("cleared") else {}),
    }


def results():
    yield "empty", {"text": "", "segments": [], "language": "en"}
    yield "plain", {
        "text": " Hello there. General.",
        "segments": [
            segment(0, 0.0, 2.0, " Hello there."),
            segment(1, 2.0, 4.5, " General.", seek=200, tokens=[]),
        ],
        "language": "en",
    }
    yield "unicode", {
        "text": " 你好 👍🏽 é \u2028 \x7f \ufffd",
        "segments": [
            segment(0, 0.0, 1.0, "\u3000你好\u00a0"),
            segment(1, 1.0, 2.0, "\u200b👍🏽\u200b "),
            segment(2, 2.0, 3.0, "\x1c\x1d\x1e\x1f\x85 é \x7f\ufffd\u2028"),
            segment(3, 3.0, 4.0, " \"quoted\" \\ / \b\f\n\r\t end"),
        ],
        "language": "zh",
    }
    yield "odd", {
        "text": "",
        "segments": [
            segment(0, -0.0, 0.0, ""),
            segment(1, 0.0005, 0.0015, "   "),
            segment(2, 0.0025, 0.0035, "a --> b --> c -->"),
            segment(3, 1.0, 2.0, "\ttab\tbetween\twords\t"),
            segment(4, 59.9995, 60.0005, "-->"),
            segment(5, 2.675, 1.005, "half --->-->> even"),
            segment(6, 3599.9994, 3599.9996, "nearly an hour"),
            segment(7, 0.1 + 0.2, 1 / 3, "two\nlines"),
        ],
        "language": "en",
    }
    yield "long", {
        "text": " far",
        "segments": [
            segment(0, 3600.0, 3661.5, " an hour"),
            segment(1, 36000.02, 359999.98, " ten hours"),
            segment(2, 360000.0, 3600000.125, " hundreds"),
        ],
        "language": "en",
    }
    yield "cleared", {
        "text": " one",
        "segments": [
            segment(0, 0.0, 2.0, " one"),
            segment(1, 2.0, 2.0, "", tokens=[], cleared=True),
            segment(2, 2.0, 4.0, "", tokens=[], cleared=True),
        ],
        "language": "en",
    }
    yield "all cleared", {
        "text": "",
        "segments": [segment(i, i * 2.0, 2.0 + i * 2.0, "", tokens=[], cleared=True) for i in range(2)],
        "language": "en",
    }
    numbers = [
        0.0, -0.0, 1.0, -1.0, 0.5, 1e-4, 1e-5, 9.999e-5, 1.5e-7, 5e-324, 1e15, 1e16,
        123456789012345680.0, 1.7976931348623157e308, 0.1, 1 / 3, 2 / 3, -0.24719807,
        1e22, 1e23, 100.0, 1234.5, 9007199254740993.0, 2.5e-5, 3.0e100,
    ]  # fmt: skip
    yield "numbers", {
        "text": "",
        "segments": [
            segment(i, 0.0, 1.0, "", avg_logprob=x, compression_ratio=-x, no_speech_prob=x * 0.7)
            for i, x in enumerate(numbers)
        ]
        + [
            segment(100, 0.0, 1.0, "", avg_logprob=x, no_speech_prob=x)
            for x in [math.inf, -math.inf, math.nan]
        ],
        "language": "en",
    }


def without_nan(value):
    """Numbers that plain JSON lacks, as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {k: without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_nan(v) for v in value]
    return value


def record_writers():
    out = {"reference": "openai-whisper 20250625", "results": [], "timestamps": []}
    for name, result in results():
        record = {"name": name, "result": without_nan(result), "files": {}}
        with tempfile.TemporaryDirectory() as folder:
            get_writer("all", folder)(result, "some/place/clip.one.wav", {})
            for path in Path(folder).iterdir():
                assert path.stem == "clip.one", path
                record["files"][path.suffix[1:]] = path.read_bytes().decode("utf-8")
        out["results"].append(record)
    rng = random.Random(3)
    seconds = [0.0, -0.0, 0.0005, 0.0015, 0.0025, 59.9995, 60.0, 3599.9995, 3600.0, 1e6]
    seconds += [rng.randrange(0, 10**7) / 1000 + 0.0005 for _ in range(50)]
    seconds += [rng.uniform(0, 10000) for _ in range(50)]
    for s in seconds:
        out["timestamps"].append(
            [s, format_timestamp(s), format_timestamp(s, always_include_hours=True, decimal_marker=",")]
        )
    texts = ["", "a", "ha " * 200, "你好 " * 50, *SAMPLES, " ".join(SAMPLES)]
    out["compression_ratio"] = [[t, compression_ratio(t)] for t in texts]
    return out


def main(folder):
    for name, record in [("tokenizer", record_tokenizer()), ("writers", record_writers())]:
        path = Path(folder) / f"{name}.json"
        path.write_text(json.dumps(record, allow_nan=False) + "\n", encoding="utf-8")
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1])
