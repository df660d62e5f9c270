import { formatDuration } from "../format";
import { useNow } from "../hooks/useNow";

/** How long ago something began, in whole seconds. */
export function Uptime({ since }: { since: number }) {
  const seconds = Math.max(0, Math.floor((useNow(1000) - since) / 1000));
  return seconds < 10 ? `${seconds} s` : formatDuration(seconds * 1000);
}
