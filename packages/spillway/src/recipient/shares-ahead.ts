import type { SharingClient } from '@spillway/client'
import type { WireShare } from '@spillway/protocol'

/** A client whose shares are being listed already; whoever lists them again asks anew. */
export function withSharesAhead(client: SharingClient, signal: AbortSignal): SharingClient {
  let ahead: Promise<readonly WireShare[]> | undefined = collected(client.shares({ signal }))
  // Who asks for them is told.
  ahead.catch(() => undefined)
  return {
    ...client,
    async *shares(options) {
      const listed = ahead
      ahead = undefined
      yield* listed === undefined ? client.shares(options) : await listed
    },
  }
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
