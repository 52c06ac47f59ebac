// SPDX-License-Identifier: MIT
// index.js - verify Latchkey's access tokens without asking it each time.
//
// Its published keys (RFC 7517) and its list of what was revoked are fetched when they are needed,
// kept, and fetched again when they are old; many calls at once share one fetch. WebCrypto does the
// rest.

const TOKEN_MAX = 8192, LEEWAY = 60, KEPT_TOKENS = 1000, KID_COOLDOWN = 10e3, TIMEOUT = 10e3,
      PAGES_MAX = 1000, KEYS_AGE_MAX = 3600;
const FEED_SIGNED_EVERY = 60, FEED_TYPE = "latchkey-revocations+jwt";
const LAST_SECOND = 253402300799;

const algorithms = {
  ES256: {
    kty: "EC",
    crv: "P-256",
    import: { name: "ECDSA", namedCurve: "P-256" },
    verify: { name: "ECDSA", hash: "SHA-256" },
    bytes: 64
  },
  EdDSA: {
    kty: "OKP",
    crv: "Ed25519",
    import: { name: "Ed25519" },
    verify: { name: "Ed25519" },
    bytes: 64
  },
  RS256: {
    kty: "RSA",
    import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    verify: { name: "RSASSA-PKCS1-v1_5" }
  },
};

/** A token that is refused; `reason` is one word. Do not tell a client which. */
export class TokenRefused extends Error {
  constructor(reason) {
    super(`the token is refused: ${reason}`);
    this.name = "TokenRefused";
    this.reason = reason;
  }
}

/** Keys or revocations could not be fetched: nothing is known of the token. */
export class Unavailable extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "Unavailable";
  }
}

const refuse = (reason) => {
  throw new TokenRefused(reason);
};

// base64url without padding, each run of bytes in its one spelling (RFC 7515 section 2).
function bytesOf(text, reason) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) refuse(reason);
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  const again = btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return again === text ? bytes : refuse(reason);
}

function objectOf(bytes, reason) {
  let value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    refuse(reason);
  }
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value :
                                                                                refuse(reason);
}

function split(token, max) {
  if (typeof token !== "string" || token.length > max) refuse("shape");
  const parts = token.split(".");
  return parts.length === 3 && parts.every((p) => p) ? parts : refuse("shape");
}

// Whether `then` was so long ago. A clock that was set back tells no age: it may have been.
const isOld = (then, now, age) => now - then >= age || now < then;

const isDate = (v) => typeof v === "number" && v >= 0 && v < LAST_SECOND + 1;

// Something that is loaded, by one at a time. While loads fail, the next is begun no sooner than
// `every`, and nobody waits for it who can do with what is kept.
class Source {
  #load;
  #every;
  #now;
  #running = null;
  #failure = null;
  #failedAt = -Infinity;

  constructor(load, every, now) {
    this.#load = load;
    this.#every = every;
    this.#now = now;
  }

