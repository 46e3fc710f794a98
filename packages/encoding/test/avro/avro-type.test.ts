import { describe, expect, it } from 'vitest'
import { parseAvroSchema } from '../../src/avro/avro-schema.js'
import { type AvroRecord, avroField } from '../../src/avro/avro-type.js'

describe('avroField', () => {
  const fields = (...named: readonly (readonly [string, number?])[]) =>
    parseAvroSchema(
      JSON.stringify({
        type: 'record',
        name: 'r',
        fields: named.map(([name, id]) => ({
          name,
          type: 'int',
          ...(id === undefined ? {} : { 'field-id': id }),
        })),
      }),
    ) as AvroRecord

  it('goes by the id, and by the name of what is marked with none', () => {
    expect(avroField(fields(['a', 1], ['b', 2]), 2, 'x')?.name).toBe('b')
    expect(avroField(fields(['a'], ['b']), 2, 'b')?.name).toBe('b')
    expect(avroField(fields(['a', 1], ['b']), 2, 'b')?.name).toBe('b')
    expect(avroField(fields(['a', 1]), 2, 'b')).toBeUndefined()
  })

  it('refuses a name that is marked with another id: it would be a field that is not there', () => {
    expect(() => avroField(fields(['a', 1], ['b', 3]), 2, 'b')).toThrow(
      'expected the Avro field b to have the field id 2, found 3',
    )
  })
})
