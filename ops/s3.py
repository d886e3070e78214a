"""`make test-s3`: runs the tests of object storage against Ceph RGW, which is started for the run.

The cluster has one monitor, one storage daemon that keeps everything in memory, and one gateway, with
authentication (cephx) as in a real cluster. It follows Ceph's guide for manual deployment.
"""

import os
import secrets
import subprocess
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List

from . import setup, testing
from .build import cargo
from .paths import CEPH
from .report import Report
from .setup.ceph import part as ceph_part
from .stack.home import free_ports
from .stack.launcher import Launcher
from .stack.program import Program, serves
from .trouble import Trouble

# The whole workspace, so that cargo uses the same features and compiles nothing again.
SUITE = ("--release", "--locked", "--workspace", "--test", "objects")
# The tests that measure memory run alone, in a process of their own.
RUNS = ("elsewhere", "memory_on_s3")

CONF = """
[global]
fsid = {fsid}
mon_initial_members = a
mon_host = {monitor}
public_addr = 127.0.0.1
keyring = {home}/keyring
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
admin_socket =
run_dir = {home}
log_file =
log_to_stderr = true
err_to_stderr = true
plugin_dir = {lib}/ceph
erasure_code_dir = {lib}/ceph/erasure-code
osd_class_dir = {lib}/rados-classes
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data = {home}/mon
osd_data = {home}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
ms_bind_port_min = {osd_first}
ms_bind_port_max = {osd_last}

[client.rgw]
rgw_data = {home}/rgw
rgw_frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw_run_sync_thread = false
"""

# The users of the cluster and their capabilities. The monitor gets them when it is created.
KEYS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
    "client.rgw": {"mon": "allow rw", "osd": "allow rwx"},
}


@dataclass(frozen=True)
class Gateway:
    """The address of the gateway, and the keys that sign requests."""

    endpoint: str
    access_key: str
    secret_key: str

    @property
    def variables(self) -> Dict[str, str]:
        return {
            "SELF_TEST_S3_ENDPOINT": self.endpoint,
            "SELF_TEST_S3_ACCESS_KEY": self.access_key,
            "SELF_TEST_S3_SECRET_KEY": self.secret_key,
            "SELF_TEST_S3_BUCKET": "self-test",
        }


def test(report: Report) -> int:
    setup.provide([ceph_part()], report)
    build = ["test", "--no-run", *SUITE]
    setup.set_up_beside(report, lambda: cargo(report, "Building the object storage suite", build))
    with testing.run_folder(report) as folder, gateway(report, folder) as ceph:
        command = ["cargo", "test", *SUITE, "--", "--ignored"]
        return max(testing.run(report, [*command, tests], ceph.variables) for tests in RUNS)


@contextmanager
def gateway(report: Report, folder: Path) -> Iterator[Gateway]:
    """Starts a cluster in `folder`, with a user of its gateway. It is stopped at the end of the block."""
    cluster = Cluster(folder)
    launcher = Launcher(folder, report)
    user = Gateway(f"127.0.0.1:{cluster.port}", secrets.token_hex(10), secrets.token_hex(20))
    programs = cluster.daemons(user.endpoint)
    try:
        for program in programs:
            launcher.start(program)
        cluster.run(
            "radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=self", "--display-name=self",
            f"--access-key={user.access_key}", f"--secret-key={user.secret_key}",
        )
        yield user
    finally:
        for program in reversed(programs):
            launcher.stop(program, kill=True)


class Cluster:
    """The folder, ports and commands of a cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fsid = str(uuid.uuid4())
        mon_v2, mon_v1, self.port, osd = free_ports(4)
        self.monitor = f"v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}"
        lib = next(CEPH.glob("usr/lib/*-linux-gnu"))
        conf = folder / "ceph.conf"
        conf.write_text(CONF.format(
            fsid=self.fsid, home=folder, lib=lib, port=self.port, monitor=self.monitor,
            osd_first=osd, osd_last=osd + 100,
        ))
        self.env = {
            **os.environ,
            "LD_LIBRARY_PATH": f"{lib}:{lib / 'ceph'}:{CEPH / 'lib' / lib.name}",
            "PYTHONPATH": str(CEPH / "usr/lib/python3/dist-packages"),
            "CEPH_CONF": str(conf),
        }

    def daemons(self, endpoint: str) -> List[Program]:
        """Monitor, storage, gateway, in the order in which they start."""
        def daemon(name: str, ident: str, prepare: Callable[[], None], ready: Callable[[], str]) -> Program:
            argv = [str(CEPH / "usr/bin" / name), "-f", *ident.split()]
            return Program(name, argv, self.env, self.folder, ready, prepare)

        return [
            daemon("ceph-mon", "-i a", self._make_monitor, lambda: self._lacks("quorum a", "-s")),
            daemon("ceph-osd", "-i 0", self._make_storage, lambda: self._lacks("1 up", "osd", "stat")),
            daemon("radosgw", "-n client.rgw", lambda: None, lambda: serves(f"http://{endpoint}/")),
        ]

    def run(self, program: str, *arguments: str) -> str:
        ran = self._try(program, *arguments)
        if ran.returncode != 0:
            raise Trouble(f"{program} {' '.join(arguments[:4])} failed:\n{ran.stderr[-2000:]}")
        return ran.stdout

    def _make_monitor(self) -> None:
        keyring = str(self.folder / "keyring")
        for who, capabilities in KEYS.items():
            create = [] if Path(keyring).exists() else ["--create-keyring"]
            caps = [word for service, what in capabilities.items() for word in ("--cap", service, what)]
            self.run("ceph-authtool", keyring, *create, "--gen-key", "-n", who, *caps)
        monmap = str(self.folder / "monmap")
        self.run("monmaptool", "--create", "--addv", "a", f"[{self.monitor}]", "--fsid", self.fsid, monmap)
        for data in ("mon", "osd", "rgw"):
            (self.folder / data).mkdir()
        self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)

    def _make_storage(self) -> None:
        disk = str(uuid.uuid4())
        self.run("ceph", "osd", "new", disk)
        self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)

    def _lacks(self, sign: str, *question: str) -> str:
        """An empty string when the answer of the cluster contains `sign`, else the answer."""
        said = self._try("ceph", "--connect-timeout", "5", *question)
        return "" if sign in said.stdout else said.stdout + said.stderr or "no answer"

    def _try(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        # The client is a Python program, and its libraries belong to the Python of the distribution.
        python = ["/usr/bin/python3"] if program == "ceph" else []
        return subprocess.run(
            [*python, str(CEPH / "usr/bin" / program), *arguments],
            env=self.env, cwd=self.folder, capture_output=True, text=True,
        )
