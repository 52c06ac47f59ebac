# SPDX-License-Identifier: MIT
"""rig.py - what the tests of clusters share: Latchkeys on databases of several hosts, and their load.

A test is a function; `run` calls those of a file in order, on one cluster, and counts them. What they
measure on the way goes to standard output and from there into docs/databases.md."""
import http.client, itertools, json, os, re, subprocess, sys, tempfile, threading, time, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = os.path.join(os.path.dirname(HERE), "servers")
PASSWORD = "correct horse battery"
DEADLINE = 60                   # s for a state that must come; nothing passes because it was quick
PACE = 0.01                     # s between questions: hashing runs where nothing else wants to
LATE = 10.0                     # s: an answer is due in 2, this machine may be busy; without a deadline it takes 30

client = itertools.count(1)     # each request comes from another address: fairness is not what is tried here


class Failed(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Failed(what)


def server(kind, *args, stdin=None):
    r = subprocess.run([f"{SERVERS}/{kind}", *map(str, args)], input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(r.returncode == 0, f"{kind} {args}: {r.stderr}")
    return r.stdout


def until(condition, what):
    """What `condition` returned, once that is true."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if got := condition():
            return got
        time.sleep(0.02)
    raise Failed(f"not within {DEADLINE} s: {what}")


class Answer:
    def __init__(self, status, body, fields, took):
        self.status, self.text, self.fields, self.took = status, body, fields, took

    def __getitem__(self, key):
        return json.loads(self.text)[key]


class Latchkey:
    """One Latchkey on the host, or hosts, of `url`."""

    def __init__(self, binary, folder, name, url, *flags):
        self.binary, self.folder, self.name, self.flags = os.path.abspath(binary), folder, name, flags
        self.url, self.password = re.sub(r":([^:@/]+)@", "@", url), re.search(r":([^:@/]+)@", url)[1]
        self.process = None

    def file(self, what, text):
        path = os.path.join(self.folder, f"{self.name}.{what}")
        if os.path.exists(path):
            return path
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(text)
        return path

    def database(self):
        return ["--db.url", self.url, "--db.password-file", self.file("password", self.password)]

    def begin(self):
        """Start it, without waiting for its first line."""
        self.log = open(os.path.join(self.folder, self.name + ".log"), "w+")
        secret = self.file("secret", "a secret of all Latchkeys of this test, long enough")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--http.port", "0", *self.database(), "--token.secret-file", secret,
             "--http.trusted-proxies", "127.0.0.0/8", "--password.scheme", "bcrypt", "--password.cost", "4",
             "--password.queue", "1024", "--password.queue-wait", "30s", "--throttle.signup-burst", "1000000", "--db.pool.max", "8", "--db.threads", "8",
             "--password.threads", "1", *self.flags],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def ready(self):
        line = self.process.stdout.readline()
        check(line.startswith("listening on http://"), f"{self.name} did not start: {line!r} {self.said()}")
        self.port = int(line.rsplit(":", 1)[1])

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None, token=None):
        n = next(client)
        fields = {"X-Forwarded-For": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"}
        if body is not None:
            body, fields["Content-Type"] = json.dumps(body), "application/json"
        if token:
            fields["x-access-token"] = token
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        began = time.monotonic()
        try:
            c.request(method, path, body, fields)
            r = c.getresponse()
            return Answer(r.status, r.read(), r.headers, time.monotonic() - began)
        finally:
            c.close()

    def sign_up(self, name, email=None):
        return self.ask("POST", "/api/auth/signup", {"username": name, "email": email or name + "@example.org", "password": PASSWORD})

    def sign_in(self, name):
        return self.ask("POST", "/api/auth/signin", {"username": name, "password": PASSWORD})

    def board(self, token, which="mod"):
        return self.ask("GET", "/api/test/" + which, token=token)

    def user(self, *words, stdin=None):
        """`latchkey user ...` on this one's database; what it does is committed when it comes back."""
        r = subprocess.run([self.binary, "user", *words, *self.database()], input=stdin, text=True, capture_output=True,
                           env={**os.environ, "LATCHKEY_PASSWORD_COST": "4", "LATCHKEY_PASSWORD_SCHEME": "bcrypt"})
        check(r.returncode == 0, f"user {words}: {r.stderr}")


def at_once(n, work):
    """work(0) ... work(n - 1), each on a thread, let go together; their results."""
    gate, got = threading.Barrier(n), [None] * n

    def one(i):
        gate.wait()
        got[i] = work(i)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for t in threads: t.start()
    for t in threads: t.join()
    return got


def one_of_200(c, rows):
    """200 sign-ups of one name at once, spelled in two ways; who is answered 503 asks again. `rows`: all names.
    The counts of the first answers."""
    first = []

    def sign_up(i):
        ask = lambda: c.latchkeys[i % len(c.latchkeys)].sign_up("Same" if i % 2 else "same ", f"same{i}@example.org")
        a = ask()
        first.append(a.status)
        return a.status if a.status != 503 else until(lambda: (s := ask().status) != 503 and s, "an answer that is one")
    last = at_once(200, sign_up)
    made, same = last.count(200), [n for n in rows() if n.strip().lower() == "same"]
    check(set(last) <= {200, 400} and len(same) == 1, f"rows: {same}, answers: { {s: last.count(s) for s in set(last)} }")
    check(made == 1 or (made == 0 and 503 in first), f"{made} were told that they have it")
    return {s: first.count(s) for s in sorted(set(first))}


class Load:
    """Sign-ups without pause, each of a new name, on every Latchkey by threads of its own; meanwhile a
    moderator and one who is none ask for the moderators' board. with Load(...) as l: ..."""
    runs = itertools.count(1)

    def __init__(self, latchkeys, threads, tokens):
        self.latchkeys, self.threads_n, self.tokens = latchkeys, threads, tokens
        self.name = f"load{next(Load.runs)}"
        self.acknowledged = {l.name: [] for l in latchkeys}     # (when, name)
        self.statuses, self.wrong, self.slowest = {}, [], 0.0
        self.stopping, self.lock = False, threading.Lock()

    def note(self, kind, answer, allowed):
        with self.lock:
            self.statuses[kind, answer.status] = self.statuses.get((kind, answer.status), 0) + 1
            self.slowest = max(self.slowest, answer.took)
            if answer.status not in allowed:
                self.wrong.append((kind, answer.status, answer.text))
            if answer.status == 503 and not answer.fields.get("Retry-After"):
                self.wrong.append((kind, "503 without Retry-After"))

    def signs_up(self, latchkey, i):
        for n in itertools.count():
            if self.stopping:
                return
            name = f"{self.name}-{latchkey.name}-{i}-{n}"
            a = latchkey.sign_up(name)
            self.note("sign-up", a, (200, 503))
            if a.status == 200:
                with self.lock:
                    self.acknowledged[latchkey.name].append((time.monotonic(), name))
            else:
                time.sleep(PACE)

    def asks(self, latchkey, _):
        while not self.stopping:
            time.sleep(PACE)
            self.note("moderator", latchkey.board(self.tokens["mod"]), (200, 503))
            self.note("no moderator", latchkey.board(self.tokens["zoe"]), (403, 503))

    def guarded(self, work, *args):
        try:
            work(*args)
        except Exception as e:
            with self.lock: self.wrong.append(repr(e))

    def __enter__(self):
        jobs = [(w, l, i) for l in self.latchkeys for w, n in ((self.signs_up, self.threads_n), (self.asks, 1)) for i in range(n)]
        self.threads = [threading.Thread(target=self.guarded, args=j) for j in jobs]
        for t in self.threads: t.start()
        return self

    def count(self, latchkey):
        return len(self.acknowledged[latchkey.name])

    def serves(self, latchkey, n=10):
        """Wait until it has acknowledged n more."""
        from_ = self.count(latchkey)
        until(lambda: self.wrong or self.count(latchkey) >= from_ + n, f"{latchkey.name} acknowledges {n} more; so far {self.statuses}")
        self.holds()

    def names(self):
        return [name for l in self.acknowledged.values() for _, name in l]

    def longest_gap(self, latchkey):
        times = [t for t, _ in self.acknowledged[latchkey.name]]
        return max((b - a for a, b in zip(times, times[1:])), default=0)

    def __exit__(self, *_):
        self.stopping = True
        for t in self.threads: t.join()

    def holds(self):
        check(not self.wrong, f"{len(self.wrong)} answers were wrong: {self.wrong[:5]}")


def lost(names, rows):
    there = set(rows)
    return [n for n in names if n not in there]


def run(tests, world):
    """Call each test with `world`; the last line counts them."""
    passed = failed = 0
    try:
        for t in tests:
            began = time.monotonic()
            try:
                t(world)
                passed += 1
            except Exception as e:
                failed += 1
                print(f"FAIL {t.__name__}: {e if isinstance(e, Failed) else traceback.format_exc()}")
                for l in world.latchkeys:
                    print(f"--- {l.name}:\n{l.said()[-1500:]}")
                if t is tests[0]:
                    break               # nothing runs that could be tried
            print(f"     {t.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
    finally:
        world.end()
    print(f"{passed} passed, {failed} failed")
    return failed != 0
