/** The arguments of an event as one value. */

/** One value stands for itself, several are a tuple. */
export function toValue(values: readonly unknown[], from: number): unknown {
  return values.length > from + 1 ? values.slice(from) : values[from];
}
