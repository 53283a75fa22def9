"""What is given away: the wheel and the sdist by their content, and the wheel in an environment of its own."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from fc_async import __version__

ROOT = Path(__file__).parents[2]
EXAMPLE = "fc_async/examples/dlq"

pytestmark = pytest.mark.slow


def python(*words, cwd=ROOT):
    done = subprocess.run([sys.executable, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(folder, *, without=()):
    """The files of a folder of the project, as its names are written in an archive."""
    left_out = {"__pycache__", *without}
    paths = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(ROOT).as_posix() for path in paths if not left_out & set(path.relative_to(ROOT / folder).parts)
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with both, built from the project as it is."""
    folder = tmp_path_factory.mktemp("dist")
    python("-m", "hatchling", "build", "-d", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    """The folder of the sdist."""
    (path,) = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(path) as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # noqa: S202 - our own
    return folder / f"fc_async-{__version__}"


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_the_package_and_the_example_and_no_tests(wheel):
    names = set(contents(wheel))
    information = {name for name in names if name.startswith(f"fc_async-{__version__}.dist-info/")}
    example = {name.replace("examples/dlq", EXAMPLE, 1) for name in files_of("examples/dlq", without={"tests"})}
    assert names - information == files_of("fc_async") | example
    assert any(name.endswith("/licenses/LICENSE") for name in information)


def test_the_sdist_has_what_the_wheel_is_built_from_and_what_the_tests_need(unpacked):
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    wanted = files_of("fc_async") | files_of("tests") | files_of("examples") | files_of("docs") | files_of(".ci")
    documents = {"README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile"}
    assert wanted | documents | {"pyproject.toml"} <= names


def test_the_same_wheel_is_built_from_the_sdist(wheel, unpacked, tmp_path):
    python("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=unpacked)
    (again,) = tmp_path.glob("*.whl")
    assert contents(again) == contents(wheel)


def test_nothing_of_the_machine_is_in_either(wheel, unpacked):
    here = str(ROOT).encode()
    texts = {**contents(wheel), **{str(path): path.read_bytes() for path in unpacked.rglob("*") if path.is_file()}}
    assert [name for name, text in texts.items() if here in text] == []


def test_the_wheel_installs_into_a_fresh_environment_and_gives_the_example_away(wheel, tmp_path):
    venv = tmp_path / "venv"
    python("-m", "venv", "--without-pip", venv)
    python("-m", "pip", "--python", venv / "bin" / "python", "install", "--no-index", "--no-deps", "--quiet", wheel)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # those that are here: it asks no index

    def fc_async(*words):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [venv / "bin" / "fc-async", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert fc_async("--version").stdout == f"fc-async, version {__version__}\n"
    taken = fc_async("init", "mine")
    assert taken.returncode == 0, taken.stderr
    names = {
        path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*") if path.is_file()
    }
    assert names == {name.removeprefix("examples/dlq/") for name in files_of("examples/dlq", without={"tests"})}
