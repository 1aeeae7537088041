# SPDX-License-Identifier: MIT
"""Lists what two versions of the deciding reference define, for `portproof upgrade`.

A version is one of the package index, an archive, an unpacked folder, or a commit
where the reference is a git repository. Nothing of it is run.
"""

import argparse
import ast
import hashlib
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fetch  # noqa: E402
import inventory  # noqa: E402
import reference as ref  # noqa: E402


def archive_of(r, version, work, folders):
    """The archive of a version, which need not be the one that reference.toml locks."""
    if version == r["version"]:
        return fetch.find_archive(r, work, folders)
    kept = work / "archives"
    stem = r["package"].replace("-", "_").lower()
    for folder in (kept, *map(pathlib.Path, folders)):
        for path in sorted(folder.glob("*")) if folder.is_dir() else []:
            name = path.name.replace("-", "_").lower()
            if name.startswith(f"{stem}_{version}") and name.endswith((".whl", ".gz", ".zip")):
                return path
    kept.mkdir(parents=True, exist_ok=True)
    fetch.say(f"downloading {r['package']} {version}")
    with tempfile.TemporaryDirectory(dir=kept) as scratch:
        fetch.download(r["package"], version, r["file"].endswith(".whl"), scratch)
        found = list(pathlib.Path(scratch).iterdir())
        if len(found) != 1:
            raise ref.Trouble(f"[portproof] the index gave nothing for {r['package']} {version}")
        return found[0].rename(kept / found[0].name)


def base_of(folder, sources):
    """The folder that the paths of `sources` start from: the most of them are there."""
    candidates = {folder, *(p for p in folder.glob("*") if p.is_dir())}
    score = lambda c: sum((c / s).exists() for s in sources)  # noqa: E731
    best = max(sorted(candidates), key=score)
    if not score(best):
        raise ref.Trouble(f"[portproof] {folder} has none of the reference's `sources`")
    return best


def unpacked(r, version, work, folders, reference):
    """Folder of a version, and what pins it."""
    path = pathlib.Path(version)
    if path.is_dir():
        return path, {"version": path.name, "sha256": ref.content(path)[0]}
    if path.is_file():
        archive = path
    elif r["kind"] == "git":
        other = {**r, "commit": version, "key": f"{r['key']}-{version[:12]}"}
        other.pop("tree", None)
        fetch.check_out(other, work, reference)
        return work / "src" / other["key"], {"version": version[:12], "sha256": version}
    elif r["kind"] == "folder":
        raise ref.Trouble(f"[portproof] {version} is not a folder: give another state's folder")
    else:
        archive = archive_of(r, version, work, folders)
    sum_ = ref.sha256_file(archive)
    target = work / "versions" / sum_[:16]
    if not target.is_dir():
        fetch.unpack(archive, target)
    shown = archive.name if path.is_file() else version
    return target, {"version": shown, "file": archive.name, "sha256": sum_}


class Undocumented(ast.NodeTransformer):
    """Takes docstrings out, so that only code is compared."""

    def visit(self, node):
        self.generic_visit(node)
        body = getattr(node, "body", None)
        text = (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        )
        if text and not isinstance(node, ast.Expression):
            node.body = body[1:] or [ast.Pass()]
        return node


def code_hash(text):
    return hashlib.sha256(ast.dump(Undocumented().visit(ast.parse(text))).encode()).hexdigest()


def listed(base, source):
    """Rows of a file, each with a hash of its code alone."""
    path = base / source
    try:
        rows = inventory.rows_of_file(base, source)
    except SyntaxError as e:
        raise ref.Trouble(f"[portproof] {path}: {e}")
    lines = path.read_text(encoding="utf-8").splitlines()
    for row in rows:
        if row["kind"] == "constants":
            text = "\n".join(f"{i['name']} = {i['value']}" for i in row["items"])
            row["code"] = hashlib.sha256(text.encode()).hexdigest()
            continue
        text = inventory.normalised(lines[row["line"] - 1 : row["end_line"]])
        row["code"] = code_hash(text)
    return rows


def tops(sources):
    """The packages that the sources belong to, as folders."""
    return sorted({s.split("/")[0] for s in sources if "/" in s})


def side(r, version, work, folders, reference):
    folder, about = unpacked(r, version, work, folders, reference)
    base = base_of(folder, r["sources"])
    inside = [
        p.relative_to(base).as_posix() for t in tops(r["sources"]) for p in (base / t).rglob("*.py")
    ]
    data = {
        p.relative_to(base).as_posix(): ref.sha256_file(p)
        for t in tops(r["sources"])
        for p in sorted((base / t).rglob("*"))
        if p.is_file() and p.suffix not in (".py", ".pyc")
    }
    return {
        **about,
        "data": data,
        "files": sorted({*inside, *(s for s in r["sources"] if (base / s).exists())}),
        "components": [
            row for s in r["sources"] if (base / s).exists() for row in listed(base, s)
        ],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--from", dest="old", required=True)
    parser.add_argument("--to", dest="new", required=True)
    parser.add_argument("--find-links", action="append", default=[])
    parser.add_argument("--out", required=True)
    args = parser.parse_args()

    reference = ref.load(args.reference)
    r = ref.deciding(reference)
    work = pathlib.Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    result = {
        "package": r["package"],
        "sources": r["sources"],
        "from": side(r, args.old, work, args.find_links, reference),
        "to": side(r, args.new, work, args.find_links, reference),
    }
    pathlib.Path(args.out).write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    ref.run(main)
