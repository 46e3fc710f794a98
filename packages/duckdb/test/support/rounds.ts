type Fetch = typeof globalThis.fetch

/** Requests by the round in which they were made, as `GET /path` and, of data, the range. */
export interface Rounds {
  readonly fetch: Fetch
  readonly asked: readonly (readonly string[])[]
}

/**
 * Answers nobody of a round before all of it have asked: `sizes` are the requests of each round, in order, so that whoever
 * waits for one answer before asking for another of its round waits for ever. What comes behind the last is a round more.
 */
export function inRounds(sizes: readonly number[], inner: Fetch = globalThis.fetch): Rounds {
  const asked: string[][] = []
  let open = () => {}
  let opened = Promise.resolve()
  return {
    asked,
    async fetch(input, init) {
      const current = asked.at(-1)
      const size = sizes[asked.length - 1] ?? Number.POSITIVE_INFINITY
      if (current === undefined || current.length >= size) {
        asked.push([])
        opened = new Promise(resolve => {
          open = resolve
        })
      }
      const round = asked.at(-1)!
      round.push(requestText(input, init))
      if (round.length >= (sizes[asked.length - 1] ?? 0)) open()
      await opened
      return inner(input, init)
    },
  }
}

function requestText(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): string {
  const { pathname } = new URL(String(input))
  const range = new Headers(init?.headers).get('range')
  return `${init?.method ?? 'GET'} ${pathname}${range === null ? '' : ` ${range}`}`
}
