/** `npx vite build www` makes the page that the mock server serves; `npx vite www` is for working on it. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const mockServer = "http://localhost:4000";

export default defineConfig({
  plugins: [react()],
  build: { outDir: "dist", emptyOutDir: true },
  server: {
    proxy: {
      "/primes": { target: mockServer, ws: true },
      "/jobs": { target: mockServer, ws: true },
      "/craft": { target: mockServer, ws: true },
      "/control": { target: mockServer },
    },
  },
});
