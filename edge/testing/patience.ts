/** How long tests wait for what has to come. Vitest's own second is too short where the machine has much else to do. */
export const PATIENCE = { timeout: 10_000 } as const;
