import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '@spillway/storage'
import { afterAll, describe, expect, it } from 'vitest'
import { inspectFolder } from '../../src/assets/inspect-folder.js'
import { writeSampleAssets } from '../../src/demo/sample-assets.js'
import { parseConfig } from '../../src/index.js'
import { run } from '../support/terminal.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-inspect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, content: string | Uint8Array) => {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), content)
}
const inspect = async (name: string, ...more: readonly string[]) =>
  run(['inspect', name, ...more], { folder })
const facts = async (name: string) => JSON.parse((await inspect(name, '--json')).stdout)
/** The configuration that the text ends with, as a server reads it. */
const configured = (stdout: string) => {
  const text = stdout.slice(stdout.indexOf('  shares:')).replaceAll(/^ {2}/gm, '')
  return parseConfig(text, { folder, path: 'spillway.yaml' }).shares.shares![0]!.schemas![0]!
}

describe('a folder that is no table', () => {
  it('is a volume, a model or a skill, with what its files say and what shares it', async () => {
    await writeSampleAssets(join(folder, 'good'))
    const volume = await inspect('good/handbook')
    expect([volume.status, volume.stdout]).toEqual([0, expect.stringMatching(/handbook +volume/)])
    expect(volume.stdout).toMatch(/files +3, 324 bytes/)
    expect(volume.stdout).toContain('`spillway share add good/handbook --kind volume --name ')
    expect(configured(volume.stdout).volumes).toMatchObject([{ name: 'handbook' }])
    const model = await inspect('good/models/fares/1')
    expect(model.stdout).toMatch(/MLmodel +safetensors, MLflow 3\.1\.0/)
    expect(model.stdout).toMatch(/safetensors +1 file: 2 tensors, 2 parameters, F32/)
    expect(configured(model.stdout).models).toMatchObject([
      { name: 'fares', versions: [{ version: 1, location: expect.stringMatching(/fares\/1\/$/) }] },
    ])
    const skill = await inspect('good/skills/trip-report')
    expect(skill.stdout).toMatch(/license +Apache-2\.0/)
    expect(configured(skill.stdout).skills).toMatchObject([{ name: 'trip-report' }])
    expect(await facts('good/skills/trip-report')).toMatchObject({
      kind: 'skill',
      files: 2,
      faults: [],
      moreFaults: 0,
      share: { skills: [{ name: 'trip-report' }] },
    })
  })

  it('has names that no recipient may be given, each told', async () => {
    for (const name of [
      'README',
      'readme',
      'aux.c',
      'a:b',
      'x\u001b[2J',
      '.spillway/files',
      'ok',
    ]) {
      put(`names/${name}`, name)
    }
    const { kind, faults } = await facts('names')
    expect(kind).toBe('volume')
    expect(faults.map(({ path }: { path?: string }) => path)).toEqual([
      '.spillway/files',
      'a:b',
      'aux.c',
      'x\u001b[2J',
      undefined,
    ])
    expect(faults.at(-1).reason).toContain('is one file with')
    const { stdout } = await inspect('names')
    expect(stdout).not.toContain('\u001b[2J')
    expect(stdout).toContain('Once that is mended')
  })

  it('has very many such names, of which the first are told', async () => {
    const store = memoryStore()
    for (let i = 0; i < 100; i++) await store.put(`s3://b/m/a:${i}`, Buffer.from('x'))
    const found = await inspectFolder(store, 's3://b/m/')
    expect([found?.faults.length, found?.moreFaults]).toEqual([20, 80])
  })

  it('has a link that leads out of it, which is not followed', async () => {
    put('secret/key', 'of somebody')
    put('linked/a.txt', 'a')
    symlinkSync(join(folder, 'secret'), join(folder, 'linked', 'out'))
    const { stdout, stderr, status } = await inspect('linked')
    expect(status).toBe(0)
    expect(stdout).toMatch(/✗ "out": it leads out of the folder/)
    expect(stdout + stderr).not.toContain('of somebody')
  })

  it.each([
    ['no front matter', 'Do it.', /front matter/],
    ['another name than may be', '---\nname: My Skill\ndescription: x\n---\n', /name: /],
    ['no description', '---\nname: s\n---\n', /description/],
  ])('is a skill that cannot be shared with %s', async (name, text, reason) => {
    put(`skills/${name}/SKILL.md`, text)
    const { kind, faults } = await facts(`skills/${name}`)
    expect(kind).toBe('skill')
    expect(faults).toContainEqual({ path: 'SKILL.md', reason: expect.stringMatching(reason) })
  })

  it('is a model that is told as far as it can be read, with its pickles', async () => {
    put('broken/model.safetensors', 'x'.repeat(100))
    put('broken/MLmodel', 'a: [')
    put('broken/old.pkl', 'pickled')
    const { kind, faults, warnings } = await facts('broken')
    expect([kind, faults]).toEqual(['model', []])
    expect(warnings).toEqual([
      expect.stringMatching(/^MLmodel: /),
      expect.stringMatching(/^model\.safetensors: /),
      expect.stringMatching(/^old\.pkl: a pickle/),
    ])
  })

  it.each(['nothing/here', 'empty'])('is not there, and is said to be no table: %s', async name => {
    mkdirSync(join(folder, 'empty'), { recursive: true })
    const { status, stdout, stderr } = await inspect(name)
    expect([status === 0, stdout]).toEqual([false, ''])
    expect(stderr).toContain('no')
  })

  it.each([
    ['a log that cannot be read', '_delta_log/00000000000000000000.json', '{'],
    ['a file that is none', 'part-0.parquet', 'x'],
  ])('is none but a broken table where it has %s', async (name, path, text) => {
    put(`tables/${name}/${path}`, text)
    const { status, stdout } = await inspect(`tables/${name}`)
    expect([status === 0, stdout]).toEqual([false, ''])
  })

  it('is read as a table where that is asked for', async () => {
    put('plain/a.txt', 'a')
    expect((await inspect('plain', '--format', 'delta')).status).not.toBe(0)
  })
})
