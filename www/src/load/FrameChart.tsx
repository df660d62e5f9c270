import { useEffect, useRef, useState } from "react";
import { formatCount } from "../format";
import { coloursOf, drawFrames } from "./drawFrames";
import { lateMs, longMs, type Summary, summarize, watchFrames } from "./frames";

const everyMs = 500;

/** The frames of the last ten seconds, as a picture and as figures. */
export function FrameChart() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [summary, setSummary] = useState<Summary>();
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let colours = coloursOf(element);
    let summarizedAt = 0;
    return watchFrames((frames, now) => {
      drawFrames(element, frames, now, colours);
      if (now - summarizedAt < everyMs) return;
      summarizedAt = now;
      colours = coloursOf(element);
      setSummary(summarize(frames));
    });
  }, []);
  return (
    <figure className="frames">
      <figcaption>
        Frame times of the last 10 s, <b className="late-mark">late</b> over {lateMs} ms and{" "}
        <b className="long-mark">long</b> over {longMs} ms
      </figcaption>
      <canvas
        ref={canvas}
        role="img"
        aria-label={summary ? inWords(summary) : "No frame yet"}
        data-testid="frame-chart"
      />
      <dl className="figures">
        <Figure name="p50" testId="frame-p50" value={inMs(summary?.p50)} />
        <Figure name="p99" testId="frame-p99" value={inMs(summary?.p99)} />
        <Figure name="Longest" testId="frame-max" value={inMs(summary?.max)} />
        <Figure
          name="Long frames"
          testId="frame-long"
          value={summary ? formatCount(summary.long) : "–"}
        />
      </dl>
    </figure>
  );
}

interface FigureProps {
  name: string;
  testId: string;
  value: string;
}

function Figure({ name, testId, value }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}

const inMs = (ms: number | undefined) => (ms === undefined ? "–" : `${ms.toFixed(1)} ms`);

const inWords = ({ p50, p99, max, long }: Summary) =>
  `Frame times of the last 10 seconds: p50 ${inMs(p50)}, p99 ${inMs(p99)}, longest ${inMs(max)}, ${long} long`;
