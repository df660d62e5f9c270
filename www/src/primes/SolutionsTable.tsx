import type { Solution } from "../events";
import { formatCount } from "../format";
import { ListCard } from "../ui/ListCard";

/** The prime numbers that were found. */
export function SolutionsTable({ solutions }: { solutions: readonly Solution[] }) {
  return (
    <ListCard
      title="Solutions"
      count={solutions.length}
      empty="No prime found yet. Jobs find some while they run."
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Prime</th>
            <th scope="col">Found by</th>
          </tr>
        </thead>
        <tbody>
          {solutions.map(({ id, jobId, prime }) => (
            <tr key={id} data-testid="solution-row" data-id={id}>
              <th scope="row" className="prime">
                {formatCount(prime)}
              </th>
              <td>
                <code>{jobId}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ListCard>
  );
}
