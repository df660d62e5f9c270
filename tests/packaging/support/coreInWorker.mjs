/** What is asked of a page whose client has its core in a worker: see `worker` of `sockeye-client`. */

/** Goes before the page's scripts, and counts what the page makes of WebAssembly. */
export function init() {
  window.modules = 0;
  for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"]) {
    const make = WebAssembly[name];
    WebAssembly[name] = (...args) => {
      window.modules += 1;
      return make(...args);
    };
  }
}

/** There is one worker, and the page has no core: it would have one if the worker could not be had. */
export async function check({ page, assert }) {
  assert.equal(page.workers().length, 1, "how many workers the page has");
  assert.equal(await page.evaluate(() => window.modules), 0, "what the page makes of WebAssembly");
}
