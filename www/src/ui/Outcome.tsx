import type { Action } from "../hooks/useAction";

interface Props extends Pick<Action, "outcome"> {
  /** Success shows elsewhere: only screen readers are told. */
  isQuiet?: boolean;
}

/** How an action went, in a place of its own, so that screen readers notice the change. */
export function Outcome({ outcome, isQuiet = false }: Props) {
  const failed = outcome?.failed === true;
  const success = isQuiet ? "visually-hidden" : "outcome";
  return (
    <span className={failed ? "outcome failed" : success} role={failed ? "alert" : "status"}>
      {outcome?.text}
    </span>
  );
}
