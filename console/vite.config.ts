// How the console is built: one page, its script, the script of its packages, one style sheet, one icon.

import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the sources, and sends the requests to the API on to a stack such as that of `make run`.
const api = loadEnv("", ".", "ROLECALL_")["ROLECALL_API"] ?? "http://127.0.0.1:3091";
const pathsOfApi = "^/(users|login|logout|register|tenants|global|audit|webhooks|v1)(/|\\?|$)";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { proxy: { [pathsOfApi]: { target: api } } },
  build: {
    target: "es2023",
    assetsDir: "console",
    assetsInlineLimit: 0,
    // API Gateway does not compress, so these bytes count. A test builds anew and compares.
    minify: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { console: "index.html" },
      output: {
        comments: false,
        codeSplitting: { groups: [{ name: "packages", test: /node_modules|rolldown|vite/ }] },
      },
    },
  },
  test: { include: ["test/**/*.test.ts"] },
});
