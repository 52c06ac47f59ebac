# SPDX-License-Identifier: MIT
"""server.py - a latchkey of its own for a test: its own folder, a free port, gone at the end.

On SQLite; or, where tests/engines says so by LATCHKEY_TEST_DB, on that database, emptied first."""
import os, re, shutil, subprocess, tempfile

SECRET = "bezkoder-secret-key"      # the tutorial's: known to everybody, so `dev` alone accepts it


REMOTE = os.environ.get("LATCHKEY_TEST_DB", "")      # mysql://USER:PASSWORD@HOST:PORT/DATABASE
ENGINE = REMOTE.split(":")[0] or "sqlite"


def remote_sql(text):
    """Run SQL on the engine's server by its script in tests/servers; what it printed."""
    script = [os.environ["LATCHKEY_TEST_SERVER"], "sql", os.environ["LATCHKEY_TEST_FOLDER"]]
    text = "\\set ON_ERROR_STOP 1\n" + text if ENGINE == "pgsql" else text
    return subprocess.run(script, input=text.encode("utf8", "surrogatepass"), check=True, stdout=subprocess.PIPE).stdout.decode()


def remote_empty():
    if ENGINE == "pgsql":
        return remote_sql("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
    return remote_sql("DROP DATABASE latchkey; CREATE DATABASE latchkey;")


def private_file(path, text):
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(text)
    return path


class Server:
    """with Server(binary) as s: ... s.host, s.port, s.database

    `beside` another one it shares that one's database, and must be given the same secret."""

    def __init__(self, binary, command="dev", *flags, secret=SECRET, beside=None):
        self.binary, self.command, self.flags, self.secret = os.path.abspath(binary), command, flags, secret
        self.beside = beside

    @staticmethod
    def environment():
        """What the server sees: not the tests' own variables, which name no settings."""
        return {k: v for k, v in os.environ.items() if not k.startswith("LATCHKEY_TEST_")}

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="latchkey-")
        self.database = self.beside.database if self.beside else os.path.join(self.folder, "test.db")
        self.log = open(os.path.join(self.folder, "log"), "w+")
        secret = private_file(os.path.join(self.folder, "secret"), self.secret)
        database = ["--db.url", "sqlite:" + self.database]
        if REMOTE:
            if not self.beside:
                remote_empty()
            url, password = re.sub(r":([^:@/]+)@", "@", REMOTE), re.search(r":([^:@/]+)@", REMOTE)[1]
            database = ["--db.url", url, "--db.password-file", private_file(os.path.join(self.folder, "password"), password)]
        self.database_flags = database
        page = ["--http.origins", "http://localhost:8081"] if self.command == "serve" else []   # dev's own default
        self.process = subprocess.Popen(
            [self.binary, self.command, "--http.port", "0", *page, *database,
             "--token.secret-file", secret, *self.flags],
            cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, stderr=self.log, text=True)
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
            self.status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.status = self.process.wait()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
