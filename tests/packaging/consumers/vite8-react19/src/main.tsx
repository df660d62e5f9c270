import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";

const server = new URLSearchParams(location.search).get("server");

createRoot(document.getElementById("root")!).render(
  <StrictMode>{server && <App server={server} />}</StrictMode>,
);
