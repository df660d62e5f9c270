import { type ReactNode, useId } from "react";
import { formatCount } from "../format";
import { Empty } from "./Empty";

interface Props {
  title: string;
  /** How many items are shown; none shows `empty`. */
  count: number;
  empty: ReactNode;
  children: ReactNode;
  /** Stands beside the title instead of the count. */
  aside?: ReactNode;
  className?: string;
}

/** A titled card with a list or table that scrolls in it. */
export function ListCard({ title, count, empty, children, aside, className = "" }: Props) {
  const id = useId();
  return (
    <section className={`card list-card ${className}`} aria-labelledby={id}>
      <header>
        <h3 id={id}>{title}</h3>
        {aside ?? <span className="count">{formatCount(count)} shown</span>}
      </header>
      {/* Scrolls, so the keyboard must reach it. */}
      <div className="scroll" role="group" aria-labelledby={id} tabIndex={0}>
        {count === 0 ? <Empty>{empty}</Empty> : children}
      </div>
    </section>
  );
}
