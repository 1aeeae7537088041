# SPDX-License-Identifier: MIT
"""Lists every component of the references, from their source and their runtime.

One row for each class, function, table and group of constants of the deciding
reference; methods, options, constants and inner functions are items of their
row. What only the MLX reference has gets rows of its own. The result depends on
the locked packages and on reference.toml alone.
"""

import argparse
import ast
import hashlib
import importlib
import importlib.util
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import reference as ref  # noqa: E402


# --- source ---------------------------------------------------------------------


def normalised(lines):
    """Source text without comment lines, blank lines and common indentation."""
    kept = [l.rstrip() for l in lines if l.strip() and not l.lstrip().startswith("#")]
    indent = min((len(l) - len(l.lstrip()) for l in kept), default=0)
    return "\n".join(l[indent:] for l in kept)


def first_line(node):
    return min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", [])])


def place(node, lines):
    first = first_line(node)
    text = normalised(lines[first - 1 : node.end_lineno])
    return {
        "line": first,
        "end_line": node.end_lineno,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def short(node, limit=200):
    text = ast.unparse(node)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def options(function):
    """Arguments with a default value."""
    a = function.args
    positional = a.posonlyargs + a.args
    pairs = list(zip(positional[len(positional) - len(a.defaults) :], a.defaults))
    pairs += [(arg, d) for arg, d in zip(a.kwonlyargs, a.kw_defaults) if d is not None]
    return [
        {"name": arg.arg, "kind": "option", "line": arg.lineno, "value": short(d)}
        for arg, d in pairs
    ]


def command_line(function):
    """`add_argument` calls: the options of a command line."""
    found = []
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "add_argument"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            default = [short(k.value) for k in node.keywords if k.arg == "default"]
            item = {"name": node.args[0].value, "kind": "option", "line": node.lineno}
            if default:
                item["value"] = default[0]
            found.append(item)
    return found


def inner(function):
    found = []
    for node in ast.walk(function):
        if node is not function and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append({"name": node.name, "kind": "inner function", "line": first_line(node)})
    return sorted(found, key=lambda i: i["line"])


def is_property(node):
    names = [short(d) for d in node.decorator_list]
    return any(n in ("property", "cached_property") for n in names)


def is_table(value):
    """A literal or comprehension with more than two entries."""
    if isinstance(value, ast.Dict):
        return len(value.keys) > 2
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return len(value.elts) > 2
    return isinstance(value, (ast.DictComp, ast.SetComp, ast.ListComp))


def assigned(node):
    """(name, value) of an assignment to one plain name, else None."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign):
        target, value = node.target, node.value
    else:
        return None
    return (target.id, value) if isinstance(target, ast.Name) else None


def class_items(node):
    items = []
    for child in node.body:
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            kind = "property" if is_property(child) else "method"
            items.append(
                {
                    "name": child.name,
                    "kind": kind,
                    "line": first_line(child),
                    "signature": f"({ast.unparse(child.args)})",
                }
            )
            items += [{**o, "name": f"{child.name}.{o['name']}"} for o in options(child)]
            items += [{**o, "name": f"{child.name}.{o['name']}"} for o in inner(child)]
        elif pair := assigned(child):
            name, value = pair
            kind = "field" if isinstance(child, ast.AnnAssign) else "constant"
            item = {"name": name, "kind": kind, "line": child.lineno}
            if isinstance(child, ast.AnnAssign):
                item["type"] = short(child.annotation)
            if value is not None:
                item["value"] = short(value)
            items.append(item)
    return items


def class_kind(node):
    decorators = [short(d) for d in node.decorator_list]
    if any(d.split("(")[0].split(".")[-1] == "dataclass" for d in decorators):
        return "dataclass"
    bases = [short(b) for b in node.bases]
    return "module" if any(b.startswith("nn.") for b in bases) else "class"


def statements(body):
    """Definitions at module level, also those inside `if` and `try`."""
    for node in body:
        if isinstance(node, ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
        else:
            yield node


def rows_of_file(root, source):
    text = (root / source).read_text(encoding="utf-8")
    lines = text.splitlines()
    module = ref.module_name(source)
    rows, constants, seen = [], [], set()
    for node in statements(ast.parse(text).body):
        if isinstance(node, ast.ClassDef):
            row = {"name": f"{module}.{node.name}", "kind": class_kind(node), "file": source}
            row |= place(node, lines)
            row["bases"] = [short(b) for b in node.bases]
            row["items"] = class_items(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            row = {"name": f"{module}.{node.name}", "kind": "function", "file": source}
            row |= place(node, lines)
            row["signature"] = f"({ast.unparse(node.args)})"
            row["items"] = options(node) + command_line(node) + inner(node)
        elif (pair := assigned(node)) and pair[1] is not None:
            name, value = pair
            if name in seen:
                continue
            if is_table(value):
                row = {"name": f"{module}.{name}", "kind": "table", "file": source}
                row |= place(node, lines)
                row["items"] = []
            else:
                seen.add(name)
                constants.append((name, node, value))
                continue
        else:
            continue
        if row["name"] in seen:
            continue
        seen.add(row["name"])
        rows.append(row)
    if constants:
        row = {"name": module, "kind": "constants", "file": source}
        row["line"] = min(n.lineno for _, n, _ in constants)
        row["end_line"] = max(n.end_lineno for _, n, _ in constants)
        joined = "\n".join(normalised(lines[n.lineno - 1 : n.end_lineno]) for _, n, _ in constants)
        row["sha256"] = hashlib.sha256(joined.encode()).hexdigest()
        row["items"] = [
            {"name": name, "kind": "constant", "line": n.lineno, "value": short(v)}
            for name, n, v in constants
        ]
        rows.insert(0, row)
    return rows


def used_rows(work, r):
    """Rows for what the reference's files use from elsewhere."""
    rows = []
    for name in r.get("uses", []):
        root, source = file_of_symbol(work, r, name)
        listed = rows_of_file(root, source)
        found = [row for row in listed if row["name"] == name]
        owner, _, item = name.rpartition(".")
        found += [
            method_row(row, i)
            for row in listed
            for i in row["items"]
            if row["name"] == owner and i["name"] == item
        ]
        if not found:
            raise ref.Trouble(f"[portproof] `uses`: {source} has no {name}")
        rows += [{**row, "library": True} for row in found]
    return rows


def method_row(row, item):
    """A row for one method of a class."""
    return {
        "name": f"{row['name']}.{item['name']}",
        "kind": item["kind"],
        "file": row["file"],
        "line": item["line"],
        "end_line": item["line"],
        "sha256": row["sha256"],
        "signature": item.get("signature", ""),
        "items": [],
    }


def file_of_symbol(work, r, name):
    """The archive's or the environment's file that defines a function, class or method."""
    module = name.rpartition(".")[0]
    while module:
        source = module.replace(".", "/") + ".py"
        root = ref.source_root(work, r)
        if (root / source).exists():
            return root, source
        try:
            spec = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            spec = None
        if spec is not None and (spec.origin or "").endswith(source):
            return pathlib.Path(spec.origin.removesuffix(source)), source
        module = module.rpartition(".")[0]
    raise ref.Trouble(f"[portproof] `uses`: no module has {name}")


# --- runtime ---------------------------------------------------------------------


def unimportable(module, error):
    what = str(error).strip().splitlines()[:1] or [""]
    return ref.Trouble(
        f"[portproof] the reference's {module} does not import: {type(error).__name__}: "
        f"{what[0]}: add what is missing to the lock, or to `stubs` in reference.toml"
    )


def symbol(name):
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError as e:
            if e.name and ".".join(parts[:cut]).startswith(e.name):
                continue
            raise unimportable(".".join(parts[:cut]), e)
        except Exception as e:  # noqa: BLE001: whatever the reference's own code raises
            raise unimportable(".".join(parts[:cut]), e)
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ref.Trouble(f"[portproof] cannot import {name}")


def symbolic(shape, sizes):
    """Reads numbers back into the names of the sizes that they were made from."""
    names = {v: k for k, v in sizes.items() if isinstance(v, int) and not isinstance(v, bool)}
    out = []
    for n in shape:
        four = names.get(n // 4) if n % 4 == 0 and n > 16 else None
        out.append(names.get(n) or (f"4*{four}" if four else str(n)))
    return out


def torch_parameters(make, sizes):
    import torch

    with torch.device("meta"):
        module = make()
    listed = []
    for kind, entries in (
        ("parameter", module.named_parameters()),
        ("buffer", module.named_buffers()),
    ):
        for name, value in entries:
            entry = {"name": name, "shape": symbolic(value.shape, sizes)}
            if kind == "buffer":
                entry["buffer"] = True
            listed.append(entry)
    return listed


def mlx_parameters(make, sizes):
    from mlx.utils import tree_flatten

    return [
        {"name": name, "shape": symbolic(value.shape, sizes)}
        for name, value in tree_flatten(make().parameters())
    ]


def parameters_of(runtime, name, sizes):
    cls = symbol(name)
    list_them = torch_parameters if runtime == "torch" else mlx_parameters
    return list_them(lambda: cls(**sizes), sizes)


def whole_model(reference, key, runtime):
    """Parameters of the whole model at the base size, by module class."""
    base = reference["base"]
    root = symbol(base["root"][key])
    dims_class = sys.modules[root.__module__].ModelDimensions
    dims = dims_class(**base["dims"])
    total, modules = 0, {}
    if runtime == "torch":
        model = root(dims)
        total = sum(p.numel() for p in model.parameters())
        named = model.named_modules()
    else:
        from mlx.utils import tree_flatten

        model = root(dims)
        total = sum(v.size for _, v in tree_flatten(model.parameters()))
        named = model.named_modules()
    for _, m in named:
        cls = f"{type(m).__module__}.{type(m).__qualname__}"
        modules[cls] = modules.get(cls, 0) + 1
    return {"parameters": total, "modules": dict(sorted(modules.items()))}


# --- both ---------------------------------------------------------------------------


def pair_up(reference, rows, mlx_rows):
    """Gives each deciding row its counterparts; returns the names of those used."""
    pairs = reference.get("pairs", {})
    by_name = {r["name"]: r for r in mlx_rows}
    methods = {
        f"{r['name']}.{i['name']}": (r, i)
        for r in mlx_rows
        for i in r["items"]
        if i["kind"] in ("method", "property", "constant")
    }
    used = set()
    for row in rows:
        names = pairs.get("symbols", {}).get(row["name"])
        if names is None:
            own = row["name"].removeprefix(ref.module_name(row["file"]))
            names = []
            for source in pairs.get("files", {}).get(row["file"], []):
                candidate = ref.module_name(source) + own
                if candidate in by_name:
                    names.append(candidate)
        found = []
        for name in names:
            if name in by_name:
                r = by_name[name]
                entry = {k: r[k] for k in ("name", "file", "line", "end_line", "sha256")}
                for k in ("signature", "parameters"):
                    if k in r:
                        entry[k] = r[k]
                entry["items"] = [i["name"] for i in r["items"]]
            elif name in methods:
                r, item = methods[name]
                entry = {"name": name, "file": r["file"], "line": item["line"]}
                if "signature" in item:
                    entry["signature"] = item["signature"]
            else:
                raise ref.Trouble(
                    f"[portproof] [pairs.symbols] {row['name']}: the MLX reference has no {name}"
                )
            used.add(name)
            found.append(entry)
        row["counterparts"] = found
    known = {r["name"] for r in rows}
    for name in pairs.get("symbols", {}):
        if name not in known:
            raise ref.Trouble(
                f"[portproof] [pairs.symbols] the deciding reference has no {name}"
            )
    return used


def only_mlx(rows, mlx_rows, used):
    """Rows for what the MLX reference alone has, methods of paired classes too."""
    items_of = {}
    for row in rows:
        for c in row["counterparts"]:
            items_of.setdefault(c["name"], set()).update(i["name"] for i in row["items"])
    extra = []
    for r in mlx_rows:
        if r["name"] not in used:
            extra.append({**r, "only": "mlx", "counterparts": []})
            continue
        if r["kind"] not in ("module", "class", "dataclass"):
            continue
        for item in r["items"]:
            name = f"{r['name']}.{item['name']}"
            if item["kind"] not in ("method", "property") or name in used:
                continue
            if r.get("library"):
                continue  # only what `uses` names is asked of it
            if item["name"].startswith("__") or item["name"].lstrip("_") in {
                n.lstrip("_") for n in items_of.get(r["name"], ())
            }:
                continue
            extra.append({**method_row(r, item), "only": "mlx", "counterparts": []})
    return extra


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()

    reference = ref.load(args.reference)
    decides = ref.deciding(reference)
    others = [
        r for r in reference["reference"] if not r.get("decides") and not r.get("compare_only")
    ]
    ref.import_paths(args.work, reference)

    result = {"format": 1, "model": reference["model"], "references": {}}
    listed = {}
    for r in reference["reference"]:
        state = ref.check_sources(args.work, r)
        files = state["references"][r["key"]]["files"]
        result["references"][r["key"]] = {
            "package": r["package"],
            "version": r["version"],
            "sha256": r["sha256"],
            "decides": bool(r.get("decides")),
            "compare_only": bool(r.get("compare_only")),
            "files": {s: files[s] for s in r["sources"]},
        }
        if r.get("compare_only"):
            continue
        root = ref.source_root(args.work, r)
        listed[r["key"]] = [row for s in r["sources"] for row in rows_of_file(root, s)]
        listed[r["key"]] += used_rows(args.work, r)
        by_name = {row["name"]: row for row in listed[r["key"]]}
        for name, sizes in reference.get("instances", {}).get(r["key"], {}).items():
            if name not in by_name:
                raise ref.Trouble(f"[portproof] [instances.{r['key']}] there is no {name}")
            by_name[name]["parameters"] = parameters_of(r["runtime"], name, sizes)
        if "base" in reference and r["key"] in reference["base"]["root"]:
            whole = whole_model(reference, r["key"], r["runtime"])
            result["references"][r["key"]]["whole_model"] = whole

    rows = listed[decides["key"]]
    for row in rows:
        row["only"] = ""
    for other in others:
        used = pair_up(reference, rows, listed[other["key"]])
        rows = rows + only_mlx(rows, listed[other["key"]], used)
    for row in rows:
        row.setdefault("counterparts", [])
        if not row["only"]:
            del row["only"]
    result["components"] = rows
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    pathlib.Path(args.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    ref.run(main)
