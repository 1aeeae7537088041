# SPDX-License-Identifier: MIT
"""What every recorder needs: the reference file, the unpacked sources, hashes."""

import hashlib
import json
import pathlib
import sys
import tomllib


class Trouble(Exception):
    """Something the user can mend; the message says how."""


def load(path):
    """Reads `reference.toml`; `folder` is added, the folder that it lies in."""
    path = pathlib.Path(path)
    try:
        with open(path, "rb") as f:
            reference = tomllib.load(f)
    except FileNotFoundError:
        raise Trouble(f"[portproof] {path} does not exist: run `portproof init` first")
    except tomllib.TOMLDecodeError as e:
        raise Trouble(f"[portproof] {path}: {e}")
    reference["folder"] = path.parent
    return reference


def by_key(reference, key):
    for r in reference["reference"]:
        if r["key"] == key:
            return r
    raise Trouble(f"[portproof] reference.toml has no reference with key `{key}`")


def deciding(reference):
    found = [r for r in reference["reference"] if r.get("decides")]
    if len(found) != 1:
        raise Trouble(
            "[portproof] reference.toml: exactly one [[reference]] must have `decides = true`"
        )
    return found[0]


def sha256_file(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()


def source_root(work, r):
    """Folder that the module path of an unpacked reference starts from."""
    return pathlib.Path(work) / "src" / r["key"] / r.get("root", "")


def module_name(source):
    """`whisper/normalizers/basic.py` -> `whisper.normalizers.basic`."""
    parts = source.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def check_sources(work, r):
    """Every source in scope is there, and `fetch` left the locked archive."""
    state_path = pathlib.Path(work) / "fetch.json"
    if not state_path.exists():
        raise Trouble(f"[portproof] {state_path} does not exist: run `portproof fetch` first")
    state = json.loads(state_path.read_text())
    if state["references"].get(r["key"], {}).get("sha256") != r["sha256"]:
        raise Trouble(
            f"[portproof] {work} holds another archive of {r['package']} than "
            f"reference.toml names: run `portproof fetch` again"
        )
    files = state["references"][r["key"]]["files"]
    for source in r["sources"]:
        path = source_root(work, r) / source
        if not path.exists():
            raise Trouble(f"[portproof] {r['file']} has no {source}: correct `sources`")
        if files.get(source) != sha256_file(path):
            raise Trouble(
                f"[portproof] {path} was edited since it was unpacked: run `portproof fetch` again"
            )
    return state


class _Absent:
    """Stands for what an absent package would have given; using it is an error."""

    def __init__(self, name):
        self._name = name

    def __call__(self, *args, **kwargs):
        raise Trouble(f"[portproof] the reference used {self._name}, which is stubbed")


def import_paths(work, reference):
    """Puts the unpacked references on the path and stubs what they need not compute with."""
    import types

    for r in reversed(reference["reference"]):
        if not r.get("compare_only"):
            sys.path.insert(0, str(source_root(work, r)))
    for name in reference["environment"].get("bare_packages", []):
        # A package whose __init__ pulls in what is not needed: only its folder counts.
        module = types.ModuleType(name)
        folders = [pathlib.Path(p) / name.replace(".", "/") for p in sys.path]
        module.__path__ = [str(f) for f in folders if f.is_dir()][:1]
        if not module.__path__:
            raise Trouble(f"[portproof] `bare_packages`: no reference has a package {name}")
        sys.modules[name] = module
    for name in reference["environment"].get("stubs", []):
        module = types.ModuleType(name)
        module.__getattr__ = lambda attribute, _n=name: (
            _raise(AttributeError(attribute))
            if attribute.startswith("__")
            else _Absent(f"{_n}.{attribute}")
        )
        sys.modules[name] = module


def _raise(e):
    raise e


def run(main):
    """Runs a recorder's main(); trouble is one line on stderr and exit code 1."""
    try:
        sys.exit(main() or 0)
    except Trouble as e:
        print(e, file=sys.stderr)
        sys.exit(1)
