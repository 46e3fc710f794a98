import { type Asked, ask, type Question } from '../load/ask.js'
import { tablePath } from '../load/server-process.js'

interface FileLine {
  readonly url: string
  readonly id: string
  readonly size: number
  readonly stats?: string
}

export interface Line {
  readonly file?: FileLine
  readonly add?: FileLine
  readonly remove?: FileLine
  readonly cdf?: FileLine
  readonly metaData?: object
  readonly queryStatus?: { readonly queryId: string }
  readonly nextPageToken?: string
  readonly endStreamAction?: { readonly nextPageToken?: string; readonly errorMessage?: string }
}

/** Where and as whom the recipients of a soak ask. */
export interface Caller {
  readonly endpoint: string
  readonly token: string
  readonly agent: NonNullable<Question['agent']>
}

export function askTable(
  caller: Caller,
  [table, rest]: readonly [table: string, rest: string],
  more: Pick<Question, 'body' | 'headers'> = {},
): Promise<Asked> {
  return ask({ ...caller, path: `${tablePath(table)}/${rest}`, keep: true, ...more })
}

export async function query(
  caller: Caller,
  table: string,
  more: Pick<Question, 'body' | 'headers'>,
): Promise<readonly Line[]> {
  return linesOf(await askTable(caller, [table, 'query'], { body: {}, ...more }))
}

/** Throws where the answer is none, or broke off with an error as its last line. */
export function linesOf({ status, body }: Asked): readonly Line[] {
  const text = body.toString('utf8')
  if (status !== 200) throw new Error(`answered ${status}: ${text.slice(0, 300)}`)
  const lines = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line)
  const failed = lines.at(-1)?.endStreamAction?.errorMessage
  if (failed !== undefined) throw new Error(`broke off: ${failed}`)
  return lines
}

export function filesOf(lines: readonly Line[]): readonly FileLine[] {
  return lines.flatMap(({ file }) => file ?? [])
}

/** The names of files of this machine, as their signed URLs end. */
export function namesOf(lines: readonly Line[]): readonly string[] {
  return filesOf(lines).map(({ url }) => nameIn(url))
}

export function nameIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1)!)
}

/** What an answer says of its files, without what is signed anew each time. */
export function summaryOf(lines: readonly Line[]): string {
  const files = filesOf(lines).map(({ url: _url, ...rest }) => {
    const { expirationTimestamp: _, ...lasting } = rest as typeof rest & {
      readonly expirationTimestamp?: number
    }
    return JSON.stringify(lasting)
  })
  return files.sort().join('\n')
}

export function expectSame(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: found ${a?.slice(0, 300)}, expected ${b?.slice(0, 300)}`)
}
