// SPDX-License-Identifier: MIT
// check.mjs - says of each file whether it is a valid OpenAPI 3.1 document, one line a file.
import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';

for (const file of process.argv.slice(2)) {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(await readFile(file, 'utf8')));
  console.log(valid && validator.version === '3.1' ? 'valid' : JSON.stringify(errors ?? validator.version));
}
