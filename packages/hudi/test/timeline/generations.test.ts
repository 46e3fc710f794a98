import type { FileBatch } from '@spillway/core'
import { keepingCache } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../../src/index.js'
import { liveFiles } from '../support/real-tables.js'
import { at, base, ROOT, tableOf } from '../support/table.js'

describe('looking again', () => {
  const partitioned = [
    'hoodie.table.partition.fields=p',
    'hoodie.table.keygenerator.type=SIMPLE',
    'hoodie.table.create.schema={"type"\\:"record","name"\\:"r","fields"\\:[{"name"\\:"p","type"\\:"string"}]}',
    '',
  ].join('\n')
  const schema = '{"type":"record","name":"r","fields":[{"name":"p","type":"string"}]}'
  const commit = (partition: string) =>
    JSON.stringify({
      partitionToWriteStats: { [partition]: [{ fileId: 'a', path: 'x' }] },
      extraMetadata: { schema },
    })

  async function reload(more: Readonly<Record<string, string>>) {
    const timeline = { [`${at(1)}.commit`]: '{"partitionToWriteStats":{}}' }
    const store = tableOf(6, timeline, [`p1/${base('a', 1)}`, `p2/${base('b', 1)}`], partitioned)
    const loaded: string[] = []
    const cache = keepingCache()
    const counting = {
      get: (key: string, load: (signal: AbortSignal) => Promise<FileBatch>, signal?: AbortSignal) =>
        cache.get(
          key,
          inner => {
            loaded.push(key.split(' ')[4]!)
            return load(inner)
          },
          signal,
        ),
    }
    const reader = hudiReader({ store, cache: counting })
    const first = await reader.snapshot({ location: ROOT })
    await liveFiles(first)
    loaded.length = 0
    for (const [name, content] of Object.entries(more)) {
      await store.put(`${ROOT}/${name}`, new TextEncoder().encode(content))
    }
    const second = await reader.snapshot({ location: ROOT }, { previous: first })
    const files = (await liveFiles(second)).map(file => file.recordedPath)
    return { same: second === first, loaded, files }
  }

  it('is the same snapshot while nothing happened', async () => {
    expect((await reload({})).same).toBe(true)
  })

  it('reads only the partitions that new writes name', async () => {
    const { loaded, files } = await reload({
      [`.hoodie/${at(2)}.commit`]: commit('p1').replace('"x"', `"p1/${base('a', 2)}"`),
      [`p1/${base('a', 2)}`]: 'x',
    })
    expect({ loaded: loaded.length, files }).toEqual({
      loaded: 1,
      files: [`p1/${base('a', 2)}`, `p2/${base('b', 1)}`],
    })
  })

  it('reads everything after a rollback', async () => {
    const { loaded } = await reload({ [`.hoodie/${at(2)}.rollback`]: '' })
    expect(loaded.length).toBe(2)
  })
})
