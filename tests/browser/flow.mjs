// SPDX-License-Identifier: MIT
// flow.mjs - the play: sign-up, refusals, sign-in, profile, four boards, sign-out, foreign origins.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as stage from './stage.mjs';

const PASSWORD = 'correct horse 1';
const given = process.env.LATCHKEY_URL;
// A server that is given may have seen this play before; one of our own has not.
const suffix = given ? `-${Date.now().toString(36)}` : '';
const person = (name) => ({ username: name + suffix, email: `${name}${suffix}@example.org`, password: PASSWORD });

const zoe = person('zoe');
const mod = { ...person('mod'), roles: ['user', 'moderator'] };
const admin = { ...person('admin'), roles: ['user', 'moderator', 'admin'] };

let page, api, origin, stranger;
const scriptErrors = [];

async function fill(fields) {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label).fill(text);
}

const open = (hash) => page.goto(`${origin}/#/${hash}`);
const press = (name) => page.getByRole('button', { name, exact: true }).click();
const follow = (name) => page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
const says = (role, text) => page.getByRole(role).filter({ hasText: text }).waitFor();
const titled = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
const menu = async () => (await page.getByRole('navigation').getByRole('link').allInnerTexts()).map((s) => s.trim());

async function signUp(who) {
  await open('signup');
  await fill({ Username: who.username, 'E-mail': who.email, Password: who.password });
  await press('Create account');
}

async function signIn(who, password = who.password) {
  await open('signin');
  await fill({ Username: who.username, Password: password });
  await press('Sign in');
}

async function board(link, title, text) {
  await follow(link);
  await titled(title);
  await says('status', text);
}

// The front-end never asks for roles, so those who have some come in by a request of the page's own.
const register = (who) =>
  page.evaluate(async ([url, body]) => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.status;
  }, [`${api}/api/auth/signup`, who]);

const reach = (mode) =>
  page.evaluate(
    ([url, how]) => fetch(url, { mode: how }).then((a) => a.type, () => 'refused'),
    [`${api}/api/test/all`, mode],
  );

const play = {
  async 'the public board is for everyone'() {
    await open('home');
    await says('status', 'Public Content.');
    assert.deepEqual(await menu(), ['Latchkey', 'Home', 'Sign in', 'Sign up']);
  },
  async 'a guest is told that a token is missing'() {
    await open('user');
    await says('alert', 'No token provided!');
  },
  async 'a newcomer signs up'() {
    await signUp(zoe);
    await says('status', /registered successfully!/);
    await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
    await titled('Sign in');
  },
  async 'a name that is taken is refused'() {
    await signUp({ ...zoe, email: `other${suffix}@example.org` });
    await says('alert', 'Failed! Username is already in use!');
  },
  async 'an address that is taken is refused'() {
    await signUp({ ...zoe, username: `other${suffix}` });
    await says('alert', 'Failed! Email is already in use!');
  },
  async 'a role that does not exist is refused'() {
    assert.equal(await register({ ...person('root'), roles: ['root'] }), 400);
  },
  async 'a wrong password signs nobody in'() {
    await signIn(zoe, 'wrong horse 1');
    await says('alert', 'Invalid Password!');
    assert.equal(await page.evaluate(() => localStorage.getItem('user')), null);
  },
  async 'an unknown name signs nobody in'() {
    await signIn(person('nobody'));
    await says('alert', 'User Not found.');
  },
  async 'the sign-in leads to the profile'() {
    await signIn(zoe);
    await titled(zoe.username);
    const card = await page.getByRole('main').innerText();
    const user = await page.evaluate(() => JSON.parse(localStorage.getItem('user')));
    assert.deepEqual(Object.keys(user), ['id', 'username', 'email', 'roles', 'accessToken']);
    assert.deepEqual(user.roles, ['ROLE_USER']);
    for (const fact of [String(user.id), zoe.email, 'ROLE_USER', user.accessToken.slice(0, 20)]) {
      assert.ok(card.includes(fact), `the profile lacks ${fact}`);
    }
    assert.ok(!card.includes(user.accessToken), 'the profile shows the whole token');
  },
  async 'a reload keeps the user signed in'() {
    await page.reload();
    await titled(zoe.username);
  },
  async 'a user sees the user board and no other'() {
    assert.deepEqual(await menu(), ['Latchkey', 'Home', 'User', 'Profile']);
    await board('User', 'User board', 'User Content.');
    await open('mod');
    await says('alert', 'Require Moderator Role!');
    await open('admin');
    await says('alert', 'Require Admin Role!');
  },
  async 'a token that was changed opens nothing'() {
    await page.evaluate(() => {
      const user = JSON.parse(localStorage.getItem('user'));
      const [head, claims, signature] = user.accessToken.split('.');
      user.accessToken = `${head}.${claims}.${signature.split('').reverse().join('')}`;
      localStorage.setItem('user', JSON.stringify(user));
    });
    await open('user');
    await page.reload();
    await says('alert', 'Unauthorized!');
  },
  async 'the sign-out forgets the token'() {
    await press('Sign out');
    await titled('Sign in');
    assert.equal(await page.evaluate(() => localStorage.getItem('user')), null);
    assert.deepEqual(await menu(), ['Latchkey', 'Home', 'Sign in', 'Sign up']);
  },
  async 'a moderator sees the moderator board'() {
    assert.equal(await register(mod), 200);
    await signIn(mod);
    await titled(mod.username);
    assert.deepEqual(await menu(), ['Latchkey', 'Home', 'User', 'Moderator', 'Profile']);
    await board('Moderator', 'Moderator board', 'Moderator Content.');
    await press('Sign out');
  },
  async 'an admin sees all four boards'() {
    assert.equal(await register(admin), 200);
    await signIn(admin);
    await titled(admin.username);
    await board('Home', 'Public board', 'Public Content.');
    await board('User', 'User board', 'User Content.');
    await board('Moderator', 'Moderator board', 'Moderator Content.');
    await board('Admin', 'Admin board', 'Admin Content.');
  },
  async 'the browser lets the server read no other origin'() {
    await page.goto(`${stranger}/#/home`);
    await says('alert', `No answer from ${api}.`);
    assert.equal(await reach('no-cors'), 'opaque', 'the server itself must be reachable');
    assert.equal(await reach('cors'), 'refused');
  },
  async 'no script of the page failed'() {
    assert.deepEqual(scriptErrors, []);
  },
};

async function picture(file) {
  await open('profile');
  await titled(admin.username);
  await page.screenshot({ path: file });
}

async function prepare() {
  const home = await stage.folder();
  const site = join(home, 'site');
  const asked = given && new URL(process.env.LATCHKEY_ORIGIN ?? 'http://localhost:8081');

  origin = await stage.serve(site, asked ? Number(asked.port) : 0);
  stranger = await stage.serve(site, 0);
  api = given ?? await stage.latchkey(home, origin);
  await stage.build(site, api);

  const browser = await stage.browser();
  page = await browser.newPage({ viewport: { width: 880, height: 560 }, deviceScaleFactor: 2 });
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (e) => scriptErrors.push(e.message));
}

async function main() {
  const { values } = parseArgs({ options: { screenshot: { type: 'string' } } });
  let passed = 0, failed = 0;

  try {
    await prepare();
    for (const [name, act] of Object.entries(play)) {
      try {
        await act();
        passed += 1;
      } catch (e) {
        failed += 1;
        console.log(`FAIL ${name}: ${e.message}`);
      }
    }
    if (values.screenshot) await picture(values.screenshot);
  } catch (e) {
    failed += 1;
    console.log(`FAIL the stage: ${e.message}`);
  } finally {
    await stage.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
