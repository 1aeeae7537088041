# SPDX-License-Identifier: MIT
"""Calls of tokenizer.py and of what is used in it."""

from portproof_trace import attempt

from whisper import tokenizer

from .common import TEXTS, TORCH, component, make, settings


@component("whisper.tokenizer.LANGUAGES")
def _(calls, name):
    calls.add("all", TORCH, {}, [[k, v] for k, v in tokenizer.LANGUAGES.items()])


@component("whisper.tokenizer.TO_LANGUAGE_CODE")
def _(calls, name):
    calls.add("all", TORCH, {}, dict(tokenizer.TO_LANGUAGE_CODE))


@component("whisper.tokenizer.Tokenizer")
def _(calls, name):
    cases = {
        "en-only": settings(False),
        "default": settings(True),
        "german": settings(True, language="de", task="translate"),
        "large-v3": settings(True, 100, "yue", "transcribe"),
        "japanese": settings(True, language="ja", task="transcribe"),
    }
    for id, s in cases.items():
        t = make(s)
        # The reference's order of languages is that of a hash set; the port's
        # is that of their ids.
        ids = sorted(t.all_language_tokens)
        codes = [t.decode([i]).strip("<|>") for i in ids]
        if not s["multilingual"]:
            ids, codes = ids[:99], codes[:99]
        fields = (
            "sot_sequence sot_sequence_including_notimestamps eot transcribe translate sot "
            "sot_lm sot_prev no_speech no_timestamps timestamp_begin"
        ).split()
        result = {f: getattr(t, f) for f in fields}
        result |= {
            "all_language_tokens": ids,
            "all_language_codes": codes,
            "non_speech_tokens": list(t.non_speech_tokens),
            "language": t.language,
            "task": t.task,
        }
        calls.add(f"fields-{id}", TORCH, s, result)
        for i, text in enumerate(TEXTS):
            if id in ("en-only", "default"):
                calls.add(f"encode-{id}-{i}", TORCH, {**s, "text": text}, {"tokens": t.encode(text)})
        for i, text in enumerate(TEXTS):
            tokens = t.encode(text)
            if id in ("german", "large-v3") or not tokens:
                continue
            begin = t.timestamp_begin
            tokens = [begin + 3, *tokens, begin + 50]
            if i % 3 == 2:
                tokens = tokens[:-2] + [t.eot]  # a character cut in two, the end
            result = {
                "decode": t.decode(tokens),
                "decode_with_timestamps": t.decode_with_timestamps(tokens),
                "split_to_word_tokens": list(t.split_to_word_tokens(tokens)),
                "split_tokens_on_unicode": list(t.split_tokens_on_unicode(tokens)),
                "split_tokens_on_spaces": list(t.split_tokens_on_spaces(tokens)),
            }
            calls.add(f"decode-{id}-{i}", TORCH, {**s, "ids": tokens}, result)
    s, t = cases["default"], make(cases["default"])
    for language in ("en", "haw", "su", "yue", "xx"):
        calls.add(
            f"to_language_token-{language}", TORCH, {**s, "to_language_token": language},
            attempt(lambda: t.to_language_token(language)),
        )
    forged = "<|endoftext|>"
    calls.add("forged", TORCH, {**s, "text": forged}, attempt(lambda: t.encode(forged)))


@component("whisper.tokenizer.get_encoding")
def _(calls, name):
    for multilingual, n in ((False, 99), (True, 99), (True, 100)):
        e = tokenizer.get_encoding("multilingual" if multilingual else "gpt2", n)
        specials = sorted(
            ([s, e.encode_single_token(s)] for s in e.special_tokens_set), key=lambda p: p[1]
        )
        text = " The quick brown fox"
        args = {"multilingual": multilingual, "num_languages": n, "text": text}
        result = {"n_vocab": e.n_vocab, "special_tokens": specials, "tokens": e.encode(text)}
        calls.add(f"{multilingual}-{n}", TORCH, args, result)


@component("whisper.tokenizer.get_tokenizer")
def _(calls, name):
    for id, s in {
        "en-only": settings(False, language="de", task="translate"),
        "default": settings(True),
        "name": settings(True, language="English", task="transcribe"),
        "alias": settings(True, language="Castilian", task="translate"),
        "v3": settings(True, 100, "yue"),
        "unknown": settings(True, language="klingon"),
        "not-in-99": settings(True, 99, "yue"),
    }.items():
        def run():
            t = make(s)
            return {
                "language": t.language,
                "task": t.task,
                "num_languages": t.num_languages,
                "sot_sequence": t.sot_sequence,
            }
        calls.add(id, TORCH, s, attempt(run))
