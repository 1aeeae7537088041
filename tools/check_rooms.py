#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what the rooms may include, and the headers that files must carry.

Rules, each named in the messages:
  direction  a room includes only rooms that it may depend on
  public     include/mlxaudio includes only itself and the standard library
  mlx        core, text and portproof know nothing of MLX
  qualified  quoted includes name their room ("core/error.h") and exist
  licence    every source begins with its SPDX line; a file with `\\port` tags
             also has the original's copyright, its URL and its licences/ file
  guard      every header has `#pragma once`, but for *-inl.h, which Highway
             compiles once for each instruction set
"""

import pathlib
import re
import sys

# Left to right; a room may include itself and what is listed for it.
ALLOWED = {
    "core": set(),
    "text": {"core"},
    "portproof": {"core"},
    "kernels": {"core"},
    "ops": {"core", "kernels"},
    "nn": {"core", "kernels", "ops"},
    "audio": {"core", "ops"},
    "lm": {"core", "kernels", "ops", "nn", "text"},
    "codec": {"core", "kernels", "ops", "nn"},
    "models": {"core", "kernels", "ops", "nn", "lm", "codec", "audio", "text"},
    "engine": {"core", "kernels", "ops", "nn", "lm", "codec", "audio", "text",
               "models"},
}
ALLOWED["cli"] = ALLOWED["engine"] | {"engine"}
EVERYTHING = ALLOWED["cli"] | {"cli"}
for onlooker in ("port", "bench", "tests"):
    ALLOWED[onlooker] = EVERYTHING | {"portproof"}
ALLOWED["samples"] = set()
ALLOWED["public"] = set()

# Libraries whose headers may stand in quotes as well as in brackets.
THIRD_PARTY = {"CLI", "benchmark", "clang-c", "fmt", "gmock", "gtest", "hwy",
               "nlohmann", "oneapi"}
WITHOUT_MLX = {"core", "text", "portproof", "public", "samples"}
SOURCES = {".h", ".hpp", ".cpp", ".c"}
SCRIPTS = {".py"}
FOLDERS = ("include", "src", "cli", "portproof", "port", "bench", "tests",
           "samples", "tools")

# Projects of their own, which show how another project uses portproof.
NO_ROOM = pathlib.PurePath("portproof/examples")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
PORT = re.compile(r"^\s*///\s+\\port\s+[\w.]+")
HEADER_LINES = 25


def room_of(path):
    """The room of a file at `path`, which is relative to the root."""
    parts = path.parts
    if parts[0] == "include":
        return "public"
    return parts[1] if parts[0] == "src" else parts[0]


def _model_of(parts):
    return parts[1] if len(parts) > 2 and parts[0] == "models" else None


def _resolves(root, path, name):
    """The room that a quoted include leads to, or None if it leads nowhere."""
    if name.startswith("mlxaudio/"):
        return "public" if (root / "include" / name).is_file() else None
    first = name.split("/")[0]
    if (root / "src" / name).is_file():
        return first
    if (root / name).is_file() and first in ALLOWED:
        return first
    if path.parts[0] == "port" and (root / "port" / name).is_file():
        return "port"
    if (root / path.parent / name).is_file() and "/" not in name:
        return "beside"
    return None


def _check_include(root, path, room, quote, name):
    if name.startswith("mlx/"):
        if room in WITHOUT_MLX:
            rule = "public" if room == "public" else "mlx"
            return f"{rule}: {room} may not include MLX's {name}"
        return None
    if quote == "<":
        if room == "public" and "/" in name:
            return f"public: {name} is not of the standard library"
        return None
    if name.split("/")[0] in THIRD_PARTY and room != "public":
        return None
    if ".." in name.split("/"):
        return f"qualified: {name} climbs out of its room"
    target = _resolves(root, path, name)
    if target is None:
        return f"qualified: no file of this repository is called {name}"
    if target == "beside":
        return (f"qualified: name the room of {name}"
                if path.parts[0] in ("src", "include") else None)
    if target == "public" or target == room and room != "models":
        return None
    if room == "models":
        mine = _model_of(path.parts[1:])
        if target == "models":
            other = _model_of(pathlib.PurePath(name).parts)
            return (None if mine == other else
                    f"direction: model {mine} may not include model {other}")
    if target in ALLOWED[room]:
        return None
    return f"direction: {room} may not include {target} ({name})"


def _check_header(root, path, lines):
    comment = "#" if path.suffix in SCRIPTS else "//"
    first = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
    if first != [f"{comment} SPDX-License-Identifier: MIT"]:
        yield 1, f"licence: it does not begin with {comment} SPDX-License-" \
                 "Identifier: MIT"
    # The workbench ports nothing; its tests hold tagged sources as text.
    ported = any(PORT.match(line) for line in lines)
    if path.suffix in SOURCES and ported and room_of(path) != "portproof":
        head = "\n".join(lines[:HEADER_LINES])
        if "Copyright" not in head:
            yield 1, "licence: a ported file names the original's copyright"
        if "https://" not in head:
            yield 1, "licence: a ported file names the original's URL"
        named = re.findall(r"licenses/[\w.-]+\.txt", head)
        if not named:
            yield 1, "licence: a ported file names its licenses/ file"
        for name in named:
            if not (root / name).is_file():
                yield 1, f"licence: {name} does not exist"
    if (path.suffix in (".h", ".hpp") and "#pragma once" not in lines
            and not path.name.endswith("-inl.h")):
        yield 1, "guard: the header has no #pragma once"


def check_file(root, path):
    """(line, message) for each breach in `path`, relative to `root`."""
    text = (root / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    if path.suffix in SCRIPTS and not text.strip():
        return
    yield from _check_header(root, path, lines)
    room = room_of(path)
    if path.suffix not in SOURCES:
        return
    if room not in ALLOWED:
        yield 1, f"direction: there is no room called {room}"
        return
    for number, line in enumerate(lines, 1):
        if match := INCLUDE.match(line):
            problem = _check_include(root, path, room, *match.groups())
            if problem:
                yield number, problem


def sources(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root)
            if (path.suffix in SOURCES | SCRIPTS and path.is_file()
                    and NO_ROOM not in inside.parents):
                yield inside


def main(argv):
    root = (pathlib.Path(argv[1]) if len(argv) > 1 else
            pathlib.Path(__file__).resolve().parent.parent)
    files = list(sources(root))
    if not files:
        print(f"check_rooms: no sources below {root}", file=sys.stderr)
        return 2
    count = 0
    for path in files:
        for line, message in check_file(root, path):
            print(f"{path}:{line}: {message}")
            count += 1
    print(f"check_rooms: {len(files)} files, {count} breaches")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
