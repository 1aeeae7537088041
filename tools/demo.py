#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Transcribes real speech and proves one component, for `make demo`.

Uses what `make` built and set-up fetched; it reaches no network.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import wave

from resources.child import ended_with_us, stop_by_sigterm
from resources.store import default_root

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
MODEL = "base"
COMPONENT = "whisper.audio.log_mel_spectrogram"
BOLD, DIM, PLAIN = (("\033[1m", "\033[2m", "\033[0m")
                    if sys.stdout.isatty() else ("", "", ""))


def clips():
    """The Debian clips, and those of the shared folder where there is one."""
    shared = pathlib.Path(os.environ.get("MLXAUDIO_SHARED")
                          or ROOT.parent / "shared")
    found = (sorted((default_root() / "audio" / "librivox").glob("*.wav"))
             + sorted((shared / "audio").glob("*.wav")))
    if not found:
        sys.exit("demo: there is no audio: run `make setup`")
    return found


def seconds(path):
    with wave.open(str(path)) as f:
        return f.getnframes() / f.getframerate()


def clock(at):
    minutes, rest = divmod(at, 60)
    return f"{int(minutes):02}:{rest:05.2f}"


def transcribe(path, folder):
    """Segments, wall time and the whole process's peak memory in MB."""
    command = [str(BUILD / "mlx-audio"), "transcribe", "--model", MODEL,
               "--format", "json", "--output-dir", folder, str(path)]
    begin = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    with ended_with_us(child):
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        took = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
    if status != 0:
        sys.exit(f"demo: {' '.join(command)} failed:\n{said}")
    result = pathlib.Path(folder) / (path.stem + ".json")
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return json.loads(result.read_text(encoding="utf-8")), took, peak


def show_transcripts():
    total, spent, most = 0.0, 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for path in clips():
            result, took, peak = transcribe(path, folder)
            length = seconds(path)
            total, spent, most = total + length, spent + took, max(most, peak)
            print(f"\n{BOLD}{path.name}{PLAIN}  {DIM}{result['language']}, "
                  f"{length:.1f} s in {took:.2f} s, real-time factor "
                  f"{took / length:.2f}, {peak:.0f} MB{PLAIN}")
            for s in result["segments"]:
                print(f"  {DIM}{clock(s['start'])} - {clock(s['end'])}{PLAIN}"
                      f"  {s['text'].strip()}")
    print(f"\n{total:.1f} s of speech in {spent:.1f} s, loading Whisper "
          f"{MODEL} anew for each file: real-time factor "
          f"{spent / total:.2f}, at most {most:.0f} MB")


def show_proof():
    """Verifies one component, and shows its row of the progress table."""
    command = ["portproof", "verify", "whisper", "--component", COMPONENT,
               "--build", str(BUILD.relative_to(ROOT)), "--no-record",
               "--show"]
    print(f"\n{BOLD}How we know{PLAIN}: {COMPONENT}, our C++ against the "
          "reference's recorded output,\nand its row of porting-progress.md "
          "(component, initial port, verification, notes)"
          f"\n{DIM}$ {' '.join(command)}{PLAIN}", flush=True)
    command[0] = str(BUILD / "portproof")
    with ended_with_us(subprocess.Popen(command, cwd=ROOT)) as child:
        code = child.wait()
    if code != 0:
        sys.exit("demo: the component was not verified")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    stop_by_sigterm()
    try:
        show_transcripts()
        show_proof()
    except KeyboardInterrupt:
        print("demo: stopped; `make demo` begins it again", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
