// SPDX-License-Identifier: MIT
// api.js - the server's routes as functions. Each returns what the server sent, or throws an Error
// whose message is the server's own sentence.
const BASE = import.meta.env.VITE_API ?? 'http://localhost:8080';

async function send(path, options) {
  const answer = await fetch(BASE + path, options).catch(() => {
    throw new Error(`No answer from ${BASE}.`);
  });
  const json = /\bjson\b/.test(answer.headers.get('Content-Type'));
  const body = json ? await answer.json() : await answer.text();

  if (!answer.ok) throw new Error(body.message ?? `The server answered ${answer.status}.`);
  return body;
}

const post = (path, fields) =>
  send(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });

export const signUp = (fields) => post('/api/auth/signup', fields);

export const signIn = (fields) => post('/api/auth/signin', fields);

export const board = (name, user) =>
  send(`/api/test/${name}`, { headers: user ? { 'x-access-token': user.accessToken } : {} });
