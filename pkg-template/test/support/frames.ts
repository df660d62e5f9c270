/** Animation frames that are painted when the test says so. */
import { vi } from "vitest";

/** Puts frames in the place of those of the page; `paint` paints one. */
export function fakeFrames() {
  const waiting = new Map<number, () => void>();
  let last = 0;
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => {
    waiting.set((last += 1), run);
    return last;
  });
  vi.stubGlobal("cancelAnimationFrame", (frame: number) => waiting.delete(frame));
  return {
    waiting,
    paint: () => {
      const due = [...waiting.values()];
      waiting.clear();
      for (const run of due) run();
    },
  };
}
