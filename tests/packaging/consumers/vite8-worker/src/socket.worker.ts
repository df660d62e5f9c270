import "sockeye-client/worker";
