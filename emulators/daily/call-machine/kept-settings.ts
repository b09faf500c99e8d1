import type { IncomingMessage, Post, Reply } from "./daily-js.ts";
import { fields, text } from "./setup.ts";

/**
 * Receive and send settings of one call. A mesh has no layers to choose from, so they are kept and told back and
 * have no effect.
 */
export class KeptSettings {
  readonly #post: Post;
  #receive: Record<string, unknown> = {};
  #send: Record<string, unknown> = {};

  constructor(post: Post) {
    this.#post = post;
  }

  updateReceive({ receiveSettings }: IncomingMessage, reply: Reply): void {
    this.#receive = { ...this.#receive, ...fields(receiveSettings) };
    this.#post({ action: "receive-settings-updated", receiveSettings: this.#receive });
    reply({ receiveSettings: this.#receive });
  }

  /** Of one participant; what it inherits when it has none of its own and that is asked for. */
  replyReceive({ id, showInheritedValues }: IncomingMessage, reply: Reply): void {
    const inherited = showInheritedValues === true ? this.#receive.base : undefined;
    reply({ receiveSettings: this.#receive[text(id) ?? ""] ?? inherited ?? {} });
  }

  updateSend({ sendSettings }: IncomingMessage, reply: Reply): void {
    this.#send = { ...this.#send, ...fields(sendSettings) };
    this.#post({ action: "send-settings-updated", sendSettings: this.#send });
    reply({ sendSettings: this.#send });
  }
}
