import {
  type AnswerFile,
  createSharingClient,
  parseProfile,
  parseTableName,
  type TableAnswer,
} from '@spillway/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SampleShare, startSampleShare } from './sample-share.js'

// The client and the server as they are, over a real socket: what each promises, the other keeps.

let share: SampleShare
beforeAll(async () => {
  share = await startSampleShare()
})
afterAll(() => share.close())

const trips = parseTableName('city.public.trips')

function client() {
  return createSharingClient(parseProfile(share.profile), { poll: { intervalMs: 10 } })
}

async function filesOf(answer: TableAnswer): Promise<readonly AnswerFile[]> {
  const files: AnswerFile[] = []
  for await (const file of answer.files()) files.push(file)
  return files
}

describe('the client and the server', () => {
  it('give the same files in one answer, in pages, and in an asynchronous query', async () => {
    const ids = async (options: object) =>
      (await filesOf(await client().query(trips, options))).map(({ id }) => id).sort()
    const whole = await ids({})
    expect(whole).toHaveLength(28)
    expect(await ids({ maxFiles: 5 })).toEqual(whole)
    expect(await ids({ idempotencyKey: 'one' })).toEqual(whole)
    expect(await ids({ idempotencyKey: 'two', maxFiles: 9 })).toEqual(whole)
  })

  it('renew URLs by a refresh token: the same files, told until when they work', async () => {
    const first = await client().query(trips, { includeRefreshToken: true })
    expect([first.refreshToken(), first.minUrlExpiration()]).toEqual([undefined, undefined])
    const files = await filesOf(first)
    const refreshToken = first.refreshToken()!
    expect(first.minUrlExpiration()).toBeGreaterThan(Date.now())
    const again = await client().query(trips, { refreshToken })
    expect((await filesOf(again)).map(({ id }) => id)).toEqual(files.map(({ id }) => id))
    expect(again.version).toBe(first.version)
  })

  it('agree on a format: what a table needs is refused to a client that cannot read it', async () => {
    const stations = parseTableName('city.public.stations')
    const delta = await client().query(stations, {
      capabilities: { formats: ['delta'], readerFeatures: ['columnmapping'] },
    })
    expect(delta.format).toBe('delta')
    expect((await filesOf(delta)).length).toBe(1)
    const parquet = await client().query(stations, { capabilities: { formats: ['parquet'] } })
    // Staging is configured, so a complete file with the table's own names is written for it.
    expect([parquet.format, (await filesOf(parquet)).length]).toEqual(['parquet', 1])
  })

  it('travel in time, and refuse what was never there', async () => {
    const { version } = await client().metadata(trips, { version: 0n })
    expect(version).toBe(0n)
    await expect(client().query(trips, { version: 99n })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      context: { status: 400 },
    })
  })

  it('say what is not granted in the server’s words', async () => {
    const secret = parseTableName('city.public.secret')
    await expect(client().version(secret)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      context: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST' },
    })
  })

  it('stop together: the server frees the turn of a recipient who went away', async () => {
    for (let i = 0; i < 80; i++) {
      const answer = await client().query(trips)
      answer.close()
    }
    expect(await filesOf(await client().query(trips))).toHaveLength(28)
  })
})
