import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, TableError } from '@spillway/core'
import type { Engine } from '@spillway/engine'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { add, ID, metaData, protocol } from './support/lake.js'
import { linesOf, type Running, startServer } from './support/serve.js'

const PATH = 'file:///srv/private lake/a.parquet'
const fault: { thrown: unknown; where: 'snapshot' | 'files' } = {
  thrown: undefined,
  where: 'files',
}

/** Throws what it is told to, where a table is opened or while its files are planned. */
function faulty(engine: Engine): Engine {
  return {
    ...engine,
    async snapshot(...asked) {
      if (fault.thrown !== undefined && fault.where === 'snapshot') throw fault.thrown
      return engine.snapshot(...asked)
    },
    signedFiles(...asked) {
      const files = engine.signedFiles(...asked)
      if (fault.thrown === undefined || fault.where !== 'files') return files
      return {
        plan: files.plan,
        expiresAt: undefined,
        // biome-ignore lint/correctness/useYield: it fails before the first.
        async *[Symbol.asyncIterator]() {
          throw fault.thrown
        },
      }
    },
  }
}

let server: Running
beforeAll(async () => {
  server = await startServer({ wrapEngine: faulty })
})
afterAll(() => server.close())
beforeEach(() => {
  fault.thrown = undefined
  server.log.length = 0
})

interface Kind {
  readonly error: () => unknown
  readonly status: number
  readonly errorCode: string
}

const context = { path: PATH }
const typed =
  (code: ErrorCode, options: { retryable?: boolean; status?: number; cause?: unknown } = {}) =>
  () => {
    const { status, ...rest } = options
    return new TableError(code, `${PATH} is not as it should be`, {
      ...rest,
      context: { ...context, ...(status !== undefined && { status }) },
    })
  }
const system = (code: string) => Object.assign(new Error(`${code}: ${PATH}`), { code })

const KINDS: Readonly<Record<string, Kind>> = {
  'a bad request': {
    error: typed('INVALID_REQUEST'),
    status: 400,
    errorCode: 'INVALID_PARAMETER_VALUE',
  },
  'a missing file': {
    error: typed('NOT_FOUND'),
    status: 404,
    errorCode: 'RESOURCE_DOES_NOT_EXIST',
  },
  'an unsupported table': {
    error: typed('UNSUPPORTED_FEATURE'),
    status: 400,
    errorCode: 'UNSUPPORTED_FEATURE',
  },
  'a corrupt table': { error: typed('TABLE_CORRUPT'), status: 400, errorCode: 'TABLE_CORRUPT' },
  'a limit': {
    error: typed('RATE_LIMITED', { retryable: true }),
    status: 429,
    errorCode: 'REQUEST_LIMIT_EXCEEDED',
  },
  'a slow store': {
    error: typed('STORAGE_UNAVAILABLE'),
    status: 503,
    errorCode: 'TEMPORARILY_UNAVAILABLE',
  },
  'a store that denies': {
    error: typed('STORAGE_UNAVAILABLE', { retryable: false, status: 403 }),
    status: 403,
    errorCode: 'PERMISSION_DENIED',
  },
  'a disk that denies': {
    error: typed('STORAGE_UNAVAILABLE', { retryable: false, cause: system('EACCES') }),
    status: 403,
    errorCode: 'PERMISSION_DENIED',
  },
  'a bucket that is not there': {
    error: typed('STORAGE_UNAVAILABLE', { retryable: false, status: 404 }),
    status: 400,
    errorCode: 'INVALID_STATE',
  },
  'our mistake': { error: typed('INTERNAL'), status: 500, errorCode: 'INTERNAL_ERROR' },
  'what nobody thought of': {
    error: () => new TypeError(`${PATH} of undefined`),
    status: 500,
    errorCode: 'INTERNAL_ERROR',
  },
}

const cases = (['snapshot', 'files'] as const).flatMap(where =>
  Object.entries(KINDS).map(([name, kind]) => ({ name, where, ...kind })),
)

it.each(cases)('$name in $where is $status', async ({ where, error, status, errorCode }) => {
  Object.assign(fault, { thrown: error(), where })
  const answer = await server.query('simple')
  expect(answer.status).toBe(status)
  // Only what may pass is worth asking again.
  expect(answer.headers.get('retry-after') !== null).toBe(status === 503 || status === 429)
  const body = (await answer.json()) as { errorCode: string; message: string }
  expect(body.errorCode).toBe(errorCode)
  expect(body.message).not.toMatch(/private|lake|parquet|srv/)
  const [record] = server.log
  expect(record).toMatchObject({ status, outcome: 'failed' })
  expect(answer.headers.get('x-request-id')).toBe(record?.requestId)
  if (/request id/.test(body.message)) expect(body.message).toContain(record!.requestId)
  const causes = [record!.error, (record!.error as Error).cause].map(String).join()
  expect(causes).toContain(PATH)
})

function share(name: string): void {
  const tables = [{ name, location: join(server.lake.root, name) }]
  const others = [{ name: 'other' }, { name: 'third' }]
  const shares = [{ name: 'Lake', schemas: [{ name: 'Main', tables }] }, ...others]
  server.shares.replace({ ...server.config, shares })
}

it('a log that is no JSON is a 400, whose file the provider is told', async () => {
  const table = server.lake.table('broken')
  table.commit(protocol, metaData([ID]), add('a'))
  writeFileSync(join(table.location, '_delta_log/00000000000000000001.json'), 'not json\n')
  share('broken')
  const answer = await server.query('broken')
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([400, null])
  expect(await answer.json()).toMatchObject({ errorCode: 'TABLE_CORRUPT' })
  expect(JSON.stringify((server.log[0]!.error as TableError).context)).toMatch(/00001\.json/)
})

it('a data file that is gone is a 404 without a body', async () => {
  const table = server.lake.table('gone')
  table.commit(protocol, metaData([ID]), add('a.parquet'))
  table.file('a.parquet')
  share('gone')
  const [, , line] = await linesOf(await server.query('gone'))
  unlinkSync(join(table.location, 'a.parquet'))
  for (const method of ['GET', 'HEAD']) {
    const answer = await fetch(String(line?.file?.url), { method })
    expect([answer.status, await answer.text()]).toEqual([404, ''])
    expect(answer.headers.get('content-length')).toBe('0')
    expect(answer.headers.get('content-type')).toBeNull()
  }
})
