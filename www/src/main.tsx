import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import "./styles/theme.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/states.css";
import "./styles/connection.css";
import "./styles/topics.css";
import "./styles/lists.css";
import "./styles/jobs.css";
import "./styles/load.css";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");

createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
