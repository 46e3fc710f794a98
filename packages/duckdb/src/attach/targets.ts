import type { AnswerHeader, SharingClient } from '@spillway/client'
import { TableError } from '@spillway/core'
import { type Connection, quoteText } from '@spillway/rows'
import { changeFeedFields } from '../share/change-columns.js'
import { askMetadata, nameOf, type ScanTarget, timestampText } from '../share/scan-target.js'
import { snapshotOf } from '../share/shared-log.js'
import { type Stub, stubOf } from '../sql/stub.js'
import { showAs } from './catalog.js'

/** A table as it was, or its changes, as one call of a table function in SQL means it. */
export interface KnownTarget {
  readonly target: ScanTarget
  readonly stub: Stub
  readonly header: AnswerHeader
  /** Name of the variable that the call looks for. */
  readonly variable: string
}

export interface TargetsOptions {
  readonly session: Connection
  readonly client: SharingClient
  readonly nextName: () => string
  readonly stubFile: string
  /** Begins the names of this attachment's variables. */
  readonly prefix: string
}

/**
 * share_at() and table_changes(). Their macros look for a variable named by their arguments, and fail with that name
 * where there is none: planning finds out which calls a statement makes by planning it again until all are known.
 */
export class ShareTargets {
  readonly #options: TargetsOptions
  readonly #known = new Map<string, KnownTarget>()

  constructor(options: TargetsOptions) {
    this.#options = options
  }

  byStub(name: string): KnownTarget | undefined {
    return [...this.#known.values()].find(({ stub }) => stub.name === name)
  }

  get stubs(): readonly string[] {
    return [...this.#known.values()].map(({ stub }) => stub.name)
  }

  async createMacros(): Promise<void> {
    const { session, prefix } = this.#options
    const at = `${quoteText(`${prefix}at/`)} || name || '/' || coalesce(version::VARCHAR, '') || '/' || coalesce(as_of::VARCHAR, '')`
    const changes = `${quoteText(`${prefix}changes/`)} || name || '/' || starting::VARCHAR || '/' || coalesce(ending::VARCHAR, '')`
    const body = (key: string) =>
      `TABLE FROM query(coalesce(getvariable(${key}), error((${key}) || ${quoteText(OUTSIDE)})))`
    await session.run(
      `CREATE OR REPLACE TEMP MACRO share_at(name, version := NULL, as_of := NULL) AS ${body(at)}`,
    )
    await session.run(
      `CREATE OR REPLACE TEMP MACRO table_changes(name, starting, ending := NULL) AS ${body(changes)}`,
    )
  }

  async dropMacros(): Promise<void> {
    const { session } = this.#options
    await session.run('DROP MACRO TABLE IF EXISTS temp.main.share_at')
    await session.run('DROP MACRO TABLE IF EXISTS temp.main.table_changes')
  }

  /** Makes known the call whose name stands in an error of DuckDB; false where there is none. */
  async resolve(message: string, signal?: AbortSignal): Promise<boolean> {
    const { prefix, session, client, nextName, stubFile } = this.#options
    const start = message.indexOf(prefix)
    const end = message.indexOf(OUTSIDE, start)
    if (start < 0 || end < 0) return false
    const variable = message.slice(start, end)
    let known = this.#known.get(variable)
    if (known === undefined) {
      const target = targetOf(variable.slice(prefix.length))
      const header = await askMetadata(client, target, signal)
      const { fields } = (await snapshotOf(header, [], signal)).schema
      const all = target.changes === undefined ? fields : changeFeedFields(fields)
      known = { target, header, variable, stub: stubOf(nextName(), all, stubFile) }
      this.#known.set(variable, known)
    }
    await showAs(session, variable, known.stub.sql)
    return true
  }

  /** Takes the stubs of the last statement's calls away. */
  async forget(): Promise<void> {
    for (const { variable } of this.#known.values()) {
      await showAs(this.#options.session, variable, undefined)
    }
    this.#known.clear()
  }
}

const OUTSIDE = ' is read through query() of what attachShare returned'

function targetOf(text: string): ScanTarget {
  const [kind, name = '', first = '', ...rest] = text.split('/')
  const second = rest.join('/')
  if (kind === 'changes') {
    return { name: nameOf(name), changes: { start: first, ...(second !== '' && { end: second }) } }
  }
  if (first === '' && second === '') return { name: nameOf(name) }
  if (first !== '' && second !== '') {
    throw new TableError('INVALID_REQUEST', 'share_at takes version or as_of, not both')
  }
  if (second !== '') return { name: nameOf(name), at: { timestamp: timestampText(second) } }
  if (!/^\d+$/.test(first)) {
    throw new TableError(
      'INVALID_REQUEST',
      `share_at expects a whole number as version, found ${first}; a time goes into as_of`,
    )
  }
  return { name: nameOf(name), at: { version: BigInt(first) } }
}
