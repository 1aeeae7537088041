#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times `mlx-audio transcribe` beside other programs on the same weights.

Every figure is a whole process, from its start to its text, with loading.
The contestants take turns, so that a busy moment of the machine falls on
all of them. Greedy, temperature 0 without fallback, language given, and
as many threads as there are physical cores. The peers are installed from
bench/requirements.txt (pinned, with hashes) into the cache.

Standard library only. `make bench` runs it after building.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("MLXAUDIO_CACHE") or Path.home() / ".cache/mlx-audio")
SHARED = Path(os.environ.get("MLXAUDIO_SHARED") or ROOT.parent / "shared")
PEERS = ROOT / "bench/peers"
PACKAGES = ("faster-whisper", "ctranslate2", "pywhispercpp", "transcribe-cpp")
# Variables that change what a BLAS or a thread pool does. They are reported
# and left as they are.
WATCHED = re.compile(r"^(OPENBLAS|OMP|GOMP|KMP|MKL|ONEDNN|DNNL|CT2|GGML|TRANSCRIBE|MLXAUDIO)_")
ISA = ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")


def install_peers():
    """Folder with the peers' packages, installed once for each pin list."""
    pins = ROOT / "bench/requirements.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = CACHE / "bench" / f"peers-{digest}"
    if not folder.exists():
        print(f"installing the peers into {folder} (about 600 MB, from PyPI)", file=sys.stderr)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
                 "--only-binary", ":all:", "--target", f"{work}/site", "-r", pins],
                check=True,
            )  # fmt: skip
            os.rename(f"{work}/site", folder)
    return folder


def peer_environment(folder):
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONNOUSERSITE": "1"}


def ggml_file(name, environment):
    """The packaged weights as a ggml file, made once."""
    path = CACHE / "bench" / f"{name}-f16.ggml.bin"
    if not path.exists():
        subprocess.run([sys.executable, ROOT / "bench/ggml_file.py", name, path], env=environment, check=True)
    return path


def read_wav(path):
    with wave.open(str(path)) as f:
        if (f.getframerate(), f.getnchannels(), f.getsampwidth()) != (16000, 1, 2):
            sys.exit(f"{path}: expected 16 kHz 16-bit mono")
        return f.readframes(f.getnframes())


def clip_of(chosen, folder):
    """(path, what it is, seconds): the clip given, jfk.wav of MLXAUDIO_SHARED,
    or two of Debian's clips joined."""
    jfk = SHARED / "audio/jfk.wav"
    if chosen:
        sources = [Path(chosen)]
    elif jfk.exists():
        sources = [jfk]
    else:
        book = CACHE / "audio/librivox"
        sources = [book / f"sense_and_sensibility_01_austen_64kb-{n}.wav" for n in ("0890", "0920")]
    data = b"".join(read_wav(s) for s in sources)
    path = folder / "clip.wav"
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(16000)
        f.writeframes(data)
    return path, " + ".join(s.name for s in sources), len(data) / 32000


def physical_cores():
    cores, core = set(), {}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines() + [""]:
            key, _, value = line.partition(":")
            if not line:
                if core:
                    cores.add((core.get("physical id"), core.get("core id", core.get("processor"))))
                core = {}
            else:
                core[key.strip()] = value.strip()
    except OSError:
        pass
    return len(cores) or os.cpu_count()


def machine():
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", text)
    flags = re.search(r"flags\s*:\s*(.*)", text)
    present = set(flags.group(1).split()) if flags else set()
    return {
        "cpu": model.group(1) if model else platform.processor(),
        "physical_cores": physical_cores(),
        "isa": [i for i in ISA if i in present],
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": [round(v, 2) for v in os.getloadavg()],
        "environment": {k: v for k, v in sorted(os.environ.items()) if WATCHED.match(k)},
    }


def git_commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "HEAD") + (" with changes" if git("status", "--porcelain") else "")


def versions(environment):
    code = "import importlib.metadata as m, sys; print(*[m.version(p) for p in sys.argv[1:]])"
    output = subprocess.run(
        [sys.executable, "-c", code, *PACKAGES], env=environment, capture_output=True, text=True, check=True
    ).stdout
    return dict(zip(PACKAGES, output.split()))


def contestants(options, clip, folder, environment):
    """name -> (command, environment)"""
    threads, name = str(options.threads), options.model
    ggml, ct2 = ggml_file(name, environment), CACHE / "weights" / name

    def peer(script, *arguments):
        return [sys.executable, PEERS / script, *arguments], environment

    ours = [options.program, "transcribe", "--model", name, "--language", "en", "--threads", threads]
    # As the peers decode; the program's default is a search with five beams.
    ours += ["--beam-size", "0", "--temperature-increment-on-fallback", "None"]
    return {
        "mlx-audio": ([*ours, "--format", "txt", clip], dict(os.environ)),
        "transcribe-cpp f16": peer("transcribe_cpp_peer.py", ggml, clip, threads),
        "faster-whisper f32": peer("faster_whisper_peer.py", ct2, clip, threads, "float32"),
        "faster-whisper int8": peer("faster_whisper_peer.py", ct2, clip, threads, "int8"),
        "pywhispercpp f16": peer("pywhispercpp_peer.py", ggml, clip, threads),
    }


