# SPDX-License-Identifier: MIT
"""Gets the locked archives of the references, unpacks them, makes their environment.

Everything is checked against the hashes in reference.toml and in its
requirements file before it is used; what is already there is not fetched again.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import reference as ref  # noqa: E402


def say(text):
    print(text, flush=True)


def pip(python, *args, env=None):
    command = [python, "-m", "pip", "--disable-pip-version-check", *args]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        tail = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ref.Trouble(
            f"[portproof] {' '.join(command)} failed: {' '.join(tail)}: is the network there?"
        )


def download(package, version, wheel, folder):
    """One archive from the package index."""
    options = ["--only-binary" if wheel else "--no-binary", ":all:", "--dest", str(folder)]
    # pip asks a source archive's own build for its name; builds of before 2025 need this.
    constraint = pathlib.Path(folder).parent / "constraint.txt"
    constraint.write_text("setuptools<81\n")
    pip(
        sys.executable, "download", "--quiet", "--no-deps", *options, f"{package}=={version}",
        env={**os.environ, "PIP_CONSTRAINT": str(constraint)} if not wheel else None,
    )


def find_archive(r, work, folders):
    """The locked archive: from a folder that has it, else from the package index."""
    wanted = work / "archives" / r["file"]
    for folder in [wanted.parent, *folders]:
        path = pathlib.Path(folder) / r["file"]
        if path.exists() and ref.sha256_file(path) == r["sha256"]:
            return path
    wanted.parent.mkdir(parents=True, exist_ok=True)
    say(f"downloading {r['package']} {r['version']}")
    with tempfile.TemporaryDirectory(dir=wanted.parent) as scratch:
        download(r["package"], r["version"], r["file"].endswith(".whl"), scratch)
        got = pathlib.Path(scratch) / r["file"]
        if not got.exists():
            names = ", ".join(p.name for p in pathlib.Path(scratch).iterdir())
            raise ref.Trouble(
                f"[portproof] the index gave {names or 'nothing'} for {r['package']} "
                f"{r['version']}, not {r['file']}: correct `file` in reference.toml"
            )
        sum_ = ref.sha256_file(got)
        if sum_ != r["sha256"]:
            raise ref.Trouble(
                f"[portproof] {r['file']} has SHA-256 {sum_}, reference.toml says {r['sha256']}: "
                f"it is not the archive that was locked"
            )
        os.replace(got, wanted)
    return wanted


def unpack_tar(archive, folder):
    with tarfile.open(archive) as t:
        if hasattr(tarfile, "data_filter"):
            t.extractall(folder, filter="data")
            return
        # Python before 3.11.4, such as Debian 12's, has no filters.
        for member in t.getmembers():
            path = pathlib.PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts:
                raise ref.Trouble(f"[portproof] {archive} has a file outside of it: {member.name}")
        t.extractall(folder, [m for m in t.getmembers() if m.isfile() or m.isdir()])


def unpack(archive, target):
    """Unpacks beside the target and moves it there, so that a stop leaves nothing half."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        inside = pathlib.Path(scratch) / "x"
        if archive.name.endswith((".whl", ".zip")):
            with zipfile.ZipFile(archive) as z:
                z.extractall(inside)
        else:
            unpack_tar(archive, inside)
        if target.exists():
            shutil.rmtree(target)
        os.replace(inside, target)


def git(*args, **options):
    try:
        return subprocess.run(["git", *args], capture_output=True, check=False, **options)
    except FileNotFoundError:
        raise ref.Trouble("[portproof] git is not there: install it, or name a package instead")


def check_out(r, work, reference):
    """The tree of the pinned commit, in src/KEY. Returns the tree's hash."""
    url, commit = r["git"], r["commit"]
    if url.startswith("-"):
        raise ref.Trouble(f"[portproof] `git` is {url}: give an address or a folder")
    if "://" not in url and "@" not in url:
        url = str((reference["folder"] / url).resolve())
        if not pathlib.Path(url).is_dir():
            raise ref.Trouble(f"[portproof] {url} is not there: correct `git` in reference.toml")
    store = work / "git" / r["key"]
    has = lambda: git("-C", str(store), "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0  # noqa: E731
    if not (store / "HEAD").exists():
        store.mkdir(parents=True, exist_ok=True)
        git("init", "--quiet", "--bare", str(store))
    if not has():
        say(f"fetching {commit[:12]} of {url}")
        # Some servers give a single commit, others only what their branches reach.
        done = git("-C", str(store), "fetch", "--quiet", "--depth=1", "--", url, commit)
        if not has():
            done = git("-C", str(store), "fetch", "--quiet", "--", url, "+refs/*:refs/fetched/*")
        if done.returncode:
            tail = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise ref.Trouble(f"[portproof] git fetch {url} failed: {' '.join(tail)}")
        if not has():
            raise ref.Trouble(
                f"[portproof] {url} has no commit {commit}: it is gone, or was never pushed; "
                f"pin another in reference.toml"
            )
    tree = git("-C", str(store), "rev-parse", f"{commit}^{{tree}}").stdout.decode().strip()
    if r.get("tree", tree) != tree:
        raise ref.Trouble(
            f"[portproof] commit {commit} has the tree {tree}, reference.toml says {r['tree']}"
        )
    target = work / "src" / r["key"]
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        archive = pathlib.Path(scratch) / "tree.tar"
        done = git("-C", str(store), "archive", "--output", str(archive), commit)
        if done.returncode:
            raise ref.Trouble(f"[portproof] git archive failed: {done.stderr.decode().strip()}")
        unpack(archive, target)
    return tree


def copy_folder(r, work, old):
    """The pinned state of a local folder, in src/KEY. Returns the hash of each file."""
    files = ref.check_folder(r, old.get("content", {}))
    target = work / "src" / r["key"]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        inside = pathlib.Path(scratch) / "x"
        for name in files:
            (inside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pathlib.Path(r["file"]) / name, inside / name)
        if target.exists():
            shutil.rmtree(target)
        os.replace(inside, target)
    return files


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path):
    found = {}
    for line in path.read_text().splitlines():
        if m := re.match(r"([A-Za-z0-9._-]+)==(\S+)", line):
            found[canonical(m[1])] = m[2]
    return found


