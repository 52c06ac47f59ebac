# SPDX-License-Identifier: MIT
"""rig.py - what tests/faults/run stands on: private databases that can be hurt, a proxy that delays, a
latchkey of its own, and its doors: the requests that go to it all at once while something is wrong."""
import http.client, json, os, shutil, socket, subprocess, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = os.path.join(HERE, '..', 'servers')
PATIENCE = 60                   # seconds; whoever waits longer waits in vain
WANTED = 2.0                    # what the server promises, in seconds
SLACK = 8.0                     # what a busy machine may add to it; one that forgets its deadlines takes longer


class Tally:
    """Checks that held and those that did not; the longest answers by fault."""

    def __init__(self):
        self.passed = self.failed = 0
        self.slowest, self.healthy = {}, {}

    def check(self, what, good, more=''):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print('FAIL', what, more, flush=True)
        return good


def until(condition, what):
    """Wait for a condition; how long it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f'waited in vain: {what}')
        time.sleep(0.01)        # between two looks
    return time.monotonic() - began


def private_file(folder, name, text):
    path = os.path.join(folder, name)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
        f.write(text)
    return path


class Database:
    """A private server of tests/servers, and the orders that hurt it."""

    def __init__(self, engine):
        self.engine = engine
        self.script = os.path.join(SERVERS, engine)
        self.folder = tempfile.mkdtemp(prefix=f'latchkey-faults-{engine}-')

    def __enter__(self):
        url = self.order('start').strip()
        self.port = int(url.rsplit(':', 1)[1].split('/')[0])
        self.url = url.replace(':test@', '@')
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, 'resume', self.folder], capture_output=True)
        subprocess.run([self.script, 'stop', self.folder], capture_output=True)

    def order(self, what, text=None):
        done = subprocess.run([self.script, what, self.folder], input=text, text=True, stdout=subprocess.PIPE,
                              env={**os.environ, 'PGSQL_ARGS': '-c max_connections=20'})
        if done.returncode:
            log = subprocess.run(['tail', '-n', '20', self.folder + '/log'], capture_output=True, text=True).stdout
            raise SystemExit(f'{self.engine}: {what} failed\n{log}')
        return done.stdout

    def sql(self, text):
        """Rows as lists of texts, without the names of columns."""
        if self.engine == 'pgsql':
            text = '\\pset format unaligned\n\\pset tuples_only on\n\\pset fieldsep \'\\t\'\n' + text
        lines = self.order('sql', text).splitlines()
        return [line.split('\t') for line in (lines[1:] if self.engine == 'mariadb' else lines)]

    def kill(self):
        """Without a farewell, and without writing anything more."""
        self.order('kill')

    def client(self):
        if self.engine == 'mariadb':
            return ['mariadb', '--no-defaults', '-uroot', '-S', self.folder + '/sock', '-N', '-n', '-f', 'latchkey']
        return ['psql', '-X', '-q', '-A', '-t', '-h', self.folder, '-p', str(self.port), '-U', 'latchkey', 'latchkey']


class Session:
    """A session of somebody else in the same database, which holds what it took."""

    def __init__(self, database):
        self.process = subprocess.Popen(database.client(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.asked = 0

    def send(self, sql):
        """Without waiting for what it does."""
        self.asked += 1
        self.process.stdin.write(f"{sql};\nSELECT 'done {self.asked}';\n")
        self.process.stdin.flush()

    def say(self, sql):
        self.send(sql)
        return self.heard()

    def heard(self):
        lines = []
        for line in self.process.stdout:
            if line.strip() == f'done {self.asked}':
                return lines
            lines.append(line.strip())
        raise SystemExit(f'the session ended: {lines}')

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Proxy(threading.Thread):
    """Between latchkey and a database: hands on what comes, `delay` seconds late."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target, self.delay = port, 0.0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                near = self.listener.accept()[0]
                far = socket.create_connection(('127.0.0.1', self.target))
            except OSError:
                return
            for one, other in (near, far), (far, near):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.hand_on, args=(one, other), daemon=True).start()

    def hand_on(self, one, other):
        try:
            while data := one.recv(65536):
                time.sleep(self.delay)
                other.sendall(data)
        except OSError:
            pass
        for s in one, other:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


# One address knocks at all doors at once: what is fair to others shall not refuse it, nor hashes be what it waits for.
# All threads that hash but the first have only what a machine leaves over, which may be nothing.
UNHURRIED = ['--password.threads', '1', '--password.queue-each', '256', '--password.queue-wait', '30s', '--password.argon2-memory', '1024', '--throttle.signup-burst', '1000000', '--throttle.address-burst', '1000']


