// SPDX-License-Identifier: MIT
// verify.mjs - npm's jose verifies our tokens by our published keys. Gets {url, issuer, audience,
// tokens} on standard input; one line a check, the last one counts them.
import {calculateJwkThumbprint, createRemoteJWKSet, jwtVerify} from "jose";

import {check, end, question} from "./counting.mjs";

const { url, issuer, audience, tokens } = await question();

async function verdict(keys, token, options) {
  try {
    await jwtVerify(token, keys, options);
    return "good";
  } catch (e) {
    return e.code ?? String(e);
  }
}

const flipped = (token, at) => {
  const i = at < 0 ? token.length + at : at;
  return token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
};

for (const [alg, token] of Object.entries(tokens)) {
  const keys = createRemoteJWKSet(new URL(url));
  const options = {
    issuer,
    audience,
    typ: "at+jwt",
    algorithms: [alg],
    requiredClaims: ["sub", "client_id", "iat", "exp", "jti"]
  };
  const is = async (what, wanted, t, o) => {
    const got = await verdict(keys, t, {...options, ...o });
    check(`${alg} ${what}`, got === wanted, got);
  };
  await is("verifies", "good", token);
  await is("flipped in its signature", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", flipped(token, -5));
  await is(
      "flipped in its payload", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
      flipped(token, token.indexOf(".") + 5));
  await is(
      "for another audience", "ERR_JWT_CLAIM_VALIDATION_FAILED", token,
      { audience: "https://other.example" });
  await is(
      "by another issuer", "ERR_JWT_CLAIM_VALIDATION_FAILED", token,
      { issuer: "https://other.example" });
  await is("of another type", "ERR_JWT_CLAIM_VALIDATION_FAILED", token, { typ: "JWT" });
  await is("of another algorithm", "ERR_JOSE_ALG_NOT_ALLOWED", token, { algorithms: ["PS256"] });
  await is("too old", "ERR_JWT_EXPIRED", token, { currentDate: new Date(Date.now() + 3600e3) });
}
const answer = await fetch(url);
const jwks = await answer.json();
check(
    "type", answer.headers.get("content-type") === "application/jwk-set+json",
    answer.headers.get("content-type"));
check("keys", jwks.keys.length === 2 * Object.keys(tokens).length, jwks.keys.length);
for (const jwk of jwks.keys) {
  check("kid is the thumbprint", (await calculateJwkThumbprint(jwk)) === jwk.kid, jwk.kid);
  check("use", jwk.use === "sig" && !!jwk.alg, JSON.stringify(jwk));
}
end();
