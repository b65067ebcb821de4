"""Mail servers that others wrote, as they come from a distribution, in folders of the test's own."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.fleet import free_port
from tests.fix_world import until

PASSWORD = "correct-horse"
_OUTSIDE = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
DOVECOT = shutil.which("dovecot", path=_OUTSIDE)
SMTP_SINK = shutil.which("smtp-sink", path=_OUTSIDE)

_DOVECOT = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{dir}/mail
mailbox_list_index = no
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
ssl_dh =
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/home
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running Dovecot with one mailbox, whoever logs in."""

    imap: int
    imaps: int
    mail: Path
    uid: int

    def put(self, name: str, raw: bytes, folder: str = "") -> None:
        """Deliver as a local delivery agent does: complete in `tmp`, then moved to `new`."""
        home = self.mail / folder if folder else self.mail
        for part in ("tmp", "new", "cur"):
            (home / part).mkdir(parents=True, exist_ok=True)
        waiting = home / "tmp" / name
        waiting.write_bytes(raw)
        for path in (self.mail, home, *home.iterdir(), waiting):
            os.chown(path, self.uid, -1)
        waiting.rename(home / "new" / name)


@pytest.fixture
def dovecot(certificate: str) -> Iterator[Dovecot]:
    """Dovecot on loopback, gone at the end."""
    if DOVECOT is None:
        pytest.skip("no dovecot on PATH")
    with _folder() as folder, _running(folder, certificate) as server:
        yield server


@contextmanager
def _folder() -> Generator[Path]:
    path = Path(tempfile.mkdtemp(prefix="dovecot-"))  # short: its sockets have long names
    try:
        path.chmod(0o755)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _running(folder: Path, certificate: str) -> Generator[Dovecot]:
    me = pwd.getpwuid(os.getuid())
    root = me.pw_uid == 0
    mine = pwd.getpwnam("nobody") if root else me
    server = Dovecot(free_port(), free_port(), folder / "mail", mine.pw_uid)
    for part in ("mail", "home"):
        (folder / part).mkdir()
        os.chown(folder / part, mine.pw_uid, -1)
    readable = folder / "server.pem"
    shutil.copy(certificate, readable)
    config = folder / "dovecot.conf"
    internal = pwd.getpwnam("dovecot") if root else me
    config.write_text(
        _DOVECOT.format(
            dir=folder, internal=internal.pw_name, login="dovenull" if root else me.pw_name,
            internal_group=_group(internal.pw_gid), certificate=readable, imap=server.imap,
            imaps=server.imaps, password=PASSWORD,
            uid=mine.pw_uid, gid=mine.pw_gid,
        )
    )  # fmt: skip
    assert DOVECOT
    child = subprocess.Popen(
        [DOVECOT, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        until(lambda: answers(server.imap) or child.poll() is not None)
        assert child.poll() is None, child.stderr and child.stderr.read()
        yield server
    finally:
        stop(child)


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


@contextmanager
def smtp_sink(*options: str) -> Generator[int]:
    """Postfix's test server behaving as its options say; the port."""
    if SMTP_SINK is None:
        pytest.skip("no smtp-sink of Postfix on PATH")
    port = free_port()
    who = ["-u", "nobody"] if os.getuid() == 0 else []
    child = subprocess.Popen(
        [SMTP_SINK, *who, *options, f"127.0.0.1:{port}", "16"], stderr=subprocess.PIPE
    )
    try:
        until(lambda: answers(port) or child.poll() is not None)
        assert child.poll() is None, child.stderr and child.stderr.read()
        yield port
    finally:
        stop(child)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a server that we started, and read what is left of its words."""
    child.terminate()
    child.communicate(timeout=10)
