// What an app does, with a client that is generated from openapi/self-backend.json, and with the messages of
// the socket out of openapi/asyncapi.json:
//
//     npx openapi-typescript openapi/self-backend.json -o self-backend.d.ts
//     node generate-socket.mjs openapi/asyncapi.json socket.d.ts
//
// tests/suite/typescript.rs generates, compiles and runs this against a server.

import createClient from "openapi-fetch";

import type { components, paths } from "./self-backend.js";
import type { ClientMessage, ServerMessage } from "./socket.js";

type Told<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;
type Job = components["schemas"]["Job"];
type Problem = components["schemas"]["Problem"];

const address = process.argv[2] ?? "http://127.0.0.1:8000";
const api = createClient<paths>({ baseUrl: address });

/** What was answered, or what went wrong in words that a person understands. */
function good<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.code}: ${answer.error?.detail} (${answer.error?.request_id})`);
  }
  return answer.data;
}

// Register, and show the token from now on.
const email = `ada-${Date.now()}-${process.pid}@example.org`;
const password = "correct horse battery staple";
const session = good(await api.POST("/api/v1/auth/register", { body: { email, password, name: "Ada" } }));
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${session.access_token}`);
  },
});
console.log(`registered ${session.user.name}, who lives in ${session.user.preferences.time_zone}`);

// A mistake has a type, too: its code is one of those that this route can answer with this status.
const again = await api.POST("/api/v1/auth/register", { body: { email, password } });
if (again.error?.code !== "email_taken") {
  throw new Error(`registered twice: ${again.response.status}`);
}
console.log(`a second time: ${again.error.title}`);

// Listen before anything happens. A browser cannot send the token, and gets a ticket for it.
const { ticket } = good(await api.POST("/api/v1/auth/socket-ticket"));
const socket = new WebSocket(`${address.replace("http", "ws")}/api/v1/ws?ticket=${ticket}`);
const joined = heard("joined");
const understood = heard("conversation_update", ({ data }) => "change" in data && data.change === "understood");
const done = heard("job_update", ({ data }) => data.state === "succeeded");
socket.addEventListener("open", () => say({ type: "join_room", room: "user" }));
console.log(`told everything up to ${(await joined).seq}`);

// A conversation as text; a recording would be sent to /api/v1/audio/upload.
const accepted = good(
  await api.POST("/api/v1/conversations", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      title: "Tea in London",
      tags: ["history"],
      started_at: new Date().toISOString(),
      segments: [
        { start_ms: 0, end_ms: 2_500, text: "I met Ada Lovelace in London.", speaker: "A" },
        { start_ms: 2_500, end_ms: 5_000, text: "She spoke of the Analytical Engine.", speaker: "A" },
      ],
    },
  }),
);
if (!accepted.job || !accepted.transcription_id) {
  throw new Error("there is nothing to understand in it");
}

// Hear that it was understood; then, as an app without a socket would, ask for the job.
const { data: told } = await understood;
if ("change" in told && told.change !== "deleted") {
  console.log(`understood: ${told.title}, ${told.tags.join(", ")}, version ${told.version}`);
}
const { data: news, seq } = await done;
console.log(`event ${seq}: ${news.kind} ${news.state} after ${news.attempt} attempt`);
const job = await ended(accepted.job.id);
console.log(`the job ${job.kind} ${job.state}, ${job.percent} %`);

// Read it with its transcript.
const id = accepted.conversation.id;
const conversation = good(await api.GET("/api/v1/conversations/{id}", { params: { path: { id } } }));
const transcript = good(
  await api.GET("/api/v1/transcriptions/{id}", { params: { path: { id: accepted.transcription_id } } }),
);
if (typeof transcript === "string") {
  throw new Error("only ?format=srt and the like are answered with a text");
}
console.log(`${conversation.title}, ${new Date(conversation.started_at).getFullYear()}`);
for (const segment of transcript.segments) {
  console.log(`  ${segment.start_ms} ms  ${segment.speaker ?? "?"}: ${segment.text}`);
}

// Find it by what it means, and who was mentioned.
const found = good(
  await api.POST("/api/v1/search/semantic", { body: { query: "a machine that calculates", limit: 1 } }),
);
const [hit] = found.items;
if (hit?.kind !== "conversation" || hit.conversation_id !== id) {
  throw new Error("it is not found");
}
console.log(`found at ${hit.start_ms} ms, ${hit.by_meaning?.similarity.toFixed(2)} alike`);
const people = good(await api.GET("/api/v1/entities", { params: { query: { kind: "person", limit: 10 } } }));
console.log(`people: ${people.items.map((person) => person.name).join(", ")}`);

// Change it, unless it has changed meanwhile.
const tagged = await api.PATCH("/api/v1/conversations/{id}", {
  params: { path: { id }, header: { "If-Match": '"0"' } },
  body: { tags: ["history", "tea"] },
});
if (tagged.error?.code !== "precondition_failed") {
  throw new Error("overwritten what nobody had read");
}
console.log(`not changed: ${tagged.error.title}`);
socket.close();

/** Waits until a job has ended well. */
async function ended(id: string): Promise<Job> {
  for (;;) {
    const job = good(await api.GET("/api/v1/jobs/{id}", { params: { path: { id } } }));
    switch (job.state) {
      case "queued":
      case "running":
        await new Promise((later) => setTimeout(later, 100));
        break;
      case "succeeded":
        return job;
      case "cancelled":
      case "dead":
        throw new Error(job.failure?.detail ?? job.state);
      default:
        return job.state satisfies never;
    }
  }
}

/** Says something over the socket. */
function say(message: ClientMessage): void {
  socket.send(JSON.stringify(message));
}

/** Waits for a message of the socket. */
function heard<Type extends ServerMessage["type"]>(
  type: Type,
  is = (_message: Told<Type>) => true,
): Promise<Told<Type>> {
  const wanted = (message: ServerMessage): message is Told<Type> => message.type === type;
  return new Promise((hear, lost) => {
    socket.addEventListener("error", () => lost(new Error("the socket broke")));
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data) as ServerMessage;
      if (message.type === "error") {
        lost(new Error(`${message.code}: ${message.detail}`));
      } else if (wanted(message) && is(message)) {
        hear(message);
      }
    });
  });
}
