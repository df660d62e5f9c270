/** What the `.wasm` file of the package has in its section `sockeye`: another one in each build. */
export const build: string;
