/** Numbers that no two cores of a worker share: what a page says of a core that it has left concerns nobody. */

let last = 0;

/** Returns a number that is higher each time. */
export const nextTicket = (): number => ++last;
