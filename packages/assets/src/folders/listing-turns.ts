import { TableError } from '@spillway/core'

export interface ListingTurnsOptions {
  /** Listings under way at once, of all who ask. */
  readonly atOnce?: number | undefined
  /** Of one who asks. */
  readonly perAsker?: number | undefined
}

const AT_ONCE = 8
const PER_ASKER = 2

interface Waiting {
  /** Who waits for the listing; more may come. */
  readonly askers: ReadonlySet<string>
  admit(asker: string | undefined): void
}

/** Who may list a folder now: few at once, first come first served, and nobody takes the turns of all others. */
export class ListingTurns {
  readonly #atOnce: number
  readonly #perAsker: number
  readonly #taken = new Map<string, number>()
  readonly #waiting = new Set<Waiting>()
  #underWay = 0

  constructor({ atOnce = AT_ONCE, perAsker = PER_ASKER }: ListingTurnsOptions = {}) {
    this.#atOnce = atOnce
    this.#perAsker = perAsker
  }

  /** Gives the turn back. Without askers it is nobody's in particular. */
  take(askers: ReadonlySet<string>, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#waiting.delete(waiting)
        reject(new TableError('CANCELLED', 'the listing was cancelled', { cause: signal.reason }))
      }
      const waiting: Waiting = {
        askers,
        admit: asker => {
          signal.removeEventListener('abort', stop)
          resolve(() => this.#release(asker))
        },
      }
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.add(waiting)
      this.admit()
    })
  }

  /** Lets begin who may: asked again where somebody has joined who has a turn left. */
  admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#underWay >= this.#atOnce) return
      const asker = [...waiting.askers].find(each => this.#takenBy(each) < this.#perAsker)
      if (asker === undefined && waiting.askers.size > 0) continue
      this.#waiting.delete(waiting)
      this.#underWay++
      if (asker !== undefined) this.#taken.set(asker, this.#takenBy(asker) + 1)
      waiting.admit(asker)
    }
  }

  #takenBy(asker: string): number {
    return this.#taken.get(asker) ?? 0
  }

  #release(asker: string | undefined): void {
    this.#underWay--
    if (asker !== undefined) {
      const left = this.#takenBy(asker) - 1
      if (left === 0) this.#taken.delete(asker)
      else this.#taken.set(asker, left)
    }
    this.admit()
  }
}
