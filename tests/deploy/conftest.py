"""Roots in which the agent can be installed, and is, and machines that run it."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.bundles import write_bundle
from tests.deploy.base import OfflineError, base, debian
from tests.deploy.machine import Root, Workshop, workshop
from tests.deploy.wheels import add_empty, build, copy_project, dependencies, download, is_offline
from tests.e2e.broker import MISSING, Broker

TOOLS = ("debootstrap", "systemd-nspawn", "unshare", "nsenter", "setpriv")
CHECKOUT, WHEELHOUSE = "/home/pi/understudy", "/home/pi/wheelhouse"


def cut_off(shop: Workshop, name: str, bundle: str, architecture: str = "") -> Root:
    """A clean Debian with a bundle in pi's home, and no network for pip."""
    make = partial(debian, architecture=architecture)
    try:
        root = shop.root(name, base(make, architecture))
    except OfflineError as error:
        pytest.skip(str(error))
    root.path("home/pi").mkdir(parents=True)
    write_bundle(root.path(f"home/pi/{bundle}"))
    root.cut_off()
    return root


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0:
        pytest.skip("only root can make root file systems")
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: apt install debootstrap systemd-container util-linux")
    try:
        with workshop(tmp_path_factory.mktemp("workshop")) as opened:
            yield opened
    except PermissionError as error:
        pytest.skip(f"this system allows no mounts: {error}")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker with TLS that wants a password."""
    if MISSING:
        pytest.skip(MISSING)
    broker = Broker(tmp_path_factory.mktemp("broker"), secure=True)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that an installation takes from the network, for the Python of Debian 12."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    fetched = download(folder, "3.11", os.uname().machine, *dependencies(), "setuptools")
    if is_offline(fetched):
        pytest.skip("the package index cannot be reached")
    assert fetched.returncode == 0, fetched.stderr
    fetched = download(folder, "3.11", os.uname().machine, "numpy<2", pins=False)
    assert fetched.returncode == 0, fetched.stderr
    add_empty(folder, "tqdm", "4.9999")  # newer than the one that is pinned
    build(copy_project(tmp_path_factory.mktemp("source") / "understudy"), folder)
    return folder


@pytest.fixture(scope="session")
def prepared(shop: Workshop, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A clean Debian with a checkout, a wheelhouse, and pip told to use no other."""
    root = cut_off(shop, "prepared", "front-door.npz")
    home = root.path("home/pi")
    copy_project(home / "understudy")
    shutil.copytree(wheelhouse, home / "wheelhouse")
    root.write("etc/pip.conf", f"[global]\nno-index = true\nfind-links = {WHEELHOUSE}\n")
    return root


@pytest.fixture(scope="session")
def installed(shop: Workshop, prepared: Root) -> Root:
    """As `prepared`, with the agent installed from the checkout."""
    root = shop.root("installed", *prepared.layers)
    done = root.run(f"{CHECKOUT}/deploy/install.sh", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    root.write("home/pi/said", done.stdout)
    return root


@pytest.fixture
def fresh(shop: Workshop, request: pytest.FixtureRequest) -> Callable[[Root], Root]:
    """Roots like another one, to be changed."""
    made: list[Root] = []

    def copy(like: Root) -> Root:
        made.append(shop.root(f"{request.node.name}-{len(made)}", *like.layers))
        return made[-1]

    return copy
