"""A Python index of a folder of wheels: pages, files, ranges, sidecars, by nginx on loopback."""

import contextlib
import hashlib
import html
import json
import re
import sys
import zipfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "support"))

from nginx_server import nginx  # noqa: E402

TYPES = """
    types {
        application/vnd.pypi.simple.v1+json json;
        text/html html;
        text/plain metadata;
        application/zip whl;
    }
    map $http_accept $form { default html; "~simple\\.v1\\+json" json; }
"""
PLACES = """
    root {site};
    location ~ ^/(?<set>all|alone)/simple/(?<project>[a-z0-9-]+)/$ {{
        add_header Cache-Control "max-age=600"; add_header Vary Accept;
        try_files /$set/$project.$form =404;
    }}
    location ~ ^/(all|alone)/files/.*\\.metadata$ {{
        add_header Cache-Control "max-age=365000000, immutable";
    }}
    location ~ ^/(all|alone)/files/(?<file>[^/]+\\.whl)$ {{
        add_header Cache-Control "max-age=365000000, immutable"; alias {wheels}/$file;
    }}
"""


def project_of(wheel: Path) -> str:
    return re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()


def metadata_of(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        return archive.read(name)


def sha256_of(wheel: Path) -> str:
    with open(wheel, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_page(folder: Path, wheel: Path, digest: str, metadata: bytes) -> None:
    """One project of one wheel, its sidecar beside it."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / "files" / f"{wheel.name}.metadata").write_bytes(metadata)
    needs = re.search(rb"^Requires-Python: *(.+?)\r?$", metadata, re.MULTILINE)
    python = needs.group(1).decode() if needs else None
    sidecar = hashlib.sha256(metadata).hexdigest()
    file = {
        "filename": wheel.name,
        "url": f"../../files/{wheel.name}",
        "hashes": {"sha256": digest},
        "size": wheel.stat().st_size,
        "core-metadata": {"sha256": sidecar},
    }
    if python:
        file["requires-python"] = python
    project = project_of(wheel)
    page = {"meta": {"api-version": "1.1"}, "name": project, "files": [file]}
    (folder / f"{project}.json").write_text(json.dumps(page))
    requires = f' data-requires-python="{html.escape(python)}"' if python else ""
    (folder / f"{project}.html").write_text(
        f'<!DOCTYPE html><html><body><a href="{file["url"]}#sha256={digest}"{requires}'
        f' data-core-metadata="sha256={sidecar}">{wheel.name}</a></body></html>'
    )


def without_needs(metadata: bytes) -> bytes:
    return re.sub(rb"^Requires-Dist:.*\r?\n", b"", metadata, flags=re.MULTILINE)


@contextlib.contextmanager
def serve(wheels: Path, site: Path):
    """The base URL of two indexes: `/all/simple`; in `/alone/simple` nothing needs anything."""
    for wheel in sorted(wheels.glob("*.whl")):
        digest, metadata = sha256_of(wheel), metadata_of(wheel)
        write_page(site / "all", wheel, digest, metadata)
        write_page(site / "alone", wheel, digest, without_needs(metadata))
    with nginx(site, TYPES, PLACES.format(site=site, wheels=wheels.resolve())) as url:
        yield url
