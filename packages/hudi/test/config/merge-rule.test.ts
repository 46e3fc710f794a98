import { describe, expect, it } from 'vitest'
import { type MergeRule, mergeRule } from '../../src/config/merge-rule.js'
import { readTableConfig } from '../../src/config/table-config.js'
import { rules } from '../support/merge-rules.js'

function ruleOf(properties: Record<string, string>): MergeRule {
  const all = {
    'hoodie.table.name': 't',
    'hoodie.table.type': 'MERGE_ON_READ',
    'hoodie.table.version': '6',
    'hoodie.table.precombine.field': 'ts',
    ...properties,
  }
  const text = Object.entries(all).map(([key, value]) => `${key}=${value}`)
  return mergeRule(readTableConfig(text.join('\n'), 'hoodie.properties'))
}

describe('merge rules', () => {
  const payload = (name: string) => ({
    'hoodie.compaction.payload.class': `org.apache.hudi.common.model.${name}`,
  })
  const v9 = { 'hoodie.table.version': '9', 'hoodie.table.ordering.fields': 'ts,seq' }

  it.each<[string, Record<string, string>, MergeRule]>([
    ['no payload', {}, rules.overwriteV6],
    ['overwrite', payload('OverwriteWithLatestAvroPayload'), rules.overwriteV6],
    ['default', payload('DefaultHoodieRecordPayload'), rules.eventTimeV6],
    [
      'commit time',
      { ...v9, 'hoodie.record.merge.mode': 'COMMIT_TIME_ORDERING' },
      rules.commitTime,
    ],
    [
      'event time over two fields',
      { ...v9, 'hoodie.record.merge.mode': 'EVENT_TIME_ORDERING' },
      { ...rules.eventTime, orderingFields: ['ts', 'seq'] },
    ],
  ])('reads the rule of %s', (_, properties, rule) => {
    expect(ruleOf(properties)).toEqual(rule)
  })

  it.each<[string, Record<string, string>]>([
    ['PartialUpdateAvroPayload', payload('PartialUpdateAvroPayload')],
    ['MySqlDebeziumAvroPayload', payload('debezium.MySqlDebeziumAvroPayload')],
    ['CUSTOM', { ...v9, 'hoodie.record.merge.mode': 'CUSTOM' }],
    [
      'IGNORE_DEFAULTS',
      {
        ...v9,
        'hoodie.record.merge.mode': 'EVENT_TIME_ORDERING',
        'hoodie.table.partial.update.mode': 'IGNORE_DEFAULTS',
      },
    ],
    ['custom-strategy', { 'hoodie.compaction.record.merger.strategy': 'custom-strategy' }],
    [
      'delete marker',
      {
        ...v9,
        'hoodie.record.merge.mode': 'EVENT_TIME_ORDERING',
        'hoodie.payload.delete.field': 'op',
      },
    ],
  ])('refuses %s by name', (name, properties) => {
    expect(() => ruleOf(properties)).toThrow(new RegExp(name, 'i'))
  })
})
