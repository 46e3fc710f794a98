import { createSharingClient } from '@spillway/client'
import { attachShare } from '@spillway/duckdb'
import { duckDb } from '@spillway/rows'
import { expect, it } from 'vitest'
import { listShared } from '../../src/recipient/list-shared.js'
import { withSharesAhead } from '../../src/recipient/shares-ahead.js'

const profile = {
  shareCredentialsVersion: 1,
  endpoint: 'http://provider',
  bearerToken: 't',
} as const

it('lists tables, volumes, models and skills of a share at the same time', async () => {
  const asked: string[] = []
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const client = createSharingClient(profile, {
    retry: { retries: 0 },
    fetch: async input => {
      const { pathname } = new URL(String(input))
      if (pathname === '/shares') return Response.json({ items: [{ name: 'lake' }] })
      asked.push(pathname.replace('/shares/lake/all-', ''))
      if (asked.length === 4) open()
      await opened
      return Response.json({ items: [] })
    },
  })
  expect(await listShared(client, '')).toEqual({ shares: ['lake'], tables: [], assets: [] })
  expect(asked.sort()).toEqual(['models', 'skills', 'tables', 'volumes'])
})

it('asks for the shares before DuckDB is there, once, and anew after a refresh', async () => {
  let asked = 0
  const client = createSharingClient(profile, {
    retry: { retries: 0 },
    fetch: async () => {
      asked++
      return Response.json({ items: [{ name: `share_${asked}` }] })
    },
  })
  const ahead = withSharesAhead(client, new AbortController().signal)
  await new Promise(resolve => setImmediate(resolve))
  expect(asked).toBe(1)
  const duckdb = duckDb()
  const connection = await duckdb.connectNative()
  const share = await attachShare(connection, ahead)
  try {
    expect([...share.catalogs.keys()]).toEqual(['share_1'])
    await share.refresh()
    expect([...share.catalogs.keys()]).toEqual(['share_1', 'share_2'])
    expect(asked).toBe(2)
  } finally {
    await share.close()
    connection.closeSync()
    await duckdb.close()
  }
})

it('tells whoever lists the shares what failed ahead', async () => {
  const client = createSharingClient(profile, {
    retry: { retries: 0 },
    fetch: async () => Response.json({ errorCode: 'X', message: 'who are you' }, { status: 401 }),
  })
  const ahead = withSharesAhead(client, new AbortController().signal)
  await new Promise(resolve => setTimeout(resolve, 20))
  await expect(ahead.shares()[Symbol.asyncIterator]().next()).rejects.toThrow('who are you')
})
