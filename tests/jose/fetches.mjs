// SPDX-License-Identifier: MIT
// fetches.mjs - when and how often the verifier of client/js fetches: what is withdrawn while it
// waits is not kept, a silent server is not asked again at once, and all pages are read. The server
// is a function here, with keys of its own; the clock is moved.
import {CompactSign, exportJWK, generateKeyPair} from "jose";

import {check, end} from "./counting.mjs";
import {TokenRefused, Verifier} from "../../client/js/index.js";

const word = async (verifier, token) => {
  try {
    return `ok ${(await verifier.check(token)).id}`;
  } catch (e) {
    return e instanceof TokenRefused ? e.reason : e.name;
  }
};

async function made(kid) {
  const pair = await generateKeyPair("ES256", { extractable: true });
  return { kid, pair, jwk: {...(await exportJWK(pair.publicKey)), kid, alg: "ES256", use: "sig" } };
}

const [one, two] = [await made("1"), await made("2")];
const sign = (by, typ, payload) => new CompactSign(Buffer.from(JSON.stringify(payload)))
                                       .setProtectedHeader({ alg: "ES256", kid: by.kid, typ })
                                       .sign(by.pair.privateKey);

// A server and a verifier of its tokens, whose clock is `ahead`. `house.wait`, where there is one, holds
// each feed up.
function opened() {
  const house = {
    keys: [one, two],
    at: Date.now(),
    ahead: 0,
    keysAsked: 0,
    feedsAsked: 0,
    ended: [],
    more: () => false
  };
  const keys = (tag) => {
    const etag = `"${house.keys.map((k) => k.kid)}"`;
    const body = JSON.stringify({ keys: house.keys.map((k) => k.jwk) });
    const headers = { etag, "cache-control": "max-age=300" };
    house.keysAsked++;
    return tag === etag ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
  };
  const feed = async (since) => {
    const iat = Math.floor(house.at / 1000), more = house.more(since);
    house.feedsAsked++;
    return new Response(await sign(two, "latchkey-revocations+jwt", {
      iat, exp: iat + 300, next: since + 1, since, more, life: 960, all: 0, sessions: house.ended, users: []
    }));
  };
  house.token = (by, id) => {
    const iat = Math.floor(house.at / 1000) - 1000;
    return sign(by, "JWT", { id, iat, exp: iat + 1e6, sid: `${id}` });
  };
  house.opened = (more) => new Verifier({
    url: "http://x",
    ...more,
    now: () => house.at + house.ahead,
    fetch: async (url, { headers }) => {
      const since = new URL(url).searchParams.get("since");
      const answer = since === null ? keys(headers["if-none-match"]) : await feed(Number(since));
      if (house.wait) await house.wait;
      if (house.silent) throw new Error("silent");
      return answer;
    }
  });
  house.verifier = house.opened({});
  return house;
}

const turns = async (until) => {
  while (!until()) await new Promise(setImmediate);
};

// A key is withdrawn while a check of its token waits for the feed.
{
  const house = opened(), { verifier } = house;
  const good = await house.token(two, 2), bad = await house.token(one, 1);
  check("a good token", (await word(verifier, good)) === "ok 2", "no");
  let go;
  house.at += 299e3;
  house.wait = new Promise((done) => (go = done));
  const first = word(verifier, bad);
  await turns(() => house.feedsAsked === 2);
  house.keys = [two];
  house.at += 2e3;
  const second = word(verifier, good);
  await turns(() => house.keysAsked === 2);
  go();
  house.wait = null;
  check("a good token meanwhile", (await second) === "ok 2", await second);
  await first;
  for (const later of [1e3, 400e3]) {
    house.at += later;
    check("a withdrawn key's token", (await word(verifier, bad)) === "key-id", await word(verifier, bad));
  }
}

// The same while its signature is looked at.
{
  const house = opened(), { verifier } = house, { verify } = crypto.subtle;
  const good = await house.token(two, 2), bad = await house.token(one, 1);
  await word(verifier, good);
  let go, stopped = false;
  const wait = new Promise((done) => (go = done));
  crypto.subtle.verify = async function(...words) {
    stopped = true;
    await wait;
    return verify.apply(this, words);
  };
  const first = word(verifier, bad);
  await turns(() => stopped);
  crypto.subtle.verify = verify;
  house.keys = [two];
  house.at += 301e3;
  check("a good token after", (await word(verifier, good)) === "ok 2", "no");
  go();
  await first;
  check("not kept", (await word(verifier, bad)) === "key-id", await word(verifier, bad));
}

