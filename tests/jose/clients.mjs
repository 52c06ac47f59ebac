// SPDX-License-Identifier: MIT
// clients.mjs - the verifiers of client/js and client/c against npm's jose: the same verdict on the
// same tokens. Gets {check, servers: [{url, issuer, audience, tokens}]} on standard input: `check`
// is the program of client/c. Then keys of our own make tokens that no server of ours would sign.
import {calculateJwkThumbprint, CompactSign, createRemoteJWKSet, exportJWK, exportSPKI, generateKeyPair, jwtVerify} from "jose";
import {spawn} from "node:child_process";
import {createServer} from "node:http";
import {createInterface} from "node:readline";

import {check, end, question} from "./counting.mjs";
import {TokenRefused, Verifier} from "../../client/js/index.js";

const asked = await question();

// The program of client/c: a line in, a line out.
function c(...words) {
  const child = spawn(asked.check, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (token) => {
      child.stdin.write(token + "\n");
      return (await lines.next()).value;
    },
    end: () => new Promise((done) => {
      child.on("close", done);
      child.stdin.end();
    }),
  };
}

const word = async (verifier, token) => {
  try {
    return `ok ${(await verifier.check(token)).id}`;
  } catch (e) {
    return e instanceof TokenRefused ? e.reason : `${e.name}: ${e.message} ${e.cause ?? ""}`;
  }
};

const jose = async (keys, token, options) => {
  try {
    return `ok ${(await jwtVerify(token, keys, options)).payload.id}`;
  } catch (e) {
    return e.code ?? String(e);
  }
};

const b64 = (value) =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const flipped = (token, i) =>
    token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);

// What anybody can do to a token that he got.
function* spoiled(token, kid) {
  const [head, body, tail] = token.split(".");
  yield ["as it is", token, "ok 1"];
  yield ["nothing", "", "shape"];
  yield ["one segment", head, "shape"];
  yield ["two segments", `${head}.${body}`, "shape"];
  yield ["four segments", `${token}.x`, "shape"];
  yield ["no signature", `${head}.${body}.`, "shape"];
  yield ["padded", `${token}=`, "base64"];
  yield ["a blank in front", ` ${token}`, "base64"];
  yield ["a flip in the header", flipped(token, 12), null];
  yield ["a flip in the payload", flipped(token, head.length + 8), "signature"];
  yield ["a flip in the signature", flipped(token, token.length - 9), "signature"];
  yield ["another payload", `${head}.${b64({ id: 2, iat: 1, exp: 9e9 })}.${tail}`, "signature"];
  yield ["none", `${b64({ alg: "none", typ: "at+jwt", kid })}.${body}.${tail}`, "algorithm"];
  yield ["a secret's algorithm", `${b64({ alg: "HS256", typ: "at+jwt", kid })}.${body}.${tail}`, "algorithm"];
  yield ["an unknown key", `${b64({ alg: JSON.parse(Buffer.from(head, "base64url")).alg, typ: "at+jwt", kid: "nobody" })}.${body}.${tail}`, "key-id"];
  yield ["no key", `${b64({ alg: "ES256", typ: "at+jwt" })}.${body}.${tail}`, "key-id"];
  yield ["too long", token + "A".repeat(9000), "shape"];
  yield ["no JSON", `${b64("{")}.${body}.${tail}`, "header"];
}

// ---- tokens of the running servers, revocations included

for (const s of asked.servers) {
  const keys =
      createRemoteJWKSet(new URL(s.url + "/.well-known/jwks.json"), { cooldownDuration: 0 });
  const ours = new Verifier({ url: s.url, issuer: s.issuer, audience: s.audience, every: 1 });
  const program = c(s.url, s.issuer, s.audience, "1");
  const options = {
    issuer: s.issuer,
    audience: s.audience,
    typ: "at+jwt",
    algorithms: ["ES256", "EdDSA", "RS256"],
    requiredClaims: ["iat", "exp"]
  };
  for (const [name, token, wanted] of spoiled(
           s.token, JSON.parse(Buffer.from(s.token.split(".")[0], "base64url")).kid)) {
    const [a, b, d] =
        [await word(ours, token), await program.ask(token), await jose(keys, token, options)];
    check(
        `${s.alg} ${name}`,
        a === b && (wanted === null || a === wanted) && d.startsWith("ok") === a.startsWith("ok"),
        `js ${a}, c ${b}, jose ${d}`);
  }
  for (const [name, token] of Object.entries(s.others)) {
    const [a, b, d] =
        [await word(ours, token), await program.ask(token), await jose(keys, token, options)];
    check(
        `${s.alg} ${name}`, a === b && !a.startsWith("ok") && !d.startsWith("ok"),
        `js ${a}, c ${b}, jose ${d}`);
  }
  // Signed out: refused within `every`, by all that know the revocations; jose does not.
  const answer = await fetch(s.url + "/api/auth/signout", {
    method: "POST",
    headers: { "x-access-token": s.token, "content-type": "application/json" },
    body: "{}"
  });
  check(`${s.alg} signs out`, answer.status === 200, answer.status);
  let a, b;
  do {
    a = await word(ours, s.token);
    b = await program.ask(s.token);
  } while ([a, b].some((v) => v === "ok 1"));
  check(`${s.alg} revoked`, a === "revoked" && b === "revoked", `js ${a}, c ${b}`);
  check(`${s.alg} jose`, (await jose(keys, s.token, options)) === "ok 1", "jose knows");
  check(
      `${s.alg} another session`,
      (await word(ours, s.kept)) === "ok 1" && (await program.ask(s.kept)) === "ok 1",
      "refused too");
  check(`${s.alg} program ends`, (await program.end()) === 0, "badly");
}

