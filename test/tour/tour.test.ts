import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { differences, UNWRITTEN, withStops } from './document.mjs'
import { sourceOf } from './files.mjs'
import { instrumented } from './instrument.mjs'
import { problemsOf, stopsOf, type Trace } from './stops.mjs'

const file = (path: string) => `packages/${path}.ts`

const DOOR = file('server/src/node')
const QUERY = file('server/src/query/query')
const HINTS = file('server/src/query/hints')
const BODY = file('server/src/http/body')
const ENGINE = file('engine/src/engine')
const ERRORS = file('core/src/errors/errors')

/** The door calls the room of queries, that a helper in another room, then the engine, which calls nobody. */
const TRACE: Trace = {
  files: [
    { file: file('spillway/src/serve/listener'), caller: undefined },
    { file: DOOR, caller: undefined },
    { file: QUERY, caller: DOOR },
    { file: ERRORS, caller: QUERY },
    { file: BODY, caller: QUERY },
    { file: ENGINE, caller: QUERY },
    { file: HINTS, caller: QUERY },
  ],
  calls: [
    [DOOR, QUERY],
    [QUERY, ERRORS],
    [QUERY, BODY],
    [QUERY, ENGINE],
    [QUERY, HINTS],
    [ENGINE, QUERY],
  ],
}

describe('an instrumented file', () => {
  const text = `const half = x => x / 2
const nothing = () => ({})
function* both(a = half(2)) { yield a; yield () => a }
class Box { #size = 3; constructor() { this.opened = 0 } get size() { return this.#size } }
async function all() { return [half(4), nothing(), ...both(), new Box().size] }
all()`

  it('says of every function that it is entered, and does what it did', async () => {
    const entered: string[] = []
    const note = (file: string, start: number) => {
      entered.push(`${file} ${/^\S+ ?\S*/.exec(text.slice(start))}`)
    }
    const result = await runInNewContext(await instrumented(text, 'a'), { __entered: note })
    expect(JSON.stringify(result)).toBe(JSON.stringify(await runInNewContext(text)))
    expect(entered).toEqual([
      'a async function',
      'a x =>',
      'a () =>',
      // What a parameter is by default is known before the body begins.
      'a x =>',
      'a function* both(a',
      'a () {',
      'a () {',
    ])
  })

  it('is one of the built packages', () => {
    expect(sourceOf('file:///home/packages/server/dist/query/query.js')).toBe(QUERY)
    expect(sourceOf('file:///home/packages/server/test/query/query.js')).toBeUndefined()
  })
})

describe('the stops of a trace', () => {
  it('are the visits from which calls go on into another package; the others are named with them', () => {
    expect(stopsOf(TRACE)).toEqual({
      stops: [
        {
          number: 1,
          room: 'server',
          leads: ['engine'],
          parts: [{ room: 'server', files: [DOOR], after: 0 }],
        },
        {
          number: 2,
          room: 'server/query',
          leads: ['engine'],
          parts: [
            { room: 'server/query', files: [QUERY, HINTS], after: 0 },
            { room: 'server/http', files: [BODY], after: 0 },
            { room: 'engine', files: [ENGINE], after: 0 },
          ],
        },
      ],
      bottom: [{ room: 'core/errors', files: [ERRORS], after: 0 }],
    })
  })

  it('have what runs after the calls came back from another stop told apart', () => {
    const planner = file('planner/src/plan')
    const { files, calls } = TRACE
    const { stops } = stopsOf({
      files: [...files.slice(0, 6), { file: planner, caller: ENGINE }, ...files.slice(6)],
      calls: [...calls, [ENGINE, planner]],
    })
    expect(stops.map(({ room }) => room)).toEqual(['server', 'server/query', 'engine'])
    expect(stops[1]!.parts.at(-1)).toEqual({ room: 'server/query', files: [HINTS], after: 3 })
  })

  it('begin with what the followed work calls, wherever it leads', () => {
    const { stops } = stopsOf({ files: [{ file: ENGINE, caller: 'start' }], calls: [] })
    expect(stops.map(({ room }) => room)).toEqual(['engine'])
  })

  it('may be too many, or the same too often, and so may the rooms of those who wait', () => {
    const stops = ['a', 'b', 'a', 'c', 'a'].map(room => ({ room }))
    const chain = { files: [DOOR, QUERY, HINTS, DOOR, BODY, DOOR] }
    expect(problemsOf({ stops, chain }, { most: 5, returns: 2 })).toEqual([])
    expect(problemsOf({ stops, chain }, { most: 2, returns: 1 })).toEqual([
      '5 stops, more than 2',
      '3 rooms wait, more than 2',
      'a is a stop too often',
      'who waits comes back to server too often',
    ])
  })
})

describe('the stops of the document', () => {
  const chain = { when: 'it ends', files: [DOOR, QUERY] }
  const tour = (trace: Trace) => ({ one: { ...stopsOf(trace), chain } })
  const blank = 'Before.\n<!-- stops of: one -->\n<!-- end of stops -->\nBehind.\n'
  const written = withStops(blank, tour(TRACE)).replace(UNWRITTEN, 'A request comes.')

  it('are those of the trace, with what was written about them', () => {
    expect(withStops(written, tour(TRACE))).toBe(written)
    expect(written).toContain('1. **[server](../packages/server/src)**\n   A request comes.\n')
    expect(written).toContain('   - [server/http](../packages/server/src/http): `body.ts`\n')
  })

  it('keep what was written where a room is called otherwise', () => {
    const renamed = JSON.parse(
      JSON.stringify(TRACE).replaceAll('server/src/node', 'client/src/node'),
    )
    expect(withStops(written, tour(renamed))).toContain(
      '1. **[client](../packages/client/src)**\n   A request comes.\n',
    )
  })

  it('differ from those of a trace with another file, order or room', () => {
    const named = withStops(written, tour({ ...TRACE, files: TRACE.files.slice(0, -1) }))
    expect(differences(written, named)).toEqual([
      '-    - [server/query](../packages/server/src/query): `query.ts`, `hints.ts`',
      '+    - [server/query](../packages/server/src/query): `query.ts`',
    ])
    const { files } = TRACE
    const swapped = [...files.slice(0, 4), files[5]!, files[4]!, ...files.slice(6)]
    expect(differences(written, withStops(written, tour({ ...TRACE, files: swapped })))).toEqual([
      expect.stringContaining('should be:    - [engine](../packages/engine/src): `engine.ts`'),
    ])
  })

  it('are refused where a section has no tour, or a tour no section', () => {
    expect(() => withStops(blank, {})).toThrow('one is a section without a tour')
    expect(() => withStops('', tour(TRACE))).toThrow('no section has the stops of: one')
  })
})

// On a machine that is busy, what waits for another may come before it: what has changed differs every time.
it('docs/tour.md says what runs', { retry: 2, timeout: 300_000 }, async () => {
  const trace = fileURLToPath(new URL('./trace.mjs', import.meta.url))
  const said = await promisify(execFile)(process.execPath, [trace, '--check']).catch(error => error)
  expect(said.stderr).toBe('')
})