// A server that is silent.
{
  const house = opened(), { verifier } = house;
  const good = await house.token(two, 2), other = await house.token(one, 1);
  const asked = () => `${house.keysAsked} ${house.feedsAsked}`;
  const many = async (token, wanted) => {
    let all = true;
    for (let i = 0; i < 50; i++) all = (await word(verifier, token)) === wanted && all;
    return all;
  };
  house.silent = true;
  check("nothing is known", await many(good, "Unavailable"), "not so");
  check("tried once", asked() === "1 0", asked());
  house.silent = false;
  house.at += 5e3;
  check("it speaks", (await word(verifier, good)) === "ok 2" && asked() === "2 1", asked());
  house.silent = true;
  house.at += 250e3;
  check("silent", (await many(good, "ok 2")) && (await many(other, "ok 1")), "refused");
  check("the feed is tried once", asked() === "2 2", asked());
  house.at += 5e3;
  house.wait = new Promise(() => {});
  check("nobody waits for the next try", (await many(good, "ok 2")) && asked() === "2 3", asked());
}

// The same, for too long; then it speaks again.
{
  const house = opened(), { verifier } = house, good = await house.token(two, 2);
  await word(verifier, good);
  house.silent = true;
  house.at += 299e3;
  check("nearly too long", (await word(verifier, good)) === "ok 2", await word(verifier, good));
  house.at += 2e3;
  check("too long", (await word(verifier, good)) === "Unavailable", await word(verifier, good));
  house.silent = false;
  house.at += 5e3;
  check("it speaks again", (await word(verifier, good)) === "ok 2", await word(verifier, good));
}

// Pages: what has no end is not the whole, and nothing is known by it.
{
  const house = opened(), { verifier } = house, good = await house.token(two, 2);
  house.more = () => true;
  check("no end of pages", (await word(verifier, good)) === "Unavailable", await word(verifier, good));
  house.more = (since) => since < 1003;
  house.at += 5e3;
  check("the last page", (await word(verifier, good)) === "ok 2", await word(verifier, good));
  check("all pages", house.feedsAsked === 1004, house.feedsAsked);
}

// The verifier's clock was ahead, and is set back.
{
  const house = opened(), { verifier } = house;
  const good = await house.token(two, 2), bad = await house.token(one, 1);
  house.ahead = 100e3;
  check("a clock ahead", (await word(verifier, bad)) === "ok 1", await word(verifier, bad));
  house.ahead = 0;
  house.at += 6e3;
  house.ended = ["1"];
  check("what ended since is refused", (await word(verifier, bad)) === "revoked", await word(verifier, bad));
  check("what did not is good", (await word(verifier, good)) === "ok 2", await word(verifier, good));
  check("keys were asked for again", house.keysAsked === 2, `${house.keysAsked}`);
}

// It is set back so far that what is known is of a time to come; a server that is silent, and one that speaks.
for (const silent of [true, false]) {
  const house = opened(), { verifier } = house, good = await house.token(two, 2);
  await word(verifier, good);
  house.silent = silent;
  house.ahead = -50e3;
  check("a little behind", (await word(verifier, good)) === "ok 2", await word(verifier, good));
  house.ahead = -100e3;
  house.at += 6e3;
  check("of another time", (await word(verifier, good)) === "Unavailable", await word(verifier, good));
  house.silent = false;
  house.ahead = 0;
  house.at += 6e3;
  check("set right", (await word(verifier, good)) === "ok 2", await word(verifier, good));
}

// Keys alone.
{
  const house = opened(), good = await house.token(two, 2);
  const verifier = house.opened({ revocations: false });
  house.ahead = 5000e3;
  check("keys", (await word(verifier, good)) === "ok 2", await word(verifier, good));
  house.silent = true;
  house.ahead = 0;
  check("keys of another time", (await word(verifier, good)) === "Unavailable", await word(verifier, good));
  house.silent = false;
  house.at += 6e3;
  check("keys of now", (await word(verifier, good)) === "ok 2", await word(verifier, good));
}

end();
