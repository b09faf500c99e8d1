/** Named texts that outlive the app. Every method may reject. */
export interface Storage {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** One for what nobody else may read: tokens. */
export type SecretStorage = Storage;
