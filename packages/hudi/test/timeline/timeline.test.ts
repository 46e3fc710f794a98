import { isTableError } from '@spillway/core'
import { quickOr, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { at, base, body, log, namesOf, tableOf } from '../support/table.js'

describe('a damaged timeline', () => {
  it('never crashes, hangs, or shows a file that is not committed', async () => {
    const random = new Random(20260309)
    const files = [base('a', 1), base('a', 2), base('b', 2), base('c', 4), log('a', 2), log('d', 3)]
    const names = [
      `${at(1)}.commit`,
      `${at(2)}.deltacommit`,
      `${at(3)}.deltacommit.requested`,
      `${at(3)}.deltacommit`,
      `${at(4)}.commit.requested`,
      `${at(4)}.inflight`,
      `${at(2)}.rollback`,
      `${at(1)}.clean`,
      'junk',
      '99999999999999999.commit',
    ]
    for (let round = 0; round < quickOr(400, 1500); round++) {
      const timeline: Record<string, string> = {}
      for (const name of names) if (random.chance(0.6)) timeline[name] = damaged(body({}), random)
      const started = names.some(
        name => name.startsWith(at(4)) && name in timeline && !name.includes('replace'),
      )
      const store = tableOf(
        6,
        timeline,
        files,
        'hoodie.table.create.schema={"type"\\:"record","name"\\:"r","fields"\\:[]}\n',
      )
      try {
        const shown = (await namesOf(store)).flat()
        if (started) expect(shown).not.toContain(base('c', 4))
      } catch (error) {
        if (!isTableError(error)) throw error
      }
    }
  })

  function damaged(text: string, random: Random): string {
    if (random.chance(0.6)) return text
    const bytes = new TextEncoder().encode(text).slice(0, random.integer(0, text.length))
    if (bytes.length > 0) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
    return new TextDecoder('latin1').decode(bytes)
  }
})
