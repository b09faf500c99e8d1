import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeProfileFolder, removeProfileFolder, removeStaleProfileFolders } from "./profile-folder.ts";

const HOST = hostname().replaceAll(/[^\w.]/g, "_");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chat-vrd-profile-test-"));
  vi.stubEnv("TMPDIR", folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A process that has ended, whose number is nobody's now. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  if (child.pid === undefined) throw new Error("No process was started");
  return child.pid;
}

it("makes and removes a folder, with what is in it", async () => {
  const made = await makeProfileFolder();
  expect(readdirSync(folder)).toEqual([basename(made)]);
  writeFileSync(join(made, "file"), "x");
  await removeProfileFolder(made);
  await removeProfileFolder(made);
  expect(readdirSync(folder)).toEqual([]);
});

it("removes what a killed process left", async () => {
  const stale = join(folder, `chat-vrd-chromium-${HOST}-${await deadPid()}-aBc123`);
  await mkdir(join(stale, "Default"), { recursive: true });
  writeFileSync(join(stale, "Default", "History"), "x");
  await removeStaleProfileFolders();
  expect(readdirSync(folder)).toEqual([]);
});

it("removes what a predecessor with this process's number left, and not what this process made", async () => {
  const mine = await makeProfileFolder();
  const stale = join(folder, `chat-vrd-chromium-${HOST}-${process.pid}-aBc123`);
  await mkdir(stale);
  const hourAgo = Date.now() / 1_000 - 3_600;
  utimesSync(stale, hourAgo, hourAgo);
  await removeStaleProfileFolders();
  expect(readdirSync(folder)).toEqual([basename(mine)]);
});

it("leaves alone what may be in use, and what is not of its making", async () => {
  const dead = await deadPid();
  const names = [
    `chat-vrd-chromium-${HOST}-${process.ppid}-aBc123`,
    `chat-vrd-chromium-another.host-${dead}-aBc123`,
    `chat-vrd-chromium-${HOST}-x-aBc123`,
    `chat-vrd-chromium-${HOST}-${dead}`,
    `other-${dead}-aBc123`,
  ].sort();
  for (const name of names) await mkdir(join(folder, name));
  await removeStaleProfileFolders();
  expect(readdirSync(folder).sort()).toEqual(names);
});

it("does not mind a temporary folder that cannot be read", async () => {
  vi.stubEnv("TMPDIR", join(folder, "none"));
  await expect(removeStaleProfileFolders()).resolves.toBeUndefined();
});
