# SPDX-License-Identifier: Apache-2.0
"""A small certification authority for the tests of TLS."""

import subprocess
from pathlib import Path


class Authority:
    """Signs certificates with OpenSSL's own command.

    Files: <folder>/<name>-ca.pem, and <folder>/<name>.pem with <name>.key for each certificate."""

    def __init__(self, folder, name="trusted"):
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._name = name
        self.file = self._folder / f"{name}-ca.pem"
        self._key = self._folder / f"{name}-ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", self._key, "-out", self.file, "-days", "2",
                      "-subj", f"/CN={name} authority")

    def certificate(self, name, alternatives, days=2):
        """(file, key file) of a certificate for `alternatives`, such as `DNS:localhost`. Negative
        days: it has been over for so long."""
        request, file, key = (self._folder / f"{name}.{end}" for end in ("csr", "pem", "key"))
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key,
                      "-CAcreateserial", "-out", file, "-days", days, "-extfile", extensions)
        return file, key

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
