/** Code of the application, in the middle of the client's work. */

/** Runs it; what it throws is thrown later, so that the work goes on. */
export function isolate(run: () => void): void {
  try {
    run();
  } catch (error) {
    void Promise.resolve().then(() => {
      throw error;
    });
  }
}
