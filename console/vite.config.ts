// How the console is built: one page, its script, the script of its packages, one style sheet, one icon.

import { loadEnv, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the sources, and sends the requests to the API on to a stack such as that of `make run`.
const api = loadEnv("", ".", "ROLECALL_")["ROLECALL_API"] ?? "http://127.0.0.1:3091";
const pathsOfApi = "^/(users|login|logout|register|tenants|global|audit|webhooks|v1)(/|\\?|$)";

// Minifying removes the comments in which packages name their authors.
const NOTICE = `/* From npm, in the versions of console/package-lock.json, under the MIT licence:
preact, (c) Jason Miller; @tanstack/query-core and @tanstack/preact-query, (c) Tanner Linsley;
openapi-fetch, (c) Drew Powers. */
`;

function nameAuthors(): Plugin {
  return {
    name: "name-authors",
    augmentChunkHash: (chunk) => (chunk.name === "packages" ? NOTICE : undefined),
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type === "chunk" && chunk.name === "packages") {
            chunk.code = NOTICE + chunk.code;
          }
        }
      },
    },
  };
}

// What packages bring and the console never uses, and what is built in its place.
const STAND_INS: Readonly<Record<string, string>> = {
  "./mutationCache.js": "/src/stand-ins/mutation-cache.ts",
  "preact/jsx-runtime": "/src/stand-ins/jsx-runtime.ts",
};

function leaveOutUnusedParts(): Plugin {
  return {
    name: "leave-out-unused-parts",
    apply: "build",
    enforce: "pre",
    resolveId(id) {
      const standIn = STAND_INS[id];
      return standIn ? this.resolve(standIn) : null;
    },
  };
}

export default defineConfig({
  base: "./",
  oxc: {
    // Calls of `h` make a shorter script than the functions of the automatic runtime.
    jsx: { runtime: "classic", pragma: "createNode", pragmaFrag: "NodeGroup" },
    jsxInject: `import { Fragment as NodeGroup, h as createNode } from "preact";`,
  },
  plugins: [leaveOutUnusedParts(), nameAuthors()],
  server: { proxy: { [pathsOfApi]: { target: api } } },
  build: {
    target: "es2023",
    // Browsers that know `light-dark()`. For others each colour would be written twice.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsDir: "console",
    assetsInlineLimit: 0,
    // API Gateway does not compress, so these bytes count. A test builds anew and compares.
    minify: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { console: "index.html" },
      output: {
        comments: false,
        codeSplitting: { groups: [{ name: "packages", test: /node_modules|rolldown|vite|stand-ins/ }] },
      },
    },
  },
  test: { include: ["test/**/*.test.ts"] },
});