// ---- tokens that no server of ours signs

const issuer = "https://auth.example.org", audience = "https://api.example.org";
const made = [];
for (const [alg, how] of [
         ["ES256"], ["EdDSA", { crv: "Ed25519" }], ["RS256"], ["ES384"], ["PS256"]]) {
  const pair = await generateKeyPair(alg, { extractable: true, ...how });
  const jwk = {...(await exportJWK(pair.publicKey)), alg, use: "sig" };
  made.push({ alg, pair, jwk, kid: (jwk.kid = await calculateJwkThumbprint(jwk)) });
}
const [es, ed, rs, es384, ps] = made;
const encryption = {
  ...es.jwk,
  use: "enc",
  kid: "for-encryption"
};
const jwks = {
  keys: [
    ...made.map((m) => m.jwk), encryption, { kty: "oct", k: "AAAA", kid: "secret", alg: "HS256" },
    { kty: "EC" }
  ]
};
const host = createServer((request, answer) => {
  answer.writeHead(
      request.url === "/.well-known/jwks.json" ? 200 : 404, { "content-type": "application/json" });
  answer.end(JSON.stringify(jwks));
});
await new Promise((done) => host.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${host.address().port}`;
const now = Math.floor(Date.now() / 1000);
const good = {
  id: 1,
  iat: now,
  exp: now + 3600,
  sid: "5",
  jti: "x",
  sub: "1",
  client_id: "latchkey",
  iss: issuer,
  aud: audience
};
const sign = (by, header, payload) =>
    new CompactSign(
        typeof payload === "string" || Buffer.isBuffer(payload) ?
            Buffer.from(payload) :
            Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: by.alg, kid: by.kid, typ: "at+jwt", ...header })
        .sign(by.pair.privateKey);
const without = (name) => {
  const { [name]: gone, ...rest } = good;
  return rest;
};
const cases = [
  ...(await Promise.all(
      [es, ed, rs].map(async (m) => [`good ${m.alg}`, await sign(m, {}, good), "ok 1"]))),
  ["ES384", await sign(es384, {}, good), "algorithm", "ok 1"],
  ["PS256", await sign(ps, {}, good), "algorithm", "ok 1"],
  [
    "another's key", await sign({...es, pair: await generateKeyPair("ES256") }, {}, good),
    "signature"
  ],
  ["another key's id", await sign({...es, kid: rs.kid }, {}, good), "algorithm"],
  ["a key for encryption", await sign({...es, kid: "for-encryption" }, {}, good), "key-id"],
  ["type JWT", await sign(es, { typ: "JWT" }, good), "type"],
  ["type in capitals", await sign(es, { typ: "AT+JWT" }, good), "ok 1"],
  ["type as media type", await sign(es, { typ: "application/at+jwt" }, good), "ok 1"],
  ["type of the feed", await sign(es, { typ: "latchkey-revocations+jwt" }, good), "type"],
  ["no type", await sign(es, { typ: undefined }, good), "type"],
  ["zip", await sign(es, { zip: "DEF" }, good), "header", "ok 1"],
  ["expired", await sign(es, {}, {...good, exp: now - 1 }), "expired"],
  ["no exp", await sign(es, {}, without("exp")), "claim"],
  ["exp as text", await sign(es, {}, {...good, exp: String(now + 600) }), "claim"],
  ["exp null", await sign(es, {}, {...good, exp: null }), "claim"],
  ["exp of a fraction", await sign(es, {}, {...good, exp: now + 600.5 }), "ok 1"],
  ["exp too large", await sign(es, {}, {...good, exp: 1e18 }), "claim", "ok 1"],
  ["no iat", await sign(es, {}, without("iat")), "claim"],
  ["iat as text", await sign(es, {}, {...good, iat: "1" }), "claim"],
  ["iat to come", await sign(es, {}, {...good, iat: now + 3600 }), "early"],
  ["nbf to come", await sign(es, {}, {...good, nbf: now + 3600 }), "early"],
  ["nbf as text", await sign(es, {}, {...good, nbf: "1" }), "claim"],
  ["nbf past", await sign(es, {}, {...good, nbf: now - 60 }), "ok 1"],
  ["another issuer", await sign(es, {}, {...good, iss: issuer + "/" }), "issuer"],
  ["issuers in a list", await sign(es, {}, {...good, iss: [issuer] }), "issuer"],
  ["no issuer", await sign(es, {}, without("iss")), "issuer"],
  ["another audience", await sign(es, {}, {...good, aud: "https://other.example" }), "audience"],
  [
    "one of audiences", await sign(es, {}, {...good, aud: ["https://other.example", audience] }),
    "ok 1"
  ],
  ["no audience in a list", await sign(es, {}, {...good, aud: [] }), "audience"],
  ["no audience", await sign(es, {}, without("aud")), "audience"],
  ["no id", await sign(es, {}, without("id")), "claim", "ok undefined"],
  ["id as text", await sign(es, {}, {...good, id: "1" }), "claim", "ok 1"],
  ["id zero", await sign(es, {}, {...good, id: 0 }), "claim", "ok 0"],
  ["session as a number", await sign(es, {}, {...good, sid: 5 }), "claim", "ok 1"],
  ["a list", await sign(es, {}, [good]), "payload"],
  ["no JSON", await sign(es, {}, "{"), "payload"],
  ["nothing", await sign(es, {}, " "), "payload"],
  [
    "not UTF-8", await sign(es, {}, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
    "payload"
  ],
  ["blanks around", await sign(es, {}, ` ${JSON.stringify(good, null, 1)} `), "ok 1"],
  [
    "members of all kinds",
    await sign(es, {}, {...good, x: [1, -2.5e3, "ü😀\\\"\n", { y: [[], {}, null, true] }] }), "ok 1"
  ],
  [
    "a public key as secret", await (async () => {
      const text = `${b64({ alg: "HS256", typ: "at+jwt", kid: es.kid })}.${b64(good)}`;
      const { createHmac } = await import("node:crypto");
      return `${text}.${
          createHmac("sha256", await exportSPKI(es.pair.publicKey))
              .update(text)
              .digest("base64url")}`;
    })(),
    "algorithm"
  ],
];
{
  const keys = createRemoteJWKSet(new URL(url + "/.well-known/jwks.json"));
  const ours = new Verifier({ url, issuer, audience, revocations: false });
  const program = c(url, issuer, audience, "-1");
  const options = {
    issuer,
    audience,
    typ: "at+jwt",
    requiredClaims: ["iat", "exp"],
    maxTokenAge: "10y"
  };
  for (const [name, token, wanted, theirs] of cases) {
    const [a, b, d] =
        [await word(ours, token), await program.ask(token), await jose(keys, token, options)];
    check(
        name,
        a === wanted && b === wanted &&
            (theirs ? d === theirs : d.startsWith("ok") === wanted.startsWith("ok")),
        `js ${a}, c ${b}, jose ${d}`);
  }
  check("the program ends", (await program.end()) === 0, "badly");
}
// Without the revocations that were asked for nothing is known.
{
  const ours = new Verifier({ url, issuer, audience });
  const program = c(url, issuer, audience);
  const [a, b] = [await word(ours, cases[0][1]), await program.ask(cases[0][1])];
  check("no feed", a.startsWith("Unavailable") && b === "unavailable", `js ${a}, c ${b}`);
  await program.end();
}

// ---- feeds that no server of ours would send, and a key that is withdrawn

// Made when it is asked for: how long this has run already is told nobody.
const told = () => {
  const at = Math.floor(Date.now() / 1000);
  return { iss: issuer, iat: at, exp: at + 300, next: 1, life: 960, since: 0, more: false, all: 0 };
};
const state = {
  keys: [es.jwk, ed.jwk],
  by: es,
  header: {},
  told: {}
};
const feeds = createServer(async (request, answer) => {
  const [path, query] = request.url.split("?");
  if (path === "/.well-known/jwks.json") {
    answer.writeHead(200, { "cache-control": "public, max-age=3600" });
    return answer.end(JSON.stringify({ keys: state.keys }));
  }
  const since = Number(new URLSearchParams(query).get("since"));
  const payload = {...told(), since, sessions: [], users: [], ...state.told };
  const typ = "latchkey-revocations+jwt";
  answer.end(await sign(state.by, { typ, ...state.header }, payload));
});
await new Promise((done) => feeds.listen(0, "127.0.0.1", done));
const from = `http://127.0.0.1:${feeds.address().port}`;
const token = cases[0][1];
for (const [name, change, wanted] of [
         ["a feed", {}, "ok 1"],
         ["a session that ended", { told: { sessions: ["5"] } }, "revoked"],
         ["another session", { told: { sessions: ["6", "55"] } }, "ok 1"],
         ["the account", { told: { users: [[1, now + 1, ""]] } }, "revoked"],
         ["the account, but this session", { told: { users: [[1, now + 1, "5"]] } }, "ok 1"],
         [
           "the account, but another", { told: { users: [[1, now + 1, "5"], [1, now + 2, "6"]] } },
           "revoked"
         ],
         ["the account before", { told: { users: [[1, now, ""]] } }, "ok 1"],
         ["another account", { told: { users: [[2, now + 1, ""], [5, now + 1, ""]] } }, "ok 1"],
         ["all", { told: { all: now + 1 } }, "revoked"],
         ["all before", { told: { all: now } }, "ok 1"],
         ["by a key that is not published", { by: rs }, null],
         ["of another type", { header: { typ: "JWT" } }, null],
         ["of another issuer", { told: { iss: "https://other.example" } }, null],
         ["too old", { told: { iat: now - 600, exp: now - 300 } }, null],
         ["to come", { told: { iat: now + 600, exp: now + 900 } }, null],
         ["the answer to another question", { told: { since: 7 } }, null],
         ["without its lists", { told: { sessions: undefined } }, null],
]) {
  Object.assign(state, { keys: [es.jwk, ed.jwk], by: es, header: {}, told: {} }, change);
  const program = c(from, issuer, audience);
  const [a, b] =
      [await word(new Verifier({ url: from, issuer, audience }), token), await program.ask(token)];
  if (wanted)
    check(`feed: ${name}`, a === wanted && b === wanted, `js ${a}, c ${b}`);
  else
    check(`feed ${name}`, a.startsWith("Unavailable") && b === "unavailable", `js ${a}, c ${b}`);
  await program.end();
}
{
  Object.assign(state, { keys: [es.jwk, ed.jwk], by: es, header: {}, told: {} });
  const ours = new Verifier({ url: from, issuer, audience, every: 1 });
  const program = c(from, issuer, audience, "1");
  check(
      "before", (await word(ours, token)) === "ok 1" && (await program.ask(token)) === "ok 1",
      "no");
  Object.assign(state, { keys: [ed.jwk], by: ed });
  let a, b;
  do {
    a = await word(ours, token);
    b = await program.ask(token);
  } while (a === "ok 1" || b === "ok 1");
  check("a withdrawn key", a === "key-id" && b === "key-id", `js ${a}, c ${b}`);
  // The server is gone: what is known stays good for a while.
  const other = await sign(ed, {}, good);
  check(
      "the other key",
      (await word(ours, other)) === "ok 1" && (await program.ask(other)) === "ok 1", "no");
  feeds.close();
  feeds.closeAllConnections();
  check(
      "no server", (await word(ours, other)) === "ok 1" && (await program.ask(other)) === "ok 1",
      "no");
  let shift = 0;
  const late = new Verifier({
    url: from,
    issuer,
    audience,
    now: () => Date.now() + shift,
    fetch: async (u) => {
      if (shift) throw new Error("gone");
      const body = u.endsWith("jwks.json") ?
          JSON.stringify({ keys: [ed.jwk] }) :
          await sign(ed, { typ: "latchkey-revocations+jwt" }, {...told(), sessions: [], users: [] });
      return new Response(body, { headers: { "cache-control": "max-age=60" } });
    }
  });
  check("late: at first", (await word(late, other)) === "ok 1", await word(late, other));
  shift = 290e3;
  check("late: for a while", (await word(late, other)) === "ok 1", await word(late, other));
  shift = 310e3;
  check(
      "late: too long", (await word(late, other)).startsWith("Unavailable"),
      await word(late, other));
  await program.end();
}
host.close();
host.closeAllConnections();
end();
