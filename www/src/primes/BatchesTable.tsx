import type { Batch } from "../events";
import { Badge } from "../ui/Badge";
import { ListCard } from "../ui/ListCard";

/** The batches that jobs are counted in. */
export function BatchesTable({ batches }: { batches: readonly Batch[] }) {
  return (
    <ListCard
      title="Batches"
      count={batches.length}
      empty="No batch yet. The first job that completes opens one."
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Batch</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Jobs
            </th>
            <th scope="col" className="number">
              Solutions
            </th>
          </tr>
        </thead>
        <tbody>
          {batches.map(({ id, status, jobs, solutions }) => (
            <tr key={id} data-testid="batch-row" data-id={id}>
              <th scope="row">
                <code>{id}</code>
              </th>
              <td>{status === undefined ? "–" : <Badge state={status} />}</td>
              <td className="number">{jobs ?? "–"}</td>
              <td className="number">{solutions ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ListCard>
  );
}
