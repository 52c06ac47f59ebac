// SPDX-License-Identifier: MIT
export interface VerifierOptions {
  /** Where the server is: its keys and revocations are fetched from there. */
  url: string | URL;
  /** The server's token.issuer; tokens must be access tokens of RFC 9068 then. */
  issuer?: string;
  /** The server's token.audience; the issuer where it is not given. */
  audience?: string;
  /** Whether what was revoked is asked for too. Default: true. */
  revocations?: boolean;
  /** Seconds that revocations are kept before they are asked for again. Default: 5. */
  every?: number;
  /** Seconds that keys and revocations are still good for while the server does not answer. Default: 300. */
  maxStale?: number;
  fetch?: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export interface Claims {
  id: number;
  iat: number;
  exp: number;
  sid?: string;
  jti?: string;
  iss?: string;
  aud?: string | string[];
  sub?: string;
  client_id?: string;
  [name: string]: unknown;
}

export type Reason =
  | "shape" | "base64" | "header" | "algorithm" | "critical" | "key-id" | "type" | "signature" | "payload"
  | "claim" | "issuer" | "audience" | "expired" | "early" | "revoked";

export declare class TokenRefused extends Error {
  readonly reason: Reason;
}
export declare class Unavailable extends Error {}

export declare class Verifier {
  constructor(options: VerifierOptions);
  /** The token's claims. Throws TokenRefused, or Unavailable where keys or revocations cannot be had. */
  check(token: string): Promise<Claims>;
}
