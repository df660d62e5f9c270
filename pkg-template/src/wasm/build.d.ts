/** What the `.wasm` file of the package has in its section `sockeye`: another one in each build. */
export const build: string;
/** The version of the package, and of which build it is. */
export const release: string;
