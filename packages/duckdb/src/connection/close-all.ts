/** Runs all of them, the last first, whatever fails. Those that failed stay in the list; the first failure is thrown. */
export async function closeAll(closers: (() => unknown)[]): Promise<void> {
  const failed: (() => unknown)[] = []
  const failures: unknown[] = []
  for (const closer of closers.splice(0).reverse()) {
    try {
      await closer()
    } catch (error) {
      failed.unshift(closer)
      failures.push(error)
    }
  }
  closers.unshift(...failed)
  if (failures.length > 0) throw failures[0]
}

/** Runs `work`, then `close` whatever came of it. Why the work failed is never hidden by what its end fails with. */
export async function thenClose<Result>(
  work: () => Promise<Result>,
  close: () => Promise<void>,
): Promise<Result> {
  let result: Result
  try {
    result = await work()
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
  await close()
  return result
}
