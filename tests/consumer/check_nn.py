# SPDX-License-Identifier: MIT
"""A model outside this repository: templates/port against an installation.

    python3 tests/consumer/check_nn.py BUILD_FOLDER CXX_COMPILER

Installs a build, moves the result, copies the template away, builds it, lets
portproof verify it, and breaks it.
"""

import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from check import ROOT, check_libraries, expect, run  # noqa: E402

BLOCK = "mx::add(x, norm(conv.gelu(x)))"


def fails(code, *command, env):
    """What a command says that must end with `code`, in one line."""
    return " ".join(run(*command, env=env, code=code).split())


def check_headers(prefix, folder, configure, env):
    """The headers compile where they were put; those of the library need no MLX.

    One file for all of nn: each was the first that its own .cpp includes.
    """
    include = prefix / "include"
    plain = sorted((include / "mlxaudio").glob("*.h"))
    nn = sorted((include / "mlxaudio" / "nn").rglob("*.h"),
                key=lambda h: h.name != "each.h")  # which has no .cpp
    expect(len(plain) > 3 and len(nn) > 15, f"{include} has few headers")
    project = folder / "headers"
    project.mkdir()
    for name, headers in (("plain", plain), ("nn", nn)):
        (project / f"{name}.cpp").write_text("".join(
            f'#include "{h.relative_to(include)}"\n' for h in headers))
    (project / "CMakeLists.txt").write_text("""
cmake_minimum_required(VERSION 3.25)
project(headers LANGUAGES CXX)
find_package(mlxaudio REQUIRED)
if(TARGET mlx OR TARGET mlxaudio::nn)
  message(FATAL_ERROR "MLX was looked for without need")
endif()
find_package(mlxaudio REQUIRED COMPONENTS nn)
set(CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS} -fsyntax-only -Wall -Wextra -Werror")
add_library(plain OBJECT plain.cpp)
target_link_libraries(plain PRIVATE mlxaudio::mlxaudio)
add_library(nn OBJECT nn.cpp)
target_link_libraries(nn PRIVATE mlxaudio::nn)
""")
    work = folder / "headers-build"
    run(*configure(project, work), env=env)
    run("cmake", "--build", work, env=env)


def main(build, compiler):
    env = {k: v for k, v in os.environ.items()
           if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        env.update(MLXAUDIO_CACHE=str(folder / "empty"), HOME=str(folder))
        run("cmake", "--install", build, "--prefix", folder / "first")
        prefix = folder / "moved"
        (folder / "first").rename(prefix)
        portproof = prefix / "bin" / "portproof"

        def configure(source, work, *options, at=prefix):
            return ("cmake", "-S", source, "-B", work, "-G", "Ninja",
                    f"-DCMAKE_PREFIX_PATH={at}",
                    f"-DCMAKE_CXX_COMPILER={compiler}", *options)

        project = folder / "project"
        work = project / "build"  # where portproof looks by itself
        shutil.copytree(ROOT / "templates" / "port", project,
                        ignore=shutil.ignore_patterns("build"))
        run(*configure(project, work), env=env)
        run("cmake", "--build", work, env=env)
        probes = work / "tone_probes"
        seen = check_libraries(prefix, probes)
        expect({"libmlx", "libmlxaudio_nn", "libmlxaudio_blas"} <= seen,
               f"the probes run on {sorted(seen)} only")
        if sys.platform == "linux":
            bound = run(probes, "--describe", env={
                **env, "LD_BIND_NOW": "1", "LD_DEBUG": "bindings"})
            expect(any("libmlx.so" in line and "libmlxaudio_blas" in line
                       and "cblas_sgemm'" in line for line in bound.splitlines()),
                   "MLX's products do not go to the BLAS forwarder")

        def ask(*command):
            return (portproof, "--root", project, *command)

        said = run(*ask("verify", "tone", "--make"), env=env)
        expect("6 of 6 components verified" in said, said)
        said = run(*ask("bisect", "tone"), env=env)
        expect(said.count("agrees with the reference everywhere") == 2, said)
        run(*ask("status"), env=env)
        run(*ask("gate"), env=env)

        model = project / "src" / "tone" / "model.cpp"
        text = model.read_text("utf-8")
        expect(BLOCK in text, f"{model} has changed: choose another fault")
        model.write_text(text.replace(
            BLOCK, BLOCK.replace("mx::add", "mx::subtract")))
        said = fails(1, *ask("verify", "tone"), env=env)
        expect("src/tone/model.cpp" in said, f"a stale program ran:\n{said}")
        said = fails(1, *ask("verify", "tone", "--make"), env=env)
        expect("FAIL tone.model.Block" in said
               and "pass tone.model.softmax" in said, said)
        said = fails(1, *ask("bisect", "tone"), env=env)
        expect("First at fault: blocks.0 (tone.model.Block)" in said, said)

        check_headers(prefix, folder, configure, env)

        # What is missing is said, with its mend.
        bundle = prefix / "lib" / "mlxaudio" / "mlx"
        if not bundle.is_dir():
            bundle = prefix / "lib64" / "mlxaudio" / "mlx"
        share = bundle / "share"
        elsewhere = folder / "elsewhere"
        shutil.copytree(bundle, elsewhere)
        share.rename(bundle / "away")
        fresh = iter(range(100))

        def refused(*options):
            return fails(1, *configure(project, folder / f"no{next(fresh)}",
                                       *options), env=env)

        said = refused()
        expect("component nn needs MLX" in said and "-DMLX_DIR" in said, said)
        found = f"-DMLX_DIR={elsewhere}/share/cmake/MLX"
        run(*configure(project, folder / "given", found), env=env)
        version = elsewhere / "include" / "mlx" / "version.h"
        text = version.read_text("utf-8")
        version.write_text(text.replace("MLX_VERSION_MINOR 32",
                                        "MLX_VERSION_MINOR 31"))
        said = refused(found)
        expect("was built with MLX" in said and "has 0.31" in said, said)
        (bundle / "away").rename(share)

        shutil.rmtree(project / "port" / "tone" / "probes")
        said = refused()
        expect("write the probes of tone first" in said, said)
        lists = project / "CMakeLists.txt"
        lists.write_text(lists.read_text("utf-8").replace(
            "COMPONENTS nn", "COMPONENTS layers"))
        said = refused()
        expect("there is no component layers: nn is the only one" in said, said)
    print("consumer of nn: all well")


if __name__ == "__main__":
    main(*sys.argv[1:])
