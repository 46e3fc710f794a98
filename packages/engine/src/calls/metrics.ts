/** Where an embedder's counters and timings go. Called synchronously; must not throw. */
export interface EngineObserver {
  /**
   * `snapshot.hit`, `snapshot.load`, `snapshot.refresh`, `files.signed`, `files.rewritten`, `files.vectors`; of whoever warms,
   * `files.warmed`, `warming.failed`; of what outlives the process, `spill.hit`, `spill.miss`, `spill.written`, and `spill.dropped`
   * of what did not hold.
   */
  count?(name: string, value: number, labels: Readonly<Record<string, string>>): void
  /** How long one piece of work took. */
  timing?(name: string, milliseconds: number, labels: Readonly<Record<string, string>>): void
}

export interface Metrics {
  count(name: string, value?: number, labels?: Readonly<Record<string, string>>): void
  timed<T>(
    name: string,
    work: () => Promise<T>,
    labels?: Readonly<Record<string, string>>,
  ): Promise<T>
}

const NO_LABELS: Readonly<Record<string, string>> = {}

export function createMetrics(observer: EngineObserver | undefined): Metrics {
  return {
    count: (name, value = 1, labels = NO_LABELS) => observer?.count?.(name, value, labels),
    async timed(name, work, labels = NO_LABELS) {
      const start = performance.now()
      try {
        return await work()
      } finally {
        observer?.timing?.(name, performance.now() - start, labels)
      }
    },
  }
}
