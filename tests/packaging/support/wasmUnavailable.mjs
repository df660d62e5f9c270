/** What a page shows where WebAssembly is missing or forbidden. */
import { shows } from "./visit.mjs";

/** The client gives up, and says what to do. */
export async function checkWasmUnavailable({ page, desk, assert }) {
  await shows(page, "status", "disconnected");
  const problem = await page.getByTestId("problem").textContent();
  assert.match(problem, /^wasm_unavailable: .*wasm-unsafe-eval/);
  assert.equal(desk.counts.handshakes, 0);
}
