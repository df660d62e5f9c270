/** The worker of a client, as an application has it. */
import "/sockeye/worker.js";
