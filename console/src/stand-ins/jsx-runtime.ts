// Stands in the place of preact/jsx-runtime (see vite.config.ts). Only providers of @tanstack/preact-query use it, without keys.

export { h as jsx } from "preact";
