// How the console is built: one page, its script, the script of its packages, one style sheet, one icon.

import { loadEnv, parseAst, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the sources, and sends the requests to the API on to a stack such as that of `make run`.
const api = loadEnv("", ".", "ROLECALL_")["ROLECALL_API"] ?? "http://127.0.0.1:3091";
const pathsOfApi = "^/(users|login|logout|register|tenants|global|audit|webhooks|v1)(/|\\?|$)";

// Minifying removes the comments in which packages name their authors.
const NOTICE = `/* From npm, in the versions of console/package-lock.json, under the MIT licence:
preact, (c) Jason Miller; @tanstack/query-core, (c) Tanner Linsley;
openapi-fetch, (c) Drew Powers. */
`;

/** The bytes that are served, after minifying. Their hash follows from what was there before, so it knows this number. */
const FORM = "2";

/** Names the authors of the packages, and gives each function and each rule of style a line of its own. */
function makeReadable(): Plugin {
  return {
    name: "make-readable",
    augmentChunkHash: (chunk) => FORM + (chunk.name === "packages" ? NOTICE : ""),
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const part of Object.values(bundle)) {
          if (part.type === "chunk") {
            part.code = (part.name === "packages" ? NOTICE : "") + breakScript(part.code);
          } else if (part.fileName.endsWith(".css")) {
            part.source = String(part.source).replace(/\}(?=[^}])/gu, "}\n");
          }
        }
      },
    },
  };
}

/** Begins a line with each statement of the top level and with each variable that it declares. */
function breakScript(code: string): string {
  const starts = parseAst(code).body.flatMap((statement) =>
    statement.type === "VariableDeclaration"
      ? statement.declarations.map((one, index) => (index ? one.start : statement.start))
      : [statement.start],
  );
  const lines = starts.map((start, index) => code.slice(start, starts[index + 1]).trim());
  // A line that begins with a letter needs no semicolon before it.
  return `${lines.map((line, index) => (/^[a-z]/u.test(lines[index + 1] ?? "a") ? line.replace(/;$/u, "") : line)).join("\n")}\n`;
}

// What packages bring and the console never uses, and what is built in its place.
const STAND_INS: Readonly<Record<string, string>> = {
  "./mutationCache.js": "/src/stand-ins/mutation-cache.ts",
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
  plugins: [leaveOutUnusedParts(), makeReadable()],
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
      // Texts stand where they are used: they are shorter than the variables that would hold them.
      optimization: { inlineConst: true },
      input: { console: "index.html" },
      output: {
        comments: false,
        codeSplitting: { groups: [{ name: "packages", test: /node_modules|rolldown|vite|stand-ins/ }] },
      },
    },
  },
  test: { include: ["test/**/*.test.ts"] },
});
