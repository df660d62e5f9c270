import { primes } from "../clients";
import { ConnectionCard } from "../connection/ConnectionCard";
import { BatchesTable } from "./BatchesTable";
import { Counters } from "./Counters";
import { EventFeed } from "./EventFeed";
import { PrimeJobsTable } from "./PrimeJobsTable";
import { SolutionsTable } from "./SolutionsTable";
import { StartPrimeJob } from "./StartPrimeJob";
import { TopicBar } from "./TopicBar";
import { usePrimes } from "./usePrimes";

/** The dashboard of the primes contract: batches of jobs that look for prime numbers. */
export function PrimesDashboard() {
  const { received, batches, jobs, solutions, feed, activity, totals } = usePrimes();
  return (
    <section className="column" id="primes" aria-labelledby="primes-title">
      <header className="column-head">
        <h2 id="primes-title">Primes dashboard</h2>
        <StartPrimeJob />
      </header>
      <ConnectionCard name="primes" client={primes} path="/primes/socket.io" />
      <TopicBar />
      <Counters received={received} jobs={jobs} totals={totals} />
      <div className="grid">
        <PrimeJobsTable jobs={jobs} />
        <BatchesTable batches={batches} />
        <SolutionsTable solutions={solutions} />
        <EventFeed feed={feed} activity={activity} />
      </div>
    </section>
  );
}
