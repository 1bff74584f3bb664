// Stands in the place of the cache of mutations of @tanstack/query-core (see vite.config.ts), which would take 5 KB.
// Actions of the console are plain requests (`parts/action.ts`), so that cache would always be empty.

export class MutationCache {
  clear(): void {}

  async resumePausedMutations(): Promise<void> {}
}
