/** A state as a coloured word. */
export function Badge({ state, title }: { state: string; title?: string | undefined }) {
  return (
    <span className="badge" data-state={state} title={title}>
      {state.replaceAll("_", " ")}
      {title !== undefined && <span className="visually-hidden">: {title}</span>}
    </span>
  );
}
