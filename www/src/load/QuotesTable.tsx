import { ListCard } from "../ui/ListCard";
import { formatCount } from "../format";
import type { Way } from "./choices";
import { useQuotes } from "./useQuotes";

const price = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The newest quote of each symbol. It renders whenever its listener is called, as far as React lets it. */
export function QuotesTable({ way }: { way: Way }) {
  const { quotes, calls } = useQuotes(way);
  const rows = [...quotes.values()].sort((a, b) => a.symbol.localeCompare(b.symbol));
  return (
    <ListCard
      title="Quotes"
      className="quotes"
      count={rows.length}
      empty="No quote yet. Let the server send some."
      aside={
        <span className="count">
          listener called <b data-testid="listener-calls">{formatCount(calls)}</b> × per second
        </span>
      }
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col" className="number">
              Price
            </th>
            <th scope="col" className="number">
              Change
            </th>
            <th scope="col" className="number">
              Volume
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((quote) => (
            <tr key={quote.symbol} data-testid="quote-row" data-id={quote.symbol}>
              <th scope="row">{quote.symbol}</th>
              <td className="number">{price.format(quote.price)}</td>
              <td className="number" data-sign={Math.sign(quote.change)}>
                {quote.change > 0 && "+"}
                {price.format(quote.change)}
              </td>
              <td className="number">{formatCount(quote.volume)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ListCard>
  );
}