  // Never rejects: what failed is kept for who asks.
  load() {
    this.#running ??= this.#load()
                          .then(
                              () => (this.#failure = null),
                              (e) => {
                                this.#failure = e;
                                this.#failedAt = this.#now();
                              })
                          .finally(() => (this.#running = null));
    return this.#running;
  }

  // `isGood` says of what is kept whether it may still be used.
  async renew(isGood, message) {
    if (!this.#failure)
      await this.load();
    else if (this.#running || isOld(this.#failedAt, this.#now(), this.#every)) {
      const loaded = this.load();
      if (!isGood()) await loaded;
    }
    if (!isGood()) throw new Unavailable(message, { cause: this.#failure });
  }
}

/** One server's keys and revocations. `check` may be called at any rate, from anywhere. */
export class Verifier {
  #url;
  #issuer;
  #audience;
  #fetch;
  #now;
  #revocations;
  #every;
  #maxStale;
  #keys = new Map();
  #keysTag = null;
  #keysAt = -Infinity;
  #keysUntil = -Infinity;
  #keysAsked = -Infinity;
  #keySource;
  #sessions = new Map();
  #users = new Map();
  #all = 0;
  #life = 0;
  #next = 0;
  #feedTag = null;
  #feedAt = -Infinity;
  #feedMade = 0;
  #feedWhole = 0;
  #feedKid = null;
  #feedSource;
  #tokens = new Map();

  constructor({
    url,
    issuer,
    audience,
    revocations = true,
    every = 5,
    maxStale = 300,
    fetch = globalThis.fetch,
    now = Date.now
  }) {
    this.#url = String(url).replace(/\/+$/, "");
    this.#issuer = issuer;
    this.#audience = audience ?? issuer;
    this.#revocations = revocations;
    this.#every = every * 1000;
    this.#maxStale = maxStale * 1000;
    this.#fetch = fetch;
    this.#now = now;
    this.#keySource = new Source(() => this.#loadKeys(), this.#every, now);
    this.#feedSource = new Source(() => this.#loadFeed(), this.#every, now);
  }

  /** The token's claims. Throws TokenRefused, or Unavailable. */
  async check(token) {
    await Promise.all([this.#freshKeys(), this.#revocations && this.#freshFeed()]);
    const keys = this.#keys;
    let claims = this.#tokens.get(token);
    if (!claims) {
      claims = await this.#verified(token, keys);
      // What verified under older keys is not kept: its own may have been withdrawn meanwhile.
      if (keys === this.#keys) this.#keep(token, claims);
    }
    this.#checkTime(claims);
    if (this.#revocations) this.#checkRevoked(claims);
    return structuredClone(claims);
  }

  #keep(token, claims) {
    if (this.#tokens.size >= KEPT_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value);
    this.#tokens.set(token, claims);
  }

  async #verified(token, keys) {
    const { header, payload } = await this.#signed(token, keys, TOKEN_MAX);
    if (!this.#isType(header.typ)) refuse("type");
    const claims = objectOf(payload, "payload");
    if (!Number.isSafeInteger(claims.id) || claims.id < 1 || !isDate(claims.exp) ||
        !isDate(claims.iat))
      refuse("claim");
    if (claims.nbf !== undefined && !isDate(claims.nbf)) refuse("claim");
    if (claims.sid !== undefined &&
        (typeof claims.sid !== "string" || !/^[1-9][0-9]{0,14}$/.test(claims.sid)))
      refuse("claim");
    if (this.#issuer && claims.iss !== this.#issuer) refuse("issuer");
    if (!this.#isForUs(claims.aud)) refuse("audience");
    return claims;
  }

  #isType(typ) {
    const type = typeof typ === "string" ? typ.toLowerCase() : typ;
    return this.#issuer ? type === "at+jwt" || type === "application/at+jwt" :
                          type === "jwt" || type === undefined;
  }

  #isForUs(aud) {
    if (this.#audience === undefined) return aud === undefined;
    return Array.isArray(aud) ? aud.includes(this.#audience) : aud === this.#audience;
  }

  // Header and signature (RFC 7515 section 5.2): the key decides on the algorithm, the header
  // agrees.
  async #signed(token, keys, max) {
    const [head, body, tail] = split(token, max);
    const header = objectOf(bytesOf(head, "base64"), "header");
    const payload = bytesOf(body, "base64"), signature = bytesOf(tail, "base64");
    if (typeof header.alg !== "string" || !Object.hasOwn(algorithms, header.alg))
      refuse("algorithm");
    if (header.crit !== undefined) refuse("critical");
    if (header.zip !== undefined) refuse("header");
    if (typeof header.kid !== "string") refuse("key-id");
    const key = keys.get(header.kid) ?? (await this.#keyAfterAll(header.kid)) ?? refuse("key-id");
    if (key.alg !== header.alg) refuse("algorithm");
    const how = algorithms[key.alg];
    if (how.bytes && signature.length !== how.bytes) refuse("signature");
    const input = new TextEncoder().encode(`${head}.${body}`);
    if (!(await crypto.subtle.verify(how.verify, key.key, signature, input))) refuse("signature");
    return { header, payload };
  }

  #checkTime(claims) {
    const now = this.#now() / 1000;
    if (claims.exp <= now) refuse("expired");
    if (Math.max(claims.nbf ?? 0, claims.iat) > now + LEEWAY) refuse("early");
  }

  #checkRevoked(claims) {
    const by = this.#users.get(claims.id);
    if (claims.iat < this.#all || (claims.sid && this.#sessions.has(claims.sid))) refuse("revoked");
    for (const { from, keep } of by ? by.values() : [])
      if (claims.iat < from && !(keep && keep === claims.sid)) refuse("revoked");
  }

  // ---- what is fetched

  async #get(path, tag) {
    // Else fetch() adds a no-cache of its own to what is conditional.
    const headers = { "cache-control": "max-age=0", ...(tag && { "if-none-match": tag }) };
    const answer = await this.#fetch(
        this.#url + path, { headers, redirect: "error", signal: AbortSignal.timeout(TIMEOUT) });
    if (answer.status !== 200 && !(answer.status === 304 && tag))
      throw new Error(`${path} answers ${answer.status}`);
    return answer;
  }

  async #freshKeys() {
    if (this.#now() < this.#keysUntil && this.#now() >= this.#keysAt) return;
    await this.#keySource.renew(() => {
      const over = this.#now() - this.#keysUntil;
      return this.#keys.size && over <= this.#maxStale && over >= -KEYS_AGE_MAX * 1000;
    }, "the keys cannot be fetched");
  }

  // A kid that is not known: look once, not more often than the cooldown lets.
  async #keyAfterAll(kid) {
    if (!isOld(this.#keysAsked, this.#now(), KID_COOLDOWN)) return undefined;
    await this.#keySource.load();
    return this.#keys.get(kid);
  }

  async #loadKeys() {
    const now = this.#now();
    this.#keysAsked = now;
    const answer = await this.#get("/.well-known/jwks.json", this.#keysTag);
    const age = /(?:^|[\s,])max-age=(\d{1,9})/.exec(answer.headers.get("cache-control") ?? "");
    if (answer.status === 200)
      await this.#takeKeys(await answer.json(), answer.headers.get("etag"));
    this.#keysAt = now;
    this.#keysUntil = now + Math.min(age ? Number(age[1]) : 60, KEYS_AGE_MAX) * 1000;
  }

  async #takeKeys(set, tag) {
    const keys = new Map();
    for (const jwk of Array.isArray(set?.keys) ? set.keys : []) {
      const how = Object.hasOwn(algorithms, jwk?.alg) ? algorithms[jwk.alg] : null;
      if (!how || jwk.kty !== how.kty || (how.crv && jwk.crv !== how.crv) ||
          typeof jwk.kid !== "string" || (jwk.use ?? "sig") !== "sig")
        continue;
      const { kty, crv, x, y, n, e } = jwk;
      try {
        const key = await crypto.subtle.importKey(
            "jwk", { kty, crv, x, y, n, e }, how.import, false, ["verify"]);
        if (kty !== "RSA" || key.algorithm.modulusLength >= 2048)
          keys.set(jwk.kid, { alg: jwk.alg, key });
      } catch { /* a key that cannot be used is none */
      }
    }
    this.#keys = keys;
    this.#keysTag = keys.size ? tag : null;
    this.#tokens.clear();
    if (!keys.size) throw new Error("no key is published: does the server sign with a secret?");
  }

  async #freshFeed() {
    if (!isOld(this.#feedAt, this.#now(), this.#every)) return;
    await this.#feedSource.renew(() => {
      const age = this.#now() / 1000 - this.#feedWhole;
      return age <= this.#maxStale / 1000 && age >= -LEEWAY;
    }, "what was revoked cannot be fetched");
  }

  async #loadFeed() {
    const now = this.#now();
    let more = true;
    await this.#freshKeys();
    for (let pages = 0; more && pages < PAGES_MAX; pages++) {
      const answer = await this.#get(`/revocations?since=${this.#next}`, this.#feedTag);
      more = answer.status === 200 && (await this.#takeFeed(await answer.text(), now));
      this.#feedTag = more ? null : answer.headers.get("etag");
    }
    if (more) throw new Error("no end of pages");
    this.#feedWhole = this.#feedMade;
    // A 304 is not signed: whoever stands in between could say it for ever.
    if (now / 1000 - this.#feedMade > FEED_SIGNED_EVERY + 2 * LEEWAY)
      throw new Error("not signed anew");
    this.#feedAt = now;
    this.#forget(now);
  }

  // True: there is more already.
  async #takeFeed(text, now) {
    const { header, payload } = await this.#signed(text, this.#keys, Infinity);
    const told = objectOf(payload, "payload"), seconds = now / 1000;
    if (header.typ !== FEED_TYPE || (this.#issuer && told.iss !== this.#issuer))
      throw new Error("another server's, or another kind of token");
    if (!isDate(told.iat) || !isDate(told.exp) || told.exp <= seconds ||
        told.iat > seconds + LEEWAY || told.since !== this.#next)
      throw new Error("made for another time");
    if (told.iat < this.#feedMade) throw new Error("older than the one before");
    for (const sid of told.sessions) this.#sessions.set(sid, now);
    for (const [id, from, keep] of told.users) {
      const by = this.#users.get(id) ?? this.#users.set(id, new Map()).get(id);
      by.set(`${from} ${keep}`, { from, keep, at: now });
    }
    this.#all = told.all;
    this.#life = told.life * 1000;
    this.#feedMade = told.iat;
    // Another key signs now, so one may have been withdrawn.
    if (this.#feedKid && this.#feedKid !== header.kid)
      this.#keysUntil = Math.min(this.#keysUntil, now);
    this.#feedKid = header.kid;
    // The same question again has the same tag; another one only when something is new.
    if (told.more || told.sessions.length || told.users.length || this.#next === 0)
      this.#next = told.next;
    return told.more === true;
  }

  #forget(now) {
    const old = now - this.#life - 2 * LEEWAY * 1000;
    for (const [sid, at] of this.#sessions)
      if (at < old) this.#sessions.delete(sid);
    for (const [id, by] of this.#users) {
      for (const [key, { at }] of by)
        if (at < old) by.delete(key);
      if (!by.size) this.#users.delete(id);
    }
  }
}
