/** Of a label's value at Google Cloud. */
const MAX_LABEL_CHARS = 63;

/**
 * What Google calls the conversation of a session, on its bill: `session-{id}`. Log lines name the session by its id.
 * Labels are lower case; ids are, but nothing that came over the network may make Google refuse a call.
 */
export function conversationName(sessionId: string): string {
  const name = `session-${sessionId}`.toLowerCase().replace(/[^a-z0-9_-]/g, "-");
  return name.slice(0, MAX_LABEL_CHARS);
}
