import { and, createSchema, eq, gt, isIn, lt, or } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { hintsOf } from '../../src/plan/hints.js'

const field = (id: number, name: string) =>
  ({ id, name, physicalName: name, type: 'long', nullable: true }) as const
const schema = createSchema([field(1, 'id'), field(2, 'other')])

describe('what a server that reads our SQL is told of a filter that is too long', () => {
  it('is the parts of an AND that are not', () => {
    const pairs = Array.from({ length: 2100 }, (_, i) => and(gt('id', i), lt('other', i)))
    const { predicateHints, unhinted } = hintsOf(and(or(...pairs), eq('id', 1)), {
      schema,
      readsSqlHints: true,
    })
    expect(predicateHints).toEqual(['`id` = 1'])
    expect(unhinted).toEqual(['conditions beyond those that servers look at'])
  })

  it('is no list, but as many ranges as servers look at', () => {
    const values = Array.from({ length: 1000 }, (_, i) => [0, 1, 2, 3].map(j => i * 100 + j)).flat()
    const { predicateHints = [] } = hintsOf(isIn('id', values), { schema, readsSqlHints: true })
    expect(predicateHints).toHaveLength(1)
    expect(predicateHints[0]!.split(' OR ')).toHaveLength(790)
  })
})
