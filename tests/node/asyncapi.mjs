// SPDX-License-Identifier: Apache-2.0
// Reads an AsyncAPI document with AsyncAPI's own parser and prints, as one JSON object,
//   {"diagnostics":[{"severity","rule","message","path","line"},…],"document":{…}}
// where severity 0 is an error, 1 a warning, 2 and 3 are hints, and every $ref of the document is
// replaced by what it points to; null when the document is no valid one.
//   node asyncapi.mjs docs/asyncapi.yaml
import { readFile } from "node:fs/promises";
import parsing from "@asyncapi/parser";

const file = process.argv[2];
const { document, diagnostics } = await new parsing.Parser().parse(await readFile(file, "utf8"));
process.stdout.write(JSON.stringify({
  diagnostics: diagnostics.map(({ severity, code, message, path, range }) => (
    { severity, rule: code, message, path: path.join("/"), line: range.start.line + 1 })),
  document: document?.json() ?? null,
}));
