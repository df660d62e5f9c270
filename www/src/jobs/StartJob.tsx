import { useState } from "react";
import { startJob } from "../api";
import { useAction } from "../hooks/useAction";
import { Outcome } from "../ui/Outcome";

interface Props {
  onStarted: (jobId: string) => Promise<void>;
}

const MAX_STEPS = 100;

/** Starts a job over HTTP, one that fails if wished. */
export function StartJob({ onStarted }: Props) {
  const [steps, setSteps] = useState(8);
  const [fail, setFail] = useState(false);
  const isValid = Number.isInteger(steps) && steps >= 1 && steps <= MAX_STEPS;
  const { run, isPending, outcome } = useAction(async () => {
    const { jobId } = await startJob({ steps, fail });
    await onStarted(jobId);
    return `Started ${jobId}`;
  });
  return (
    <form
      className="start"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <Outcome outcome={outcome} isQuiet />
      <label>
        Steps{" "}
        <input
          type="number"
          min={1}
          max={MAX_STEPS}
          required
          value={Number.isNaN(steps) ? "" : steps}
          onChange={(event) => setSteps(event.target.valueAsNumber)}
          data-testid="job-steps"
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={fail}
          onChange={(event) => setFail(event.target.checked)}
          data-testid="job-fail"
        />{" "}
        Let it fail
      </label>
      <button
        type="submit"
        className="primary"
        disabled={isPending || !isValid}
        data-testid="start-job"
      >
        Start a job
      </button>
    </form>
  );
}
