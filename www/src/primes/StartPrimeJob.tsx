import { startPrimeJob } from "../api";
import { useAction } from "../hooks/useAction";
import { Outcome } from "../ui/Outcome";

/** Starts a job over HTTP; what becomes of it comes as events. */
export function StartPrimeJob() {
  const { run, isPending, outcome } = useAction(async () => {
    const { jobId } = await startPrimeJob();
    return `Started ${jobId}`;
  });
  return (
    <div className="start">
      <Outcome outcome={outcome} />
      <button
        type="button"
        className="primary"
        disabled={isPending}
        onClick={run}
        data-testid="start-prime-job"
      >
        Start a job
      </button>
    </div>
  );
}
