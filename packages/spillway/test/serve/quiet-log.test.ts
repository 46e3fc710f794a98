import { TableError } from '@spillway/core'
import type { AccessRecord } from '@spillway/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { jsonLogLine, logLine } from '../../src/serve/log-lines.js'
import { type LoggedRecord, quietLog } from '../../src/serve/quiet-log.js'
import { styleFor } from '../../src/terminal/style.js'

const plain = styleFor({}, {})
const refused = (members: Partial<AccessRecord> = {}): AccessRecord => ({
  requestId: 'r',
  time: 0,
  method: 'GET',
  route: '/shares',
  status: 403,
  outcome: 'failed',
  error: new TableError('PERMISSION_DENIED', 'no'),
  ...members,
})

describe('a log of many refusals', () => {
  let written: LoggedRecord[]
  let quiet: ReturnType<typeof quietLog>
  beforeEach(() => {
    vi.useFakeTimers()
    written = []
    quiet = quietLog(record => written.push({ ...record }))
  })
  afterEach(() => {
    quiet.end()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('has the first at once, and one line a minute for the rest', () => {
    for (let i = 0; i < 1000; i++) {
      quiet.log(refused({ recipient: 'acme', requestId: `r${i}` }))
    }
    expect(written).toMatchObject([{ requestId: 'r0' }])
    expect(written[0]).not.toHaveProperty('suppressed')
    vi.advanceTimersByTime(60_000)
    expect(written.slice(1)).toMatchObject([{ requestId: 'r999', suppressed: 998 }])
    quiet.log(refused({ recipient: 'acme', requestId: 'later' }))
    expect(written).toHaveLength(2)
    vi.advanceTimersByTime(60_000)
    expect(written.slice(2)).toMatchObject([{ requestId: 'later' }])
    expect(written[2]).not.toHaveProperty('suppressed')
    vi.advanceTimersByTime(120_000)
    quiet.log(refused({ recipient: 'acme', requestId: 'again' }))
    expect(written.slice(3)).toMatchObject([{ requestId: 'again' }])
  })

  it('has every recipient, address and code apart', () => {
    const others = [
      { recipient: 'acme' },
      { recipient: 'umbrella' },
      { address: '192.0.2.1' },
      { address: '192.0.2.2' },
      { address: '2001:db8:0:1::1' },
      { recipient: '192.0.2.1' },
      { recipient: 'acme', error: new TableError('NOT_FOUND', 'no'), status: 404 },
      { recipient: 'acme', error: undefined, status: 403 },
    ]
    for (const each of [...others, ...others]) quiet.log(refused(each))
    quiet.log(refused({ address: '2001:db8:0:1::ffff' }))
    expect(written).toHaveLength(others.length)
    quiet.end()
    expect(written).toHaveLength(others.length * 2)
    expect(written.filter(({ suppressed }) => suppressed !== undefined)).toMatchObject([
      { address: '2001:db8:0:1::ffff', suppressed: 1 },
    ])
  })

  it('has all that is no refusal', () => {
    for (let i = 0; i < 3; i++) {
      quiet.log(refused({ status: 200, outcome: 'complete', error: undefined }))
      quiet.log(refused({ status: 503, error: new TableError('STORAGE_UNAVAILABLE', 'away') }))
      quiet.log(refused({ status: 499, outcome: 'cancelled' }))
    }
    expect(written).toHaveLength(9)
  })

  it('writes what it holds back when it ends', () => {
    for (let i = 0; i < 5; i++) quiet.log(refused({ address: '192.0.2.1' }))
    quiet.end()
    expect(written).toMatchObject([{}, { suppressed: 3 }])
    quiet.log(refused({ address: '192.0.2.1' }))
    expect(written).toHaveLength(3)
  })

  it('holds no more than so many addresses, and loses none of them', () => {
    for (let i = 0; i < 12_000; i++) {
      quiet.log(refused({ address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` }))
    }
    expect(written).toHaveLength(10_001)
    quiet.end()
    expect(written.slice(10_001)).toMatchObject([{ suppressed: 1998 }])
  })
})

it('a line says how many more there were, and where nobody is known, from where', () => {
  const record = { ...refused({ address: '192.0.2.7' }), suppressed: 998 }
  expect(logLine(record, plain)).toMatch(
    /403 {2}192\.0\.2\.7 {2}GET .*and 998 more refusals like it/,
  )
  expect(JSON.parse(jsonLogLine(record))).toMatchObject({ address: '192.0.2.7', suppressed: 998 })
})
