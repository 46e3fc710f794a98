import type { Steps } from '@spillway/core'

/** Files, or what is known of each, that are looked at in a step: some hundred microseconds. */
export const FILES_IN_A_STEP = 256

export function* mapInSteps<Item, Result>(
  items: readonly Item[],
  of: (item: Item) => Result,
): Steps<readonly Result[]> {
  const results: Result[] = []
  yield* eachInSteps(items, item => results.push(of(item)))
  return results
}

export function* eachInSteps<Item>(
  items: readonly Item[],
  visit: (item: Item, index: number) => void,
): Steps<void> {
  yield* everyInSteps(items, (item, i) => {
    visit(item, i)
    return true
  })
}

/** False at the first that does not hold; the others are not looked at. */
export function* everyInSteps<Item>(
  items: readonly Item[],
  holds: (item: Item, index: number) => boolean,
): Steps<boolean> {
  for (let i = 0; i < items.length; i++) {
    if (!holds(items[i]!, i)) return false
    if (i % FILES_IN_A_STEP === FILES_IN_A_STEP - 1) yield
  }
  return true
}
