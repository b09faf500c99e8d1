import { act, render } from "@testing-library/react-native";
import { App } from "../app.tsx";
import type { World } from "./world.ts";

/** The whole app on the screen, with its settings read. */
export async function show(world: World) {
  const screen = await render(<App app={world.app} />);
  await happen();
  return screen;
}

/** Lets everything happen that is ready to, with the screen following. */
export async function happen(ms = 0): Promise<void> {
  await act(async () => {
    await jest.advanceTimersByTimeAsync(ms);
    await jest.advanceTimersByTimeAsync(0);
  });
}
