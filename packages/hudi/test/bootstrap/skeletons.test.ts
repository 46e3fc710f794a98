import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TableSource } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../../src/index.js'
import { liveFiles, noCache, repository } from '../support/real-tables.js'

type Objects = Map<string, Uint8Array>

/** A fixture in memory: its table at memory:///t, the source that it was bootstrapped from at memory:///src. */
function fixture(name: string): Objects {
  const folder = join(repository, 'test/fixtures/real/hudi', name)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return new Map(
    files
      .filter(file => file.isFile())
      .map(file => {
        const path = join(file.parentPath, file.name)
        const relative = path
          .slice(folder.length)
          .replace(/^\/table/, '/t')
          .replace(/^\/aux0/, '/src')
        return [`memory://${relative}`, readFileSync(path)]
      }),
  )
}

const at = (name: string): TableSource => ({
  location: 'memory:///t',
  rebase: [{ from: `/lake/${name}-src`, to: 'memory:///src' }],
})

async function snapshotOf(name: string, change: (objects: Objects) => void = () => {}) {
  const objects = fixture(name)
  change(objects)
  const store = memoryStore({ objects: [...objects] })
  return hudiReader({ store, cache: noCache }).snapshot(at(name))
}

const some = (objects: Objects, pattern: RegExp) =>
  [...objects.keys()].filter(path => pattern.test(path))

describe('bootstrapped tables', () => {
  it('name the source files that have the rows of skeletons, by the ids of these', async () => {
    const files = await liveFiles(await snapshotOf('boot-upsert-v9'))
    const named = files.map(({ path, recordedPath }) => [
      path.replace(/[^/]*$/, ''),
      path.endsWith(recordedPath),
      /_00000000000001\.parquet$/.test(recordedPath),
    ])
    // Two groups were written anew since; the source of those is not read.
    expect(named.filter(([, , skeleton]) => skeleton)).toEqual([
      ['memory:///src/region=ap/', false, true],
    ])
    expect(named.filter(([, own]) => own)).toHaveLength(files.length - 1)
  })

  it.each([
    ['has no index', /\.bootstrap\//, /bootstrap index does not say/],
    ['lost its source files', /\/src\/region=eu\//, /is not there/],
  ])('are refused where the table %s', async (_, gone, message) => {
    const snapshot = await snapshotOf('boot-nested-v9', objects => {
      for (const path of some(objects, gone)) objects.delete(path)
    })
    await expect(liveFiles(snapshot)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(message),
    })
  })

  it('are refused with the line to add where their source is not theirs to read', async () => {
    const store = memoryStore({ objects: [...fixture('boot-nested-v9')] })
    const reader = hudiReader({ store, cache: noCache })
    const snapshot = await reader.snapshot({ location: 'memory:///t' })
    await expect(liveFiles(snapshot)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('auxiliaryLocations: ["file:///lake/boot-nested-v9-src"]'),
    })
  })

  it('are refused where a source file was replaced', async () => {
    const snapshot = await snapshotOf('boot-nested-v9', objects => {
      const [path] = some(objects, /\/src\/.*parquet/)
      objects.set(path!, Buffer.concat([objects.get(path!)!, Buffer.from('x')]))
    })
    await expect(liveFiles(snapshot)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(/had \d+ bytes when the table was bootstrapped/),
    })
  })

  it('are refused without an index too where no property says what they were made from', async () => {
    const snapshot = await snapshotOf('boot-nested-v6', objects => {
      for (const path of some(objects, /\.bootstrap\//)) objects.delete(path)
      const [properties] = some(objects, /\/t\/\.hoodie\/hoodie.properties$/)
      const text = Buffer.from(objects.get(properties!)!).toString()
      objects.set(properties!, Buffer.from(text.replace(/^hoodie.bootstrap.base.path.*$/m, '')))
    })
    await expect(liveFiles(snapshot)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })
})
