/** Turns that others have of the event loop until `work` is done: none where it is done in one piece. If it fails, so does this. */
export async function turnsDuring<T>(
  work: () => Promise<T>,
): Promise<{ readonly turns: number; readonly value: T }> {
  let turns = 0
  let done = false
  const others = (async () => {
    while (!done) {
      turns++
      await new Promise(resolve => setImmediate(resolve))
    }
  })()
  try {
    const value = await work()
    return { turns, value }
  } finally {
    done = true
    await others
  }
}
