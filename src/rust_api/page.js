// The life of the page: frozen, left, seen again, another network, clocks that have jumped.

/** How often the clocks are looked at, while the page is seen. */
const TICK_MS = 2_000;
/** So much later than it was due a tick says that everything stood still. */
const LATE_MS = 5_000;
/** So far two clocks may drift apart between ticks, and be set right. */
const DRIFT_MS = 1_000;

/** Tells `owner` to `suspend` and to `resume` until the function that it returns is called. */
export function watchPage(owner) {
  const { document } = globalThis;
  const clock = makeClock((asleepMs) => owner.resume(asleepMs));
  const isSeen = () => document?.visibilityState !== "hidden";
  const suspend = () => {
    clock.stop();
    owner.suspend();
  };
  const resume = () => {
    if (isSeen()) clock.start();
    owner.resume(0);
  };
  // Each page is shown once without having been away.
  const pageshow = ({ persisted }) => persisted && resume();
  const visibilitychange = () => (isSeen() ? resume() : clock.stop());
  const listeners = [
    [globalThis, { pagehide: suspend, pageshow, online: resume, offline: resume }],
    [document, { freeze: suspend, resume, visibilitychange }],
  ];
  for (const [target, calls] of listeners) each(target?.addEventListener, target, calls);
  if (isSeen()) clock.start();
  return () => {
    for (const [target, calls] of listeners) each(target?.removeEventListener, target, calls);
    clock.stop();
  };
}

function each(method, target, calls) {
  for (const [type, call] of Object.entries(calls)) method?.call(target, type, call);
}

/** Tells a tick that comes too late, with the time for which the monotonic clock stood still. */
function makeClock(handleJump) {
  let timer;
  let monotonic;
  let wall;
  const look = () => {
    [monotonic, wall] = [performance.now(), Date.now()];
  };
  const tick = () => {
    const passed = performance.now() - monotonic;
    const passedWall = Date.now() - wall;
    look();
    if (Math.max(passed, passedWall) < TICK_MS + LATE_MS) return;
    const asleep = passedWall - passed;
    handleJump(asleep > DRIFT_MS ? asleep : 0);
  };
  return {
    start() {
      if (timer !== undefined) return;
      look();
      timer = setInterval(tick, TICK_MS);
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
