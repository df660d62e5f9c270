/**
 * The demo: one page, three clients, each with its connection and what comes over it.
 *
 * Test ids. Per client, with `primes`, `jobs` or `quotes` for NAME:
 * - `connection-NAME`: the card; `attempt`, `countdown` and `cause` are in it, so look for them there
 * - `status-NAME`: the state, as the text and nothing else
 * - `attempt`: the number of the attempt, "–" if none is under way or planned
 * - `countdown`: "3.2 s" until the next attempt, "–" if none is planned
 * - `cause`: message, code and hint of the error, there only if there is one
 * - `cut-NAME`, `reconnect-NAME`, `toggle-NAME` (Disconnect or Connect): buttons
 *
 * Primes dashboard:
 * - `start-prime-job`: button
 * - `subscribe-TOPIC`: button that subscribes or unsubscribes; TOPIC is batches, jobs or solutions
 * - `topic-TOPIC`: its `data-state` is subscribed, unsubscribed, unconfirmed or offline
 * - `event-count`: how many events of any name came, as plain digits
 * - `batch-row`, `prime-job-row`, `solution-row`: rows, with the `data-id`
 *
 * Jobs monitor:
 * - `start-job` (button), `job-steps`, `job-fail`: the form
 * - `job-row`: one job, with `data-id` and `data-state`; in it `progress` (its `value` is 0 to 100),
 *   `follow-job` and `history-job` (buttons)
 * - `follow-all`: button; `followed`: the room that the server has confirmed
 * - `job-history`: the history of the chosen job, with a `history-row` per update
 *
 * Under load:
 * - `core-page`, `core-worker`, `core-shared`, `way-plain`, `way-conflated`, `rate-RATE`: radio buttons
 * - `connections-all`: how many connections the server has to such clients, of all tabs
 * - `frame-chart`; `frame-p50`, `frame-p99`, `frame-max` ("16.7 ms"), `frame-long` (plain digits): its figures
 * - `quote-row`: rows, with the symbol as `data-id`; `listener-calls`: calls in the last second
 * - `worker-problem`: why there is no worker, there only if there is to be one
 */
import { LoadLab } from "./load/LoadLab";
import { JobsMonitor } from "./jobs/JobsMonitor";
import { PrimesDashboard } from "./primes/PrimesDashboard";
import { Logo } from "./ui/Logo";

export function App() {
  return (
    <>
      <header className="page-head">
        <Logo />
        <div>
          <h1>Sockeye</h1>
          <p>Three Socket.IO clients on one page. Cut a connection, and watch it come back.</p>
        </div>
        <nav aria-label="Parts of the page">
          <a href="#primes">Primes</a>
          <a href="#jobs">Jobs</a>
          <a href="#load">Under load</a>
        </nav>
      </header>
      <main>
        <PrimesDashboard />
        <JobsMonitor />
        <LoadLab />
      </main>
      <footer className="page-foot">
        In the console: <code>sockeyeDemo.primes</code>, <code>sockeyeDemo.jobs</code> and{" "}
        <code>sockeyeDemo.quotes</code> are the clients.
      </footer>
    </>
  );
}
