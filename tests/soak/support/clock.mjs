/** The clock that pages, the server and the programmes share: milliseconds since 1970, with fractions. */
export const now = () => performance.timeOrigin + performance.now();
