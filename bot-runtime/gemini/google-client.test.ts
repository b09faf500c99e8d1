import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import { createGoogleLiveConnect } from "./google-live-connect.ts";
import type { LiveConnectError } from "./live-connect.ts";

const SETUP = { model: "gemini-3.8-live", language: "fr-FR", systemInstruction: "Sois bref." } as const;
const EVENTS = { message() {}, malformed() {}, ended() {} };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Accepts every setup, and remembers how each connection asked to be let in. */
async function vertex() {
  const authorizations: (string | undefined)[] = [];
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket, request) => {
    authorizations.push(request.headers.authorization);
    socket.on("message", () => socket.send('{"setupComplete":{"sessionId":"1"}}'));
  });
  await new Promise((resolve) => server.once("listening", resolve));
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, authorizations };
}

/** The machine's account: of another provider, exchanged for a token of Google's here. */
async function account(answers: boolean) {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    if (!answers) return;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        access_token: `token ${asked}`,
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        token_type: "Bearer",
        expires_in: 3_600,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "account-"));
  cleanups.push(
    () => rmSync(folder, { recursive: true }),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  const [file, subject] = [join(folder, "account.json"), join(folder, "subject")];
  writeFileSync(subject, "whoever runs this machine");
  writeFileSync(
    file,
    JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      credential_source: { file: subject },
    }),
  );
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
  return { asked: () => asked };
}

const connectTo = (baseUrl: string, connectDeadlineMs?: number) =>
  createGoogleLiveConnect({
    project: "project",
    location: "us-central1",
    baseUrl,
    ...(connectDeadlineMs === undefined ? {} : { connectDeadlineMs }),
  });

it("goes to Vertex AI with the machine's own account, whose token is fetched once for all connections", async () => {
  const { asked } = await account(true);
  const { url, authorizations } = await vertex();
  const connect = connectTo(url);
  for (let i = 0; i < 3; i += 1) (await connect(SETUP, EVENTS, new AbortController().signal)).close();
  expect(authorizations).toEqual(Array.from({ length: 3 }, () => "Bearer token 1"));
  expect(asked()).toBe(1);
});

it("does not wait longer for a token than for a connection", async () => {
  const { asked } = await account(false);
  const { url, authorizations } = await vertex();
  const connecting = connectTo(url, 2_000)(SETUP, EVENTS, new AbortController().signal);
  const error = await connecting.then(
    () => expect.fail("It connected."),
    (thrown: LiveConnectError) => thrown,
  );
  expect(error).toMatchObject({ failure: { kind: "deadline" } });
  expect(asked()).toBe(1);
  expect(authorizations).toEqual([]);
});

it("refuses a result without an id, but on Vertex", async () => {
  const { url } = await vertex();
  const result = { name: "look", response: {} };
  const accounts = [
    { apiKey: "key" },
    { project: "project", location: "us-central1", accessToken: "token" },
  ] as const;
  const outcomes: string[] = [];
  for (const one of accounts) {
    const connect = createGoogleLiveConnect({ ...one, baseUrl: url });
    const connection = await connect(SETUP, EVENTS, new AbortController().signal);
    try {
      connection.sendToolResults([result]);
      outcomes.push("sent");
    } catch {
      outcomes.push("refused");
    }
    connection.close();
  }
  expect(outcomes).toEqual(["refused", "sent"]);
});
