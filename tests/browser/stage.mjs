// SPDX-License-Identifier: MIT
// stage.mjs - what the play needs: a server, the front-end built for it and served, a browser.
// Whatever is opened here is closed by stage.close(), the last first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REACT = join(ROOT, 'examples/react');
export const PROGRAM = process.env.LATCHKEY ?? join(ROOT, 'build/release/latchkey');
const vite = await import(pathToFileURL(createRequire(join(REACT, 'package.json')).resolve('vite')));

const closers = [];

export async function close() {
  while (closers.length > 0) await closers.pop()();
}

export async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'latchkey-browser-'));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

// Serves what lies in `site`, now or later. Port 0 lets the system choose.
export async function serve(site, port) {
  await mkdir(site, { recursive: true });
  const server = await vite.preview({
    root: REACT,
    logLevel: 'error',
    build: { outDir: site },
    preview: { host: 'localhost', port, strictPort: true },
  });
  closers.push(() => server.close());
  return `http://localhost:${server.httpServer.address().port}`;
}

export async function build(site, api) {
  process.env.VITE_API = api;
  await vite.build({ root: REACT, logLevel: 'error', build: { outDir: site, emptyOutDir: true } });
}

// Resolves with the address that the server's first line names.
function address(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (bytes) => {
      said += bytes;
      const found = said.match(/^listening on (http:\S+)\n/m);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (status) => reject(new Error(`latchkey left with ${status}: ${said}`)));
    child.once('error', reject);
  });
}

export async function latchkey(home, origin) {
  const args = ['dev', '--fresh', '--http.port', '0', '--http.origins', origin, '--db.url', `sqlite:${home}/latchkey.db`];
  const child = spawn(PROGRAM, args, { cwd: home });

  closers.push(async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  return address(child);
}

export async function browser() {
  const opened = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
      '--disable-background-networking', '--disable-component-update'],
  });
  closers.push(() => opened.close());
  return opened;
}
