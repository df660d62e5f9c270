/** What React's consumers are asked in addition. */
import { shows } from "./visit.mjs";

const count = 10_000;

/** Goes before the page's scripts, and counts renderings as React itself tells DevTools of them. */
export function init() {
  window.renderings = 0;
  let renderers = 0;
  window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    renderers: new Map(),
    supportsFiber: true,
    inject: () => (renderers += 1),
    checkDCE() {},
    onScheduleFiberRoot() {},
    onCommitFiberRoot(_renderer, { containerInfo }) {
      // What a development server shows in the page may be React's as well.
      if (containerInfo.querySelector('[data-testid="ticks"]')) window.renderings += 1;
    },
    onPostCommitFiberRoot() {},
    onCommitFiberUnmount() {},
  };
}

/** Of a burst none is left out, and it is rendered at most once per frame. The page shows how many came and their sum. */
export async function checkBurst({ page, assert }) {
  await page.evaluate(watchFrames);
  await page.getByTestId("burst").click();
  await shows(page, "ticks", `${count} ticks, sum ${(count * (count + 1)) / 2}`);
  assert.equal(await page.evaluate(() => window.mostInOneFrame()), 1, "renderings in one frame");
}

/** Runs in the page: from now on the renderings from one frame to the next are counted. */
function watchFrames() {
  let { renderings } = window;
  let most = 0;
  let next = requestAnimationFrame(function frame() {
    most = Math.max(most, window.renderings - renderings);
    renderings = window.renderings;
    next = requestAnimationFrame(frame);
  });
  window.mostInOneFrame = async () => {
    await new Promise(requestAnimationFrame);
    cancelAnimationFrame(next);
    return most;
  };
}
