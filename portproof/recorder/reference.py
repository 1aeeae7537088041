# SPDX-License-Identifier: MIT
"""What every recorder needs: the reference file, the unpacked sources, hashes."""

import fnmatch
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
    for r in reference.get("reference", []):
        complete(r, path)
    return reference


def complete(r, path):
    """Gives a reference of any kind the same keys; `sha256` is what pins it."""
    kinds = [k for k in ("git", "folder") if k in r]
    if len(kinds) > 1:
        raise Trouble(f"[portproof] {path}: {r['key']} has both `git` and `folder`; keep one")
    r["kind"] = kinds[0] if kinds else "package"
    needed = {
        "package": ("package", "version", "file", "sha256"),
        "git": ("commit",),
        "folder": ("sha256",),
    }
    for key in ("key", "sources", *needed[r["kind"]]):
        if key not in r:
            raise Trouble(f"[portproof] {path}: [[reference]] {r.get('key', '')} lacks `{key}`")
    if kinds:
        r["file"] = r[r["kind"]]
        r["sha256"] = r["commit"] if r["kind"] == "git" else r["sha256"]
        r.setdefault("package", r["key"])
        r.setdefault("version", r["sha256"][:12])
    if r["kind"] == "folder":
        r["file"] = str((path.parent / r["folder"]).resolve())
    r.setdefault("runtime", "")


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


def round_files(reference, number):
    """File of calls to patterns of components, of those that only this round records."""
    found = reference.get("round", {}).get(str(number), {}).get("calls", {})
    if not isinstance(found, dict) or not all(isinstance(p, list) for p in found.values()):
        raise Trouble(
            f"[portproof] reference.toml: [round.{number}] `calls` is a table of files to "
            f"lists of components"
        )
    return found


def check_makers(file, makers, patterns):
    """A file has calls of what is said of it, and of nothing else."""
    any_of = lambda name, rules: any(fnmatch.fnmatchcase(name, r) for r in rules)  # noqa: E731
    for pattern in patterns:
        if not fnmatch.filter(makers, pattern):
            raise Trouble(f"[portproof] {file} has no calls of {pattern}")
    for name in makers:
        if not any_of(name, patterns):
            raise Trouble(
                f"[portproof] {file} has calls of {name}, which `calls` in reference.toml "
                f"does not name: add it there"
            )


def sha256_file(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()


def content(folder):
    """Hash of a folder's files, and of each: what a local reference is pinned by."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise Trouble(f"[portproof] {folder} is not a folder: correct `folder` in reference.toml")
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        made = "__pycache__" in path.parts or name.startswith(".git/") or name == ".git"
        if path.is_file() and not made and not name.endswith(".pyc"):
            files[name] = sha256_file(path)
    lines = "".join(f"{sum_}  {name}\n" for name, sum_ in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest(), files


def check_folder(r, known):
    """A local reference is what was pinned. known: hash of each file when it was fetched."""
    sum_, files = content(r["file"])
    if sum_ == r["sha256"]:
        return files
    changed = sorted(n for n in {*files, *known} if files.get(n) != known.get(n)) if known else []
    what = f" ({', '.join(changed[:4])}{' ...' if len(changed) > 4 else ''})" if changed else ""
    raise Trouble(
        f"[portproof] {r['file']} has content {sum_}, reference.toml pins "
        f"{r['sha256'] or 'nothing'}{what}: look at the change, then pin the new hash"
    )


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
    if r["kind"] == "folder":
        check_folder(r, state["references"][r["key"]].get("content", {}))
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
    for r in reversed(reference["reference"]):
        if not r.get("compare_only"):
            sys.path.insert(0, str(source_root(work, r)))
    for name in reference.get("environment", {}).get("bare_packages", []):
        folder = name.replace(".", "/")
        if not any((source_root(work, r) / folder).is_dir() for r in reference["reference"]):
            raise Trouble(f"[portproof] `bare_packages`: no reference has a package {name}")
    replace_modules(reference)


def replace_modules(reference):
    """Stubs what `stubs` and `bare_packages` name."""
    import types

    for name in reference.get("environment", {}).get("bare_packages", []):
        # A package whose __init__ pulls in what is not needed: only its folder counts.
        module = types.ModuleType(name)
        folders = [pathlib.Path(p) / name.replace(".", "/") for p in sys.path]
        module.__path__ = [str(f) for f in folders if f.is_dir()][:1]
        if not module.__path__:
            continue  # of a reference that is not on the path here
        sys.modules[name] = module
        parent, _, own = name.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], own, module)
    for name in reference.get("environment", {}).get("stubs", []):
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
