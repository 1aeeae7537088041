# SPDX-License-Identifier: MIT
"""Runs the samples and checks what they print.

    python3 samples/check.py TRANSCRIBE STREAM
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import wave

CACHE = pathlib.Path(os.environ.get("MLXAUDIO_CACHE") or pathlib.Path.home() / ".cache" / "mlx-audio")
MODEL = CACHE / "models" / "tiny.en"
CLIP = CACHE / "audio" / "librivox" / "sense_and_sensibility_01_austen_64kb-0930.wav"


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def expect(condition, *what):
    if not condition:
        sys.exit("samples: " + " ".join(map(str, what)))


def repeat(clip, times, path):
    """The clip again and again, long enough for several windows."""
    with wave.open(str(clip)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        frames = source.readframes(source.getnframes())
        target.writeframes(frames * times)


def main(transcribe, stream):
    code, out, err = run(transcribe, "/nonexistent/model", "x.wav")
    expect(code == 1 and "/nonexistent/model" in err, "a missing model:", code, out, err)
    code, out, err = run(transcribe)
    expect(code == 2 and "usage" in err, "no arguments:", code, out, err)

    if not (MODEL / "model.safetensors").is_file() or not CLIP.is_file():
        if os.environ.get("CI"):
            sys.exit(f"samples: {MODEL} or {CLIP} is missing: run `make models`")
        print(f"NOT TRANSCRIBED: {MODEL} or {CLIP} is missing: run `make models`")
        return

    code, out, err = run(transcribe, MODEL, CLIP)
    expect(code == 0 and "language: en" in out, "transcribe:", code, out, err)
    expect("made amiable himself" in out, "heard:", out)

    with tempfile.TemporaryDirectory() as folder:
        long = pathlib.Path(folder) / "long.wav"
        repeat(CLIP, 25, long)
        code, out, err = run(stream, MODEL, long, 1)
        expect(code == 0 and "stopped: " in out, "stream:", code, out, err)
        expect("  0 " in out and " of " in err, "stream:", code, out, err)
        code, out, err = run(stream, MODEL, CLIP, 1000)
        expect(code == 0 and "complete: " in out, "stream:", code, out, err)
    print("samples: all well")


if __name__ == "__main__":
    main(*sys.argv[1:])
