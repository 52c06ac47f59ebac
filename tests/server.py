# SPDX-License-Identifier: MIT
"""server.py - a latchkey of its own for a test: its own folder, a free port, gone at the end."""
import os, shutil, subprocess, tempfile

SECRET = "bezkoder-secret-key"      # the tutorial's: known to everybody, so `dev` alone accepts it


class Server:
    """with Server(binary) as s: ... s.host, s.port, s.database"""

    def __init__(self, binary, command="dev", *flags, secret=SECRET):
        self.binary, self.command, self.flags, self.secret = os.path.abspath(binary), command, flags, secret

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="latchkey-")
        self.database = os.path.join(self.folder, "test.db")
        self.log = open(os.path.join(self.folder, "log"), "w+")
        secret = os.path.join(self.folder, "secret")
        with os.fdopen(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(self.secret)
        self.process = subprocess.Popen(
            [self.binary, self.command, "--http.port", "0", "--db.url", "sqlite:" + self.database,
             "--token.secret-file", secret, *self.flags],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://"):
            said = self.said()
            self.__exit__()
            raise SystemExit(f"the server did not start: {line!r}\n{said}")
        self.host, port = line.strip().removeprefix("listening on http://").rsplit(":", 1)
        self.port = int(port)
        return self

    def said(self):
        """What it has written to standard error."""
        self.process.poll()
        self.log.seek(0)
        return self.log.read()

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.status = self.process.wait()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
