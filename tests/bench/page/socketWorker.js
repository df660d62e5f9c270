/** The worker of `worker.js`. */
import "sockeye-client/worker";
