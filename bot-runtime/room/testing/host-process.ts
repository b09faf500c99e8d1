/**
 * For tests: a room host in a process of its own, to be frozen or killed.
 * `host-process.ts <assets folder or ""> <call machine url or ""> [room url, token]`: prints its log as JSON lines,
 * with the browser's pid, and `test.in_room` when it is in the room; then stays.
 */
import { createChromiumRoomHost } from "../chromium-room-host.ts";
import { RecordingEvents } from "./recording-events.ts";

const [assetsFolder, callMachineUrl, roomUrl, token] = process.argv.slice(2);

const host = await createChromiumRoomHost({
  ...(assetsFolder ? { assetsFolder } : {}),
  ...(callMachineUrl ? { callMachineUrl } : {}),
  log: print,
});
if (roomUrl && token) {
  const room = await host.open(
    { sessionId: "child", url: roomUrl, token, userName: "Child" },
    new RecordingEvents(),
  );
  await room.join();
  print({ event: "test.in_room" });
}

function print(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
