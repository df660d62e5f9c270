/** Draws frames as bars: as wide and as high as they are long, the newest at the right. */
import { type Frame, lateMs, longMs, shownMs } from "./frames";

/** What takes longer is drawn as high as the chart. */
const highestMs = 100;
const lines = [1_000 / 60, longMs];
/** Where the lines are labelled, left of the bars. */
const labelsWide = 44;

export interface Colours {
  good: string;
  late: string;
  long: string;
  line: string;
  text: string;
}

/** Returns the colours of the page's theme, as they are for `element`. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name);
  return {
    good: colour("--good"),
    late: colour("--late"),
    long: colour("--bad"),
    line: colour("--line"),
    text: colour("--muted"),
  };
}

export function drawFrames(
  canvas: HTMLCanvasElement,
  frames: readonly Frame[],
  now: number,
  colours: Colours,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = fit(canvas, context);
  context.clearRect(0, 0, width, height);
  const perMs = (width - labelsWide) / shownMs;
  const heightOf = (ms: number) => (Math.min(ms, highestMs) / highestMs) * height;
  for (const { at, ms } of frames) {
    context.fillStyle = ms > longMs ? colours.long : ms > lateMs ? colours.late : colours.good;
    const right = width - (now - at) * perMs;
    const left = Math.max(labelsWide, right - ms * perMs);
    // A little is left free between two, where there is room for it.
    const wide = Math.max(0.5, right - left - 0.4);
    context.fillRect(left, height - heightOf(ms), wide, heightOf(ms));
  }
  drawLines(context, width, (ms) => height - heightOf(ms), colours);
}

function drawLines(
  context: CanvasRenderingContext2D,
  width: number,
  yOf: (ms: number) => number,
  { line, text }: Colours,
): void {
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const ms of lines) {
    const y = Math.round(yOf(ms)) - 0.5;
    context.fillStyle = line;
    context.fillRect(labelsWide, y, width - labelsWide, 1);
    context.fillStyle = text;
    context.fillText(`${Math.round(ms)} ms`, labelsWide - 6, y);
  }
}

/** Gives the canvas as many pixels as it is shown with; returns its size in those of CSS. */
function fit(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { width, height };
}
