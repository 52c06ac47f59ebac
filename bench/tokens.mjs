// SPDX-License-Identifier: MIT
// tokens.mjs - what the same tokens cost npm's jose, awaited one by one, and our own verifier of client/js when
// it has seen a token before. Run by bench/tokens: node tokens.mjs FOLDER JOSE
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { Verifier } from "../client/js/index.js";

const [folder, path] = process.argv.slice(2);
const { importJWK, jwtVerify } = await import(pathToFileURL(path + "/dist/webapi/index.js"));
const currentDate = new Date(1700000000 * 1000);
const file = (alg, end) => readFileSync(`${folder}/${alg}.${end}`, "utf8");
const algs = ["HS256", "ES256", "EdDSA", "RS256"];

async function measure(name, turn) {
  let least = Infinity;
  for (let round = 0; round < 10; round++) {
    const turns = 500, from = process.cpuUsage();
    for (let i = 0; i < turns; i++) await turn();
    const took = process.cpuUsage(from);
    least = Math.min(least, ((took.user + took.system) * 1e3) / turns);
  }
  console.log(`${name} ${least.toFixed(1)} ns`);
}

const keys = algs.slice(1).map((alg) => JSON.parse(file(alg, "jwk")));
const host = createServer((_, answer) => answer.end(JSON.stringify({ keys })));
await new Promise((done) => host.listen(0, "127.0.0.1", done));
const verifier = new Verifier({ url: `http://127.0.0.1:${host.address().port}`, revocations: false, now: () => +currentDate });
for (const alg of algs) {
  const token = file(alg, "token"), key = await importJWK(JSON.parse(file(alg, "jwk")), alg);
  await measure(`${alg} serve jose`, () => jwtVerify(token, key, { currentDate, algorithms: [alg] }));
  if (alg !== "HS256") await measure(`${alg} serve client-js`, () => verifier.check(token));
}
host.close();
host.closeAllConnections();
