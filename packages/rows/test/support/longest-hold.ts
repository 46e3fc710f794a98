/** How long others wait at most for their turn of the event loop until `work` is done, and how long that takes. */
export async function longestHold(
  work: () => Promise<unknown>,
): Promise<{ hold: number; whole: number }> {
  let last = performance.now()
  const began = last
  let hold = 0
  let done = false
  const others = (async () => {
    while (!done) {
      await new Promise(resolve => setImmediate(resolve))
      const now = performance.now()
      hold = Math.max(hold, now - last)
      last = now
    }
  })()
  await work().finally(() => {
    done = true
  })
  await others
  return { hold, whole: performance.now() - began }
}
