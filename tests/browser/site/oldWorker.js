/** A worker with another version of the package in it. */
addEventListener("message", ({ ports: [port] }) => {
  port.postMessage([["refused", "0.0.1-old"]]);
});
