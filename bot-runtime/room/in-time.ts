export interface InTimeOptions<Value> {
  withinMs: number;
  /** For the error's message: "The call machine". */
  what: string;
  /** Gets what comes too late, to let go of it. */
  late?(value: Value): void;
}

/** What `work` gives, as long as that is in time. @throws Error when it is not, or what `work` threw */
export async function inTime<Value>(work: Promise<Value>, options: InTimeOptions<Value>): Promise<Value> {
  const { withinMs, what, late } = options;
  let isLate = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`${what} took more than ${withinMs} ms`));
    }, withinMs);
  });
  work.then(
    (value) => {
      if (isLate) late?.(value);
    },
    () => undefined,
  );
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