def run_once(command, environment):
    """Wall and processor seconds, peak memory in bytes, and the text."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(list(map(str, command)), env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0), errors.seek(0)
        if child.returncode != 0:
            sys.exit(f"{command[:3]} failed ({child.returncode}):\n{errors.read().decode(errors='replace')}")
        text = output.read().decode()
    scale = 1 if sys.platform == "darwin" else 1024
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * scale, "text": text}


def words(text):
    return re.findall(r"[a-z0-9']+", text.lower())


def summary(runs):
    walls = [r["wall"] for r in runs]
    return {
        "median_s": round(statistics.median(walls), 3),
        "min_s": round(min(walls), 3),
        "max_s": round(max(walls), 3),
        "cpu_median_s": round(statistics.median(r["cpu"] for r in runs), 3),
        "peak_mb": round(max(r["peak"] for r in runs) / 1e6),
        "walls_s": [round(w, 3) for w in walls],
        "text": " ".join(runs[0]["text"].split()),
    }


def markdown(report):
    seconds = report["clip"]["seconds"]
    lines = [
        f"`make bench` on {report['date']}, commit {report['commit']}: Whisper {report['model']}, "
        f"{report['clip']['name']} ({seconds:.1f} s), {report['threads']} threads, {report['rounds']} rounds in turn.",
        "",
        f"{report['machine']['cpu']}, {report['machine']['physical_cores']} cores, "
        f"{', '.join(report['machine']['isa']) or 'no listed extensions'}; load at the start "
        f"{report['machine']['load_average'][0]}; {report['machine']['system']}.",
        f"Environment: {report['machine']['environment'] or 'nothing set'}. "
        f"Versions: {', '.join(f'{k} {v}' for k, v in report['versions'].items())}.",
        "",
        "| Program | Median s | Min | Max | Processor s | Peak MB | Ours / it | Same words |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, r in sorted(report["results"].items(), key=lambda item: item[1]["median_s"]):
        lines.append(
            f"| {name} | {r['median_s']:.2f} | {r['min_s']:.2f} | {r['max_s']:.2f} | {r['cpu_median_s']:.2f} | "
            f"{r['peak_mb']} | {r['ours_over_this']:.2f} | {'yes' if r['same_words'] else 'no'} |"
        )
    lines += ["", f"Ours over the fastest peer ({report['fastest_peer']}): {report['ratio']:.2f}, target at most 1.2."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--model", default="base", choices=("base", "tiny.en"))
    parser.add_argument("--clip", help="16 kHz 16-bit mono WAV")
    parser.add_argument("--program", default=ROOT / "build/release/mlx-audio", type=Path)
    parser.add_argument("--output", default=ROOT / "build/bench", type=Path)
    parser.add_argument("--only", help="contestants whose name contains one of these, comma-separated")
    parser.add_argument("--check", action="store_true", help="fail above the target, or where the words differ")
    options = parser.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} is missing: run `make` first")
    options.output.mkdir(parents=True, exist_ok=True)
    environment = peer_environment(install_peers())
    clip, clip_name, seconds = clip_of(options.clip, options.output)
    entrants = contestants(options, clip, options.output, environment)
    if options.only:
        chosen = [*options.only.split(","), "mlx-audio"]
        entrants = {n: c for n, c in entrants.items() if any(o in n for o in chosen)}
    if len(entrants) < 2:
        sys.exit(f"--only {options.only}: no such peer")
    report = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": git_commit(),
        "model": options.model,
        "clip": {"name": clip_name, "seconds": seconds},
        "threads": options.threads,
        "rounds": options.rounds,
        "machine": machine(),
        "versions": {"mlx-audio": (ROOT / "VERSION").read_text().strip(), **versions(environment)},
    }
    runs = {name: [] for name in entrants}
    names = list(entrants)
    for number in range(options.rounds + 1):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            run = run_once(*entrants[name])
            # The first round brings files into memory and is not counted.
            if number > 0:
                runs[name].append(run)
            print(f"round {number}: {name} {run['wall']:.2f} s", file=sys.stderr)
    report["results"] = {name: summary(r) for name, r in runs.items()}
    ours = report["results"]["mlx-audio"]
    for result in report["results"].values():
        result["ours_over_this"] = round(ours["median_s"] / result["median_s"], 3)
        result["same_words"] = words(result["text"]) == words(ours["text"])
    peers = {n: r for n, r in report["results"].items() if n != "mlx-audio"}
    report["fastest_peer"] = min(peers, key=lambda n: peers[n]["median_s"])
    report["ratio"] = peers[report["fastest_peer"]]["ours_over_this"]
    (options.output / "results.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    (options.output / "results.md").write_text(markdown(report))
    print(markdown(report))
    for name, result in peers.items():
        if not result["same_words"]:
            print(f"{name} has other words:\n  {result['text']}\n  ours: {ours['text']}", file=sys.stderr)
    if options.check:
        if report["ratio"] > 1.2:
            sys.exit(f"{report['ratio']} times the fastest peer, above the target of 1.2")
        if not any(r["same_words"] for r in peers.values()):
            sys.exit("no peer has the same words")


if __name__ == "__main__":
    main()
