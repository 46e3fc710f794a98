import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StoreUse } from '../report/prices.js'
import type { Climate } from './weather.js'

export interface StartedStore {
  readonly endpoint: string
  /** What was asked since this was last called. */
  readonly take: () => Promise<StoreUse>
  readonly close: () => void
}

/** The simulated store over the tables in `root`, in a process of its own. */
export async function startStore(root: string, climate: Climate): Promise<StartedStore> {
  const program = fileURLToPath(new URL('./store-process.js', import.meta.url))
  const child = fork(program, [root, JSON.stringify(climate)])
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the simulated store ended with ${code}`)
  })
  // Looked at where an answer is waited for.
  ended.catch(() => undefined)
  const answer = async () => (await Promise.race([once(child, 'message'), ended]))[0]
  const { port } = (await answer()) as { readonly port: number }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async take() {
      const taken = answer()
      child.send('take')
      return (await taken) as StoreUse
    },
    close: () => child.disconnect(),
  }
}
