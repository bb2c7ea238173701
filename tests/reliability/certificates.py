"""A certificate authority of the tests, and the certificates of good and bad servers."""

import ssl
import subprocess
import threading
from pathlib import Path

KINDS = ("good", "expired", "wrong-name", "unknown-ca", "of-stranger", "self-signed")


class Certificates:
    """Made by openssl when first asked for. `authority` is what clients are to trust.

    `in-folder` and `in-file` are folders of authorities that have it in only one of their two
    forms, and a stranger in the other."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.lock = threading.Lock()
        folder.mkdir(parents=True)
        self.authority = self.make_authority("authority")
        stranger = self.make_authority("stranger")
        self.make_folder("in-folder", hashed=self.authority, file=stranger)
        self.make_folder("in-file", hashed=stranger, file=self.authority)

    def context(self, kind: str, *protocols: str) -> ssl.SSLContext:
        """Of a server that has this kind of certificate, and offers these in ALPN."""
        with self.lock:
            chain = self.folder / f"{kind}.pem"
            if not chain.exists():
                self.make(kind, chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def old_context(self) -> ssl.SSLContext:
        """Of a server that has never heard of TLS 1.2."""
        context = self.context("good")
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    def make_authority(self, name: str) -> Path:
        certificate = self.folder / f"{name}.crt"
        self.openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", f"{name}.key", "-out", certificate.name, "-days", "30"),
            *("-subj", f"/CN={name} of the tests"),
        )
        return certificate

    def make_folder(self, name: str, hashed: Path, file: Path) -> None:
        folder = self.folder / name
        folder.mkdir()
        shown = self.openssl("x509", "-noout", "-subject_hash", "-in", hashed.name)
        (folder / f"{shown.decode().strip()}.0").write_bytes(hashed.read_bytes())
        (folder / "all.crt").write_bytes(file.read_bytes())

    def make(self, kind: str, chain: Path) -> None:
        names = (
            "DNS:elsewhere.example.org" if kind == "wrong-name" else "IP:127.0.0.1,DNS:localhost"
        )
        key, request, certificate = f"{kind}.key", f"{kind}.csr", f"{kind}.crt"
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key)
        if kind == "self-signed":
            self.openssl(
                *("req", "-x509", *new_key, "-out", certificate, "-days", "30"),
                *("-subj", f"/CN={kind}", "-addext", f"subjectAltName={names}"),
            )
        else:
            authority = "authority"
            if kind == "unknown-ca":
                authority = "nobody"
                self.make_authority(authority)
            elif kind == "of-stranger":
                authority = "stranger"
            self.openssl("req", *new_key, "-out", request, "-subj", f"/CN={kind}")
            extensions = self.folder / f"{kind}.ext"
            extensions.write_text(f"subjectAltName={names}\n")
            # Of yesterday: openssl 3.0 knows no end in the past but by a negative count of days.
            self.openssl(
                *("x509", "-req", "-in", request, "-CA", f"{authority}.crt", "-CAcreateserial"),
                *("-CAkey", f"{authority}.key", "-out", certificate, "-extfile", extensions.name),
                *("-days", "-1" if kind == "expired" else "30"),
            )
        chain.write_text((self.folder / key).read_text() + (self.folder / certificate).read_text())

    def openssl(self, *arguments: str) -> bytes:
        return subprocess.run(
            ["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=30
        ).stdout
