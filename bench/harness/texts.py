# SPDX-License-Identifier: MIT
"""The suite `words`: what our program says in each precision, of speech at
several speeds and with noise, and how far that is from what it says in f32."""

import json
import re

from harness import altered, contestants, processes
from harness.clips import BOOK, RATE
from harness.paths import CACHE, SHARED, Refused
from harness.words import difference, words

SUITE = "words"
SPEEDS = (1.0, 0.9, 1.1)
NOISE = (None, 20, 10)  # decibels below the speech
JFK = ("And so, my fellow Americans, ask not what your country can do for you, "
       "ask what you can do for your country.")  # fmt: skip


def transcriptions(path):
    """Texts by the name of the file, as pocketsphinx lists them."""
    if not path.exists():
        return {}
    found = re.findall(r"<s>(.*?)</s>\s*\((.*?)\)", path.read_text())
    return {name: " ".join(text.split()) for text, name in found}


def sources():
    """(name, files that are joined, what is said or None): each by itself, and
    joined to more than a window."""
    singles = []
    for folder, listing in (("librivox", "transcription"), ("cards", "cards.transcription")):
        texts = transcriptions(CACHE / "audio" / folder / listing)
        files = sorted((CACHE / "audio" / folder).glob("*.wav"))
        singles += [(f"{folder} {f.stem.removeprefix(BOOK)}", [f], texts.get(f.stem)) for f in files]
    shared = {name: SHARED / "audio" / f"{name}.wav" for name in ("jfk", "en_man", "en_woman")}
    if all(f.exists() for f in shared.values()):
        singles += [(name, [f], JFK if name == "jfk" else None) for name, f in shared.items()]
    if not singles:
        raise Refused("no speech is there: run `make setup` first")
    joined = []
    for folder in ("librivox", "cards"):
        parts = [s for s in singles if s[0].startswith(folder)]
        if len(parts) > 1:
            said = [p[2] for p in parts]
            joined.append((f"all of {folder}", [p[1][0] for p in parts], " ".join(said) if all(said) else None))
    if all(f.exists() for f in shared.values()):
        order = ("jfk", "en_man", "en_woman", "en_man", "jfk")
        joined.append(("long", [shared[name] for name in order], None))
    return singles + joined


def make(folder, found, tell):
    """Files of every source at every speed and with every noise: {path: what is said}."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for number, (name, files, said) in enumerate(found):
        parts = [altered.read_mono(f) for f in files]
        for speed in SPEEDS:
            samples = [x for part, rate in parts for x in altered.at_speed(part, rate, speed)]
            for noise in NOISE:
                path = folder / f"{name.replace(' ', '_')}_{speed}_{noise or 'clean'}.wav"
                loud = samples if noise is None else altered.with_noise(samples, noise, number)
                altered.write(path, loud)
                made[path] = said
        tell(f"{name}: {len(samples) / RATE:.0f} s, at {len(SPEEDS)} speeds, with {len(NOISE)} noises")
    return made


def options_of(contestant, model, beam, threads):
    # Greedy steps of several files take less time together, and say the same.
    together = [] if beam else ["--batch-size", "8"]
    return [*contestants.our_options(model, beam, threads, contestant.variant), *together]


def settings_of(contestant, case, threads):
    """For the report."""
    return {"options of the first case": " ".join(options_of(contestant, case.model, case.beam, threads))}


def texts_of(contestant, program, model, beam, threads, paths):
    """What is said in each file, by a process for all."""
    options = options_of(contestant, model, beam, threads)
    run = processes.run([program, "transcribe", "--no-config", "--json", *options, *paths], contestant.environment)
    said = {}
    for line in run.text.splitlines():
        value = json.loads(line)
        if value.get("text") is not None:
            said[value["file"]] = value["text"]
    missing = [p for p in paths if str(p) not in said]
    if missing:
        raise Refused(f"{contestant.name} said nothing of {missing[0]}")
    return [said[str(p)] for p in paths]


def compare(own, exact, known):
    """Figures of one precision. \\param known what is said in each, or None"""
    told = [(o, e, k) for o, e, k in zip(own, exact, known) if k]
    reference = sum(len(words(k)) for _, _, k in told)

    def rate(which):
        return 100 * sum(difference(t[2], t[which]) for t in told) / reference if reference else None

    total = sum(len(words(e)) for e in exact)
    differ = [difference(e, o) for o, e in zip(own, exact)]
    return {
        "words": total, "words_differ": sum(differ), "clips_differ": sum(d > 0 for d in differ),
        "known_words": reference, "error_rate": rate(0), "error_rate_f32": rate(1),
    }  # fmt: skip


def measure(ours, program, cases, threads, folder, tell):
    """{contestant: {case's name: figures}}, of all but the exact one."""
    made = make(folder, sources(), tell)
    paths, known = list(made), list(made.values())
    exact = contestants.exact(ours)
    found, raw = {c.name: {} for c in ours if c is not exact}, {}
    for case in cases:
        name = f"{case.model}, {f'beam {case.beam}' if case.beam else 'greedy'}"
        said = {}
        for c in ours:
            said[c.name] = texts_of(c, program, case.model, case.beam, threads, paths)
            tell(f"{name}: {c.name}")
        for c in ours:
            if c is not exact:
                found[c.name][name] = compare(said[c.name], said[exact.name], known)
                tell(f"{name}: {c.name}: {found[c.name][name]}")
        raw[name] = {n: {p.name: t for p, t in zip(paths, texts)} for n, texts in said.items()}
    return {"figures": found, "texts": raw}
