// Writes the types of all messages of the socket, out of openapi/asyncapi.json:
//
//     node generate-socket.mjs ../../openapi/asyncapi.json socket.d.ts
//
// `ServerMessage` is what an app is told, `ClientMessage` what it says.

import { readFile, writeFile } from "node:fs/promises";

import { compile } from "json-schema-to-typescript";

const [document, output] = process.argv.slice(2);
const { components } = JSON.parse(await readFile(document, "utf8"));
const { definitions } = JSON.parse(
  JSON.stringify({ definitions: components.schemas }).replaceAll("#/components/schemas/", "#/definitions/"),
);
const socket = {
  type: "object",
  properties: {
    told: { $ref: "#/definitions/ServerMessage" },
    said: { $ref: "#/definitions/ClientMessage" },
  },
  definitions,
};
const types = await compile(socket, "Socket", { additionalProperties: false, format: false });
await writeFile(output, types);
