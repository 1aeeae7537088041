# SPDX-License-Identifier: MIT
"""Installs a build, moves the result, and uses it as a stranger would.

    python3 tests/consumer/check.py BUILD_FOLDER CXX_COMPILER
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def cache():
    return pathlib.Path(os.environ.get("MLXAUDIO_CACHE")
                        or pathlib.Path.home() / ".cache" / "mlx-audio")


def run(*command, env=None, code=0):
    """What a command says that must end with `code`."""
    done = subprocess.run([str(c) for c in command], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode != code:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}, "
                 f"expected {code}\n{done.stdout}")
    return done.stdout


def expect(condition, message):
    if not condition:
        sys.exit(f"consumer: {message}")


def check_libraries(prefix, program):
    """What came with the installation is found in it and nowhere else."""
    ours = ("libmlx", "libblas", "liblapack", "libdnnl", "libscipy_openblas",
            "libgfortran")
    seen = set()
    for line in run("ldd", program).splitlines():
        name, _, where = line.strip().partition(" => ")
        expect("not found" not in where, f"{program}: {line.strip()}")
        if name.startswith(ours):
            path = pathlib.Path(where.split(" (")[0]).resolve()
            expect(prefix.resolve() in path.parents,
                   f"{program} takes {name} from {path}")
            seen.add(name.split(".")[0].split("-")[0])
    return seen


def check_exports(library):
    """The library exports its interface, and nothing of its rooms."""
    symbols = run("nm", "-D", "-C", "--defined-only", library)
    expect("mlxaudio::SpeechToText::load" in symbols,
           "SpeechToText::load is not exported")
    # Weak ones are copies of standard templates, which anyone may hold.
    inner = re.findall(r"^\w+ [TBDR] (mlxaudio::(?:ops|kernels|nn|whisper)::.*)",
                       symbols, re.MULTILINE)
    expect(not inner, f"{inner[:1]} is exported")


def main(build, compiler):
    # Neither the cache nor a library path of the caller's may help.
    env = {k: v for k, v in os.environ.items()
           if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        env.update(MLXAUDIO_CACHE=str(folder / "empty"), HOME=str(folder))
        run("cmake", "--install", build, "--prefix", folder / "first")
        prefix = folder / "moved"
        (folder / "first").rename(prefix)

        work = folder / "work"
        shutil.copytree(HERE / "project", folder / "project")
        run("cmake", "-S", folder / "project", "-B", work, "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}",
            env=env)
        run("cmake", "--build", work, env=env)
        consumer = work / "consumer"
        seen = check_libraries(prefix, consumer)
        expect({"libmlx", "libmlxaudio", "libmlxaudio_blas"} <= seen,
               f"the program runs on {sorted(seen)} only")
        library = next(p for p in prefix.rglob("libmlxaudio.*")
                       if not p.is_symlink())
        if sys.platform == "linux":
            check_exports(library)
        said = run(consumer, env=env)
        expect("/nonexistent/model" in said, f"the error reads: {said}")

        model = cache() / "models" / "tiny.en"
        clip = cache() / "audio" / "librivox" / \
            "sense_and_sensibility_01_austen_64kb-0930.wav"
        if (model / "model.safetensors").is_file() and clip.is_file():
            # Without a vocabulary of its own: the installed one must do.
            bare = folder / "bare"
            bare.mkdir()
            for name in ("config.json", "model.safetensors"):
                (bare / name).symlink_to(model / name)
            said = run(consumer, bare, clip, env=env)
            expect("made amiable himself" in said,
                   f"the clip was heard as: {said}")
        elif os.environ.get("CI"):
            sys.exit(f"consumer: {model} or {clip} is missing: run "
                     "`make models`")
        else:
            print(f"NOT TRANSCRIBED: {model} or {clip} is missing")

        for program in ("mlx-audio", "portproof"):
            check_libraries(prefix, prefix / "bin" / program)
            run(prefix / "bin" / program, "--help", env=env)
        for name in ("multilingual", "gpt2"):
            path = prefix / "share/mlx-audio/whisper" / f"{name}.tiktoken"
            expect(path.is_file(), f"{path} was not installed")
        for name in ("man/man1/mlx-audio.1",
                     "bash-completion/completions/mlx-audio",
                     "zsh/site-functions/_mlx-audio",
                     "fish/vendor_completions.d/mlx-audio.fish"):
            path = prefix / "share" / name
            expect(path.is_file() and "--output" in
                   path.read_text("utf-8").replace("\\-", "-").replace(
                       "-l output", "--output"),
                   f"{path} was not installed, or knows no options")
    print("consumer: all well")


if __name__ == "__main__":
    main(*sys.argv[1:])
