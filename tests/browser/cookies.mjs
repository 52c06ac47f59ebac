// SPDX-License-Identifier: MIT
// cookies.mjs - tokens in cookies, as a real browser keeps and sends them: a front-end of the same
// site, another page of that site, and a page of another one. All by TLS, or __Host- would not hold.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import * as stage from './stage.mjs';

const zoe = { username: 'zoe', email: 'zoe@example.org', password: 'correct horse battery' };
const NAMES = ['__Host-latchkey-access', '__Host-latchkey-refresh'];
let api, context, front, neighbour, stranger, child, said = '';

async function certificate(home) {
  const [key, cert] = [join(home, 'key.pem'), join(home, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
    '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  execFileSync('chmod', ['600', key]);
  return { key, cert };
}

// An empty page on a free port; its origin under this host's name.
async function site(tls, host) {
  const options = { key: await readFile(tls.key), cert: await readFile(tls.cert) };
  const server = createServer(options, (_, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end('<!DOCTYPE html><title>page</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `https://${host}:${server.address().port}`, close: () => server.close() };
}

async function latchkey(home, tls, origin) {
  await writeFile(join(home, 'secret'), randomBytes(32).toString('hex'), { mode: 0o600 });
  child = spawn(stage.PROGRAM, ['serve', '--http.port', '0', '--tls.listen', '127.0.0.1:0', '--tls.cert', tls.cert,
    '--tls.key', tls.key, '--db.url', `sqlite:${home}/latchkey.db`, '--token.secret-file', `${home}/secret`,
    '--http.origins', origin], { cwd: home });
  return new Promise((resolve, reject) => {
    const hear = (bytes) => {
      said += bytes;
      const found = said.match(/also listening on https:\S*:(\d+)\n/);
      if (found) resolve(`https://localhost:${found[1]}`);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`latchkey left: ${said}`)));
  });
}

// A page's own request: its status and body, or 'refused' where the browser lets it read nothing.
const ask = (page, method, path, body, mode = 'cors') =>
  page.evaluate(async ([url, how, text, kind]) => {
    try {
      const answer = await fetch(url, { method: how, mode: kind, credentials: 'include', body: text,
        headers: text && kind === 'cors' ? { 'Content-Type': 'application/json' } : {} });
      return answer.type === 'opaque' ? 'opaque' : { status: answer.status, body: await answer.text() };
    } catch {
      return 'refused';
    }
  }, [api + path, method, body && JSON.stringify(body), mode]);

const kept = async () => (await context.cookies(api)).filter((c) => NAMES.includes(c.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
const stays = async () => assert.equal((await ask(front, 'GET', '/api/auth/me')).status, 200, 'the session is over');

// What the server writes comes another way than what it answers. The suite's own limit ends what never comes.
const hears = async (line) => {
  while (!line.test(said)) await once(child.stderr, 'data');
};

const play = {
  async 'a front-end of the same site signs in and sees no token'() {
    assert.equal((await ask(front, 'POST', '/api/auth/signup', zoe)).status, 200);
    const { status, body } = await ask(front, 'POST', '/api/auth/signin', { ...zoe, cookie: true });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(JSON.parse(body)), ['id', 'username', 'email', 'roles']);
    assert.equal(await front.evaluate(() => document.cookie), '');
  },
  async 'the browser keeps two cookies as they say'() {
    const cookies = await kept();
    assert.deepEqual(cookies.map((c) => c.name), NAMES);
    for (const c of cookies) {
      assert.deepEqual([c.httpOnly, c.secure, c.sameSite, c.path, c.domain], [true, true, 'Lax', '/', 'localhost']);
    }
  },
  async 'they open what the tokens open'() {
    await stays();
  },
  async 'a refresh replaces both'() {
    const before = await kept();
    assert.equal((await ask(front, 'POST', '/api/auth/refreshtoken')).status, 200);
    const after = await kept();
    assert.notEqual(after[1].value, before[1].value);
    await stays();
  },
  async 'another page of the site, whose cookies come along, changes nothing'() {
    assert.equal(await ask(neighbour, 'POST', '/api/auth/signout', undefined, 'no-cors'), 'opaque');
    await hears(/warn cross_site .*status=403.* err=CROSS_SITE/);
    await stays();
  },
  async 'nor does a page of another site'() {
    assert.equal(await ask(stranger, 'POST', '/api/auth/signout', undefined, 'no-cors'), 'opaque');
    assert.equal(await ask(stranger, 'POST', '/api/auth/signout', { sessions: 'all' }), 'refused');
    await stays();
  },
  async 'nor a form that it sends as the page itself'() {
    await stranger.evaluate((url) => {
      const form = document.body.appendChild(document.createElement('form'));
      form.action = url;
      form.method = 'post';
      form.submit();
    }, `${api}/api/auth/signout`);
    await stranger.waitForURL(`${api}/api/auth/signout`);
    await stays();
    await stranger.goBack();
  },
  async 'it signs nobody in and reads nothing'() {
    const before = await kept();
    assert.equal(await ask(stranger, 'POST', '/api/auth/signin', { ...zoe, cookie: true }), 'refused');
    assert.equal(await ask(stranger, 'POST', '/api/auth/signin', { ...zoe, cookie: true }, 'no-cors'), 'opaque');
    assert.equal(await ask(stranger, 'GET', '/api/auth/me'), 'refused');
    assert.equal(await ask(neighbour, 'GET', '/api/auth/me'), 'refused');
    assert.deepEqual(await kept(), before);
  },
  async 'the sign-out takes the cookies away'() {
    assert.equal((await ask(front, 'POST', '/api/auth/signout')).status, 200);
    assert.deepEqual(await kept(), []);
    assert.equal((await ask(front, 'GET', '/api/auth/me')).status, 403);
  },
};

async function main() {
  const closers = [];
  let passed = 0, failed = 0;

  try {
    const home = await stage.folder();
    const tls = await certificate(home);
    const sites = [await site(tls, 'localhost'), await site(tls, 'localhost'), await site(tls, '127.0.0.1')];
    closers.push(...sites.map((s) => s.close));
    api = await latchkey(home, tls, sites[0].origin);
    context = await (await stage.browser()).newContext({ ignoreHTTPSErrors: true });
    const pages = [];
    for (const s of sites) {
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(s.origin);
      pages.push(page);
    }
    [front, neighbour, stranger] = pages;
    for (const [name, act] of Object.entries(play)) {
      try {
        await act();
        passed += 1;
      } catch (e) {
        failed += 1;
        console.log(`FAIL ${name}: ${e.message}`);
      }
    }
  } catch (e) {
    failed += 1;
    console.log(`FAIL the stage: ${e.message}`);
  } finally {
    for (const close of closers) close();
    if (child && child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await stage.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
