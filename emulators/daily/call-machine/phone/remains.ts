/**
 * Counts what a page holds open, so that a test can see what a call leaves behind. It has to be loaded before what
 * it counts is made.
 */

const connections = new Set<RTCPeerConnection>();
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.add(this);
  }
};

/** Tells the page's connections that they failed, as when the network between two ends changes. */
export function failConnections(): void {
  for (const connection of connections) {
    if (connection.connectionState === "closed") continue;
    Object.defineProperty(connection, "connectionState", { value: "failed", configurable: true });
    connection.dispatchEvent(new Event("connectionstatechange"));
    Reflect.deleteProperty(connection, "connectionState");
  }
}

/** The names under which the page's open connections gather candidates: others after each restart. */
export function iceNames(): string[] {
  return [...connections]
    .filter(({ connectionState }) => connectionState !== "closed")
    .map(({ localDescription }) => /a=ice-ufrag:(\S+)/.exec(localDescription?.sdp ?? "")?.[1] ?? "");
}

const sockets = new Set<WebSocket>();
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.add(this);
  }
};

const contexts = new Set<AudioContext>();
window.AudioContext = class extends AudioContext {
  constructor(options?: AudioContextOptions) {
    super(options);
    contexts.add(this);
  }
};

const intervals = new Set<number>();
const [setInterval, clearInterval] = [window.setInterval.bind(window), window.clearInterval.bind(window)];
Object.assign(window, {
  setInterval: (...args: Parameters<typeof setInterval>) => {
    const id = setInterval(...args);
    intervals.add(id);
    return id;
  },
  clearInterval: (id: number) => {
    intervals.delete(id);
    clearInterval(id);
  },
});

const timeouts = new Set<number>();
const [setTimeout, clearTimeout] = [window.setTimeout.bind(window), window.clearTimeout.bind(window)];
Object.assign(window, {
  setTimeout: (handler: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) => {
    const id = setTimeout(() => {
      timeouts.delete(id);
      handler(...args);
    }, delayMs);
    timeouts.add(id);
    return id;
  },
  clearTimeout: (id: number) => {
    timeouts.delete(id);
    clearTimeout(id);
  },
});

const listeners = new Set<unknown>();
const [add, remove] = [window.addEventListener.bind(window), window.removeEventListener.bind(window)];
Object.assign(window, {
  addEventListener: (...args: Parameters<typeof add>) => {
    if (args[0] === "message") listeners.add(args[1]);
    add(...args);
  },
  removeEventListener: (...args: Parameters<typeof remove>) => {
    if (args[0] === "message") listeners.delete(args[1]);
    remove(...args);
  },
});

const opened = new Set<MediaStreamTrack>();
if (navigator.mediaDevices) {
  const { mediaDevices } = navigator;
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    for (const track of stream.getTracks()) opened.add(track);
    return stream;
  };
}

/** What is open now. */
export function remains() {
  const size = <Each>(all: Set<Each>, isOpen: (each: Each) => boolean) => [...all].filter(isOpen).length;
  return {
    instances: Object.keys(window._daily?.instances ?? {}).length,
    pendings: window._daily?.pendings.length ?? 0,
    sharedAudioUsers: window._dailyInABox?.audio?.users ?? 0,
    connections: size(connections, ({ connectionState }) => connectionState !== "closed"),
    sockets: size(sockets, ({ readyState }) => readyState <= WebSocket.OPEN),
    contexts: size(contexts, ({ state }) => state !== "closed"),
    intervals: intervals.size,
    timeouts: timeouts.size,
    messageListeners: listeners.size,
    devices: size(opened, ({ readyState }) => readyState === "live"),
  };
}

/** Names that the page's own scripts have added to its window. */
const before = new Set(Object.getOwnPropertyNames(window));
export const newGlobals = () => Object.getOwnPropertyNames(window).filter((name) => !before.has(name));
