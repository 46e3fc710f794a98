import type { Steps } from '@spillway/core'

/** What work in steps comes to, and how many steps it took. */
export function finished<T>(steps: Steps<T>): { readonly value: T; readonly steps: number } {
  for (let count = 0; ; count++) {
    const { done, value } = steps.next()
    if (done) return { value, steps: count }
  }
}
