// SPDX-License-Identifier: MIT
// counting.mjs - what the programs here share: the question on standard input, checks that are
// counted, and the last line, which the suite reads.
let passed = 0, failed = 0;

export const question = async () => JSON.parse(await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => done(text));
}));

export function check(what, fine, got) {
  if (fine)
    passed++;
  else {
    failed++;
    console.log(`FAIL ${what}: ${got}`);
  }
}

export function end() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
