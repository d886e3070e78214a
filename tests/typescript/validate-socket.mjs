// Holds openapi/asyncapi.json to its format, with the parser of AsyncAPI itself:
//
//     node validate-socket.mjs ../../openapi/asyncapi.json

import { readFile } from "node:fs/promises";

import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(await readFile(process.argv[2], "utf8"));
for (const { code, message, path, severity } of diagnostics) {
  console.log(`${["error", "warning", "information", "hint"][severity]} ${code} at /${path.join("/")}: ${message}`);
}
if (!document || diagnostics.some(({ severity }) => severity < 2)) {
  process.exit(1);
}
console.log(`AsyncAPI ${document.version()}: ${document.allMessages().length} messages`);
