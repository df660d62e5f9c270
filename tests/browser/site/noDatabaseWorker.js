/** A client's worker in a browser that has no database for workers. */
import "/sockeye/worker.js";

Object.defineProperty(self, "indexedDB", { value: undefined });