class Latchkey:
    """`latchkey serve` on a free port."""

    def __init__(self, binary, url, *flags, password='test'):
        self.binary, self.url, self.flags, self.password = os.path.abspath(binary), url, flags, password
        self.folder = tempfile.mkdtemp(prefix='latchkey-faults-')
        self.log = open(os.path.join(self.folder, 'log'), 'w+')
        self.secret = private_file(self.folder, 'secret', 'a secret of the tests, nobody knows it')
        self.database = ['--db.url', url]
        if password:
            self.database += ['--db.password-file', private_file(self.folder, 'password', password)]
        self.process = None

    def run(self, *words, text=None):
        return subprocess.run([self.binary, *words, *self.database], input=text, text=True, capture_output=True, timeout=PATIENCE, cwd=self.folder)

    def user_add(self, name, *roles):
        flags = [flag for role in roles for flag in ('--role', role)]
        done = self.run('user', 'add', name, '--email', name + '@x', *flags, text='correct horse 9\n')
        if done.returncode:
            raise SystemExit(f'user add: {done.stderr}')

    def begin(self):
        self.process = subprocess.Popen([self.binary, 'serve', '--http.port', '0', *self.database, '--token.secret-file', self.secret, *UNHURRIED, *self.flags],
                                        cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def listens(self):
        line = self.process.stdout.readline()
        if not line.startswith('listening on http://'):
            raise SystemExit(f'the server did not start: {line!r}\n{self.said()}')
        self.port = int(line.rsplit(':', 1)[1])

    def said(self):
        with open(self.log.name) as f:
            return f.read()

    def __enter__(self):
        self.begin()
        self.listens()
        return self

    def __exit__(self, *_):
        self.end(0)

    def end(self, status):
        """It must end with this one."""
        if self.process.poll() is None:
            self.process.terminate()
        if self.process.wait() != status:
            raise SystemExit(f'the server ended with {self.process.returncode}\n{self.said()[-8000:]}')
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Answer:
    def __init__(self, door, status, headers, body, seconds, asked):
        self.door, self.status, self.headers, self.body, self.seconds, self.asked = door, status, headers, body, seconds, asked

    def __repr__(self):
        return f'{self.door}: {self.status} after {self.seconds:.2f} s {self.body[:120]}'

    def json(self):
        return json.loads(self.body)


class Doors:
    """The requests that a server is asked while something is wrong with its database."""

    NAMES = 'signup', 'signin', 'user', 'mod', 'refresh', 'signout', 'sessions'

    def __init__(self, latchkey):
        self.port = latchkey.port
        self.made = 0
        self.token = self.signed_in()['accessToken']

    def ask(self, door, method, path, body=None, token=None):
        began = time.monotonic()
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE)
        headers = {'Content-Type': 'application/json'} if body is not None else {}
        if token:
            headers['x-access-token'] = token
        c.request(method, path, None if body is None else json.dumps(body), headers)
        r = c.getresponse()
        text = r.read().decode()
        answer = Answer(door, r.status, r.headers, text, time.monotonic() - began, body or token)
        c.close()
        return answer

    def signed_in(self):
        a = self.signin()
        if a.status != 200:
            raise SystemExit(f'nobody can sign in: {a}')
        return a.json()

    def name(self):
        self.made += 1
        return f'user{self.port}x{self.made}'

    def signup(self, name=None):
        name = name or self.name()
        return self.ask('signup', 'POST', '/api/auth/signup', {'username': name, 'email': name + '@x', 'password': 'correct horse 9'})

    def signin(self, name='zoe'):
        return self.ask('signin', 'POST', '/api/auth/signin', {'username': name, 'password': 'correct horse 9'})

    def refresh(self, token):
        return self.ask('refresh', 'POST', '/api/auth/refreshtoken', {'refreshToken': token})

    def signout(self, token):
        return self.ask('signout', 'POST', '/api/auth/signout', {}, token)

    def user(self, token=None):
        return self.ask('user', 'GET', '/api/test/user', None, token or self.token)

    def mod(self):
        return self.ask('mod', 'GET', '/api/test/mod', None, self.token)

    def sessions(self):
        return self.ask('sessions', 'GET', '/api/auth/sessions', None, self.token)

    def livez(self):
        return self.ask('livez', 'GET', '/livez')

    def readyz(self):
        return self.ask('readyz', 'GET', '/readyz')

    def prepare(self, rounds):
        """What `all` needs, taken while all is well."""
        self.refreshes = [self.signed_in()['refreshToken'] for _ in range(rounds)]
        self.leaving = [self.signed_in()['accessToken'] for _ in range(rounds)]

    def all(self, rounds):
        """Each door `rounds` times, all at once."""
        calls = []
        for i in range(rounds):
            name = self.name()
            calls += [lambda name=name: self.signup(name), self.signin, self.user, self.mod, self.sessions, self.livez, self.readyz,
                      lambda i=i: self.refresh(self.refreshes[i]), lambda i=i: self.signout(self.leaving[i])]
        return at_once(calls)


def at_once(calls):
    """Run them all in threads of their own; what they returned."""
    answers = [None] * len(calls)

    def run(i):
        answers[i] = calls[i]()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers
