/** A hostile server says everything that it must not, as fast as it can. */
import { setTimeout as sleep } from "node:timers/promises";
import { accept, startScripted } from "../../browser/support/scripted.mjs";
import { mutate, randomFrame } from "../../differential/frames.mjs";
import { withSetting } from "../support/setting.mjs";
import { slopePerHour } from "../support/slope.mjs";

export const summary = "a hostile server floods a page; its memory stays as it is";
export const counts = { full: 60, quick: 0.25 };
export const unit = "minutes";

/** What is measured before that is not counted: five of sixty minutes. */
const warmUpShare = 1 / 12;
const samples = 120;
const heapLimitPerHour = 1_000_000;
/** In shorter runs a slope is mostly chance. */
const leastMinutesForSlope = 10;

export const run = ({ count: minutes, random, store, progress, expect }) =>
  withSetting({ store }, async (setting) => {
    const flood = new Flood(random);
    const server = await startScripted({ script: (peer) => flood.pour(peer) });
    setting.ends.after(() => server.stop());
    setting.ends.after(() => flood.end());
    setting.url = server.url;
    const browser = await setting.startBrowser();
    const page = await openWatched(setting, browser);
    const seen = [];
    const start = performance.now();
    const passed = () => (performance.now() - start) / 60_000;
    while (passed() < minutes) {
      await sleep((minutes * 60_000) / samples);
      seen.push({ minute: passed(), ...(await measure(page)) });
      progress(passed());
    }
    expect(setting.failures.length === 0, setting.failures.join(", "));
    return { done: minutes, figures: { ...flood.figures, ...judge(seen, minutes, expect) } };
  });

/** The page keeps what it is told of errors, and listens, so that everything goes all the way. */
async function openWatched(setting, browser) {
  const page = await setting.openPlain(browser);
  await page.evaluate(() => {
    window.memories = [];
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (...args) => {
      const result = await instantiate(...args);
      window.memories.push((result.instance ?? result).exports.memory);
      return result;
    };
  });
  await setting.begin(page, { attachments: { timeoutMs: 2_000 } });
  await page.evaluate(() => {
    window.heard = 0;
    window.soak.client.on("news").subscribe(() => (window.heard += 1));
  });
  return page;
}

async function measure(page) {
  await page.send("HeapProfiler.collectGarbage");
  const { usedSize: heapBytes } = await page.send("Runtime.getHeapUsage");
  const count = () => {
    const sizes = window.memories.map(({ buffer }) => buffer.byteLength);
    return { wasmBytes: sizes.reduce((sum, size) => sum + size, 0), heard: window.heard };
  };
  return { heapBytes, ...(await page.evaluate(count)) };
}

function judge(seen, minutes, expect) {
  const counted = seen.filter(({ minute }) => minute >= minutes * warmUpShare);
  const [first] = counted;
  const last = counted.at(-1);
  expect(last.heard > 0, "no event was heard, so nothing was tested");
  const wasmGrowth = last.wasmBytes - first.wasmBytes;
  expect(wasmGrowth === 0, `wasm memory grew by ${wasmGrowth} bytes`);
  const heapPerHour = slopePerHour(counted.map(({ minute, heapBytes }) => [minute, heapBytes]));
  const isSlow = minutes < leastMinutesForSlope || heapPerHour < heapLimitPerHour;
  expect(isSlow, `the heap grows by ${heapPerHour} bytes per hour`);
  const { wasmBytes, heapBytes, heard } = last;
  return { wasmBytes, wasmGrowth, heapBytes, heapPerHour, heard };
}

/** Pours frames into connections as fast as they are taken. */
class Flood {
  figures = { connections: 0, frames: 0 };
  #random;
  #isOver = false;

  constructor(random) {
    this.#random = random;
  }

  end() {
    this.#isOver = true;
  }

  async pour(peer) {
    this.figures.connections += 1;
    try {
      await accept(peer);
      while (!peer.closed && !this.#isOver) {
        for (let left = 50; left > 0 && !peer.closed; left -= 1) this.#send(peer);
        await peer.sendSlowly(`42["news",0]`);
      }
    } catch {
      peer.terminate();
    }
  }

  #send(peer) {
    this.figures.frames += 1;
    const random = this.#random;
    const dice = random.below(4_000);
    if (dice === 0) peer.send(`4${randomFrame(random)}`);
    else if (dice === 1) peer.send(mutate(random, `42["news",{"a":[1,2,3]}]`));
    else if (dice < 20) this.#sendOdd(peer);
    else peer.send(`42["news",${random.below(1_000)},"${"x".repeat(random.below(300))}"]`);
  }

  /** Nothing of it ends a connection, but all of it may be kept. */
  #sendOdd(peer) {
    const random = this.#random;
    const odd = [
      () => peer.send("2"),
      () => peer.send(`43${random.below(1e9)}["an answer that nobody asked for"]`),
      () => peer.send(`42${random.below(1e9)}["question","nobody answers"]`),
      () => peer.send(`42["an unknown event ${random.below(1e9)}"]`),
      () => peer.send(`42/unknown ${random.below(1e9)},["news"]`),
      () => peer.send(`40{"sid":"another ${random.below(1e9)}"}`),
      () => this.#sendBinary(peer),
    ];
    random.pick(odd)();
  }

  #sendBinary(peer) {
    peer.send(`451-["news",{"_placeholder":true,"num":0}]`);
    // Sometimes what was announced never comes.
    if (!this.#random.oneIn(20)) peer.send(Buffer.alloc(this.#random.below(10_000)));
  }
}
