import { describe, expect, it } from 'vitest'
import {
  instantAt,
  instantMillis,
  instantVersion,
  parseInstant,
} from '../../src/timeline/instant.js'

const file = { path: '', size: 0, lastModified: 0 }

describe('names on the timeline', () => {
  it.each([
    ['20240418173551906.commit', '20240418173551906', 'commit', 'completed', '20240418173551906'],
    [
      '20240418173551906.commit.requested',
      '20240418173551906',
      'commit',
      'requested',
      '20240418173551906',
    ],
    ['20240418173551906.inflight', '20240418173551906', 'commit', 'inflight', '20240418173551906'],
    [
      '20240418173551.deltacommit.inflight',
      '20240418173551',
      'deltacommit',
      'inflight',
      '20240418173551',
    ],
    [
      '20260403184001282_20260403184002260.replacecommit',
      '20260403184001282',
      'replacecommit',
      'completed',
      '20260403184002260',
    ],
    [
      '20260307162715560.clustering.requested',
      '20260307162715560',
      'clustering',
      'requested',
      '20260307162715560',
    ],
    [
      '20261122221700457010.deltacommit',
      '20261122221700457010',
      'deltacommit',
      'completed',
      '20261122221700457010',
    ],
  ])('reads %s', (name, begin, action, state, completion) => {
    expect(parseInstant(name, file)).toMatchObject({ begin, action, state, completion })
  })

  it.each([
    'history',
    '_version_',
    '20240418173551906.commit.crc',
    '2024.commit',
    '20240418173551906.strange',
  ])('takes %s for no instant', name => expect(parseInstant(name, file)).toBeUndefined())

  it('orders legacy instants as if at millisecond 0', () => {
    expect(instantVersion('20200101000000')).toBe(20200101000000000n)
  })

  it.each([
    ['UTC', Date.UTC(2026, 2, 29, 1, 30, 0, 5)],
    ['Europe/Berlin', Date.UTC(2026, 2, 28, 23, 30, 0, 5)],
    ['America/New_York', Date.UTC(2026, 2, 29, 5, 30, 0, 5)],
  ])('reads an instant of a clock in %s and writes it back', (zone, millis) => {
    // Berlin's clocks jump from 02:00 to 03:00 that night; 01:30 is still winter time.
    const instant = zone === 'Europe/Berlin' ? '20260329003000005' : '20260329013000005'
    expect([instantMillis(instant, zone), instantAt(millis, zone)]).toEqual([millis, instant])
  })
})