VERSIONS = """
import importlib.metadata, json, re, sys
name = lambda n: re.sub(r"[-_.]+", "-", n).lower()
print(json.dumps({"python": "%d.%d" % sys.version_info[:2],
  "packages": {name(d.metadata["Name"]): d.version for d in importlib.metadata.distributions()}}))
"""


def check_environment(python, reference):
    """The interpreter and every pinned package are those of the lock."""
    try:
        done = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise ref.Trouble(f"[portproof] {python} does not run: {e}")
    found = json.loads(done.stdout)
    environment = reference["environment"]
    if found["python"] != environment["python"]:
        raise ref.Trouble(
            f"[portproof] {python} is Python {found['python']}, reference.toml pins "
            f"{environment['python']}: give another with --env or --python"
        )
    wrong = [
        f"{name} {found['packages'].get(name, 'is not there')} (pinned {version})"
        for name, version in pins(reference["folder"] / environment["requirements"]).items()
        if found["packages"].get(name) != version
    ]
    if wrong:
        raise ref.Trouble(
            f"[portproof] {python} has other packages than the lock: {', '.join(wrong[:6])}"
            f"{' ...' if len(wrong) > 6 else ''}"
        )
    return found


def make_environment(work, reference, interpreter, folders):
    folder = work / "env"
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"making the environment in {folder}")
        subprocess.run([interpreter, "-m", "venv", "--clear", str(folder)], check=True)
    try:
        check_environment(str(python), reference)
        return str(python)
    except ref.Trouble:
        pass
    requirements = reference["folder"] / reference["environment"]["requirements"]
    say(f"installing {len(pins(requirements))} packages, by hash (several gigabytes)")
    find = [o for f in folders for o in ("--find-links", str(f))]
    pip(
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        *find,
        "-r",
        str(requirements),
    )
    check_environment(str(python), reference)
    return str(python)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--env", help="an environment that exists already")
    parser.add_argument("--python", help="the interpreter to make one from")
    parser.add_argument("--find-links", action="append", default=[])
    parser.add_argument("--no-env", action="store_true", help="only the sources")
    args = parser.parse_args()

    reference = ref.load(args.reference)
    work = pathlib.Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    state_path = work / "fetch.json"
    state = {"references": {}, "python": None}
    if state_path.exists():
        state = json.loads(state_path.read_text())

    for r in reference["reference"]:
        target = work / "src" / r["key"]
        old = state["references"].get(r["key"], {})
        current = old.get("sha256") == r["sha256"] and all(
            (ref.source_root(work, r) / s).exists()
            and ref.sha256_file(ref.source_root(work, r) / s) == old["files"].get(s)
            for s in r["sources"]
        )
        extra = {k: old[k] for k in ("tree", "content") if k in old}
        if r["kind"] == "folder":
            extra = {"content": copy_folder(r, work, old)}
        elif r["kind"] == "git" and (not current or r.get("tree", "") != old.get("tree")):
            extra = {"tree": check_out(r, work, reference)}
        elif not current:
            unpack(find_archive(r, work, args.find_links), target)
        root = ref.source_root(work, r)
        missing = [s for s in r["sources"] if not (root / s).exists()]
        if missing:
            raise ref.Trouble(
                f"[portproof] {r['file']} has no {', '.join(missing)}: correct `sources` or `root`"
            )
        state["references"][r["key"]] = {
            "sha256": r["sha256"],
            "files": {s: ref.sha256_file(root / s) for s in r["sources"]},
            **extra,
        }
        say(f"{r['package']} {r['version']}: {len(r['sources'])} files in {root}")

    if not args.no_env:
        if args.env:
            python = pathlib.Path(args.env)
            python = python / "bin" / "python" if python.is_dir() else python
            check_environment(str(python), reference)
            state["python"] = str(python)
        else:
            interpreter = args.python or shutil.which(
                f"python{reference['environment']['python']}"
            ) or sys.executable
            state["python"] = make_environment(work, reference, interpreter, args.find_links)
        say(f"environment: {state['python']}")

    scratch = state_path.with_suffix(".tmp")
    scratch.write_text(json.dumps(state, indent=1) + "\n")
    os.replace(scratch, state_path)


if __name__ == "__main__":
    ref.run(main)
