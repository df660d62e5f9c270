/** Errors of stores, which lose their class and their code when they are cloned. */
import type { Fault } from "./messages.js";

export function toFault(error: unknown): Fault {
  const { code, incident } = (error ?? {}) as Partial<Fault>;
  const message = error instanceof Error ? error.message : String(error);
  return {
    message,
    ...(typeof code === "string" && { code }),
    ...(typeof incident === "string" && { incident }),
  };
}

export const fromFault = ({ message, ...known }: Fault): Error =>
  Object.assign(new Error(message), known);
