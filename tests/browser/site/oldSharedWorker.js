/** A shared worker with another version of the package in it. */
addEventListener("connect", ({ ports: [page] }) => {
  page.onmessage = ({ ports: [port] }) => port.postMessage([["refused", "0.0.1-old"]]);
});
