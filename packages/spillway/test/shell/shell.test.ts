import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/program.js'
import { built, main, type SampleShare, serveSampleTables } from '../support/sample-share.js'

/** A person at a terminal: types, and reads what appears. */
function sitDown(args: readonly string[], home: string) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 })
  const stderr = new PassThrough()
  let seen = ''
  const waits: (() => void)[] = []
  for (const stream of [stdout, stderr]) {
    stream.on('data', chunk => {
      seen += String(chunk)
      for (const check of waits) check()
    })
  }
  const ended = runProgram(args, {
    stdin,
    stdout,
    stderr,
    folder: process.cwd(),
    environment: { HOME: home, NO_COLOR: '1' },
    signal: new AbortController().signal,
  })
  return {
    ended,
    /** What has appeared since the last call, once it holds `text`. */
    async until(text: RegExp): Promise<string> {
      await new Promise<void>(resolve => {
        const check = () => text.test(seen) && resolve()
        waits.push(check)
        check()
      })
      const found = seen
      seen = ''
      return found
    },
    type: (text: string) => stdin.write(text),
  }
}

const ENTER = '\r'
const TAB = '\t'
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

describe.skipIf(!built)('a shell at a terminal', () => {
  let share: SampleShare
  let home: string
  beforeAll(async () => {
    share = await serveSampleTables()
    home = mkdtempSync(join(tmpdir(), 'spillway-home-'))
  })
  afterAll(async () => {
    rmSync(home, { recursive: true, force: true })
    await share.close()
  })

  it('completes names, asks over lines, and stops a query without stopping', async () => {
    const person = sitDown(['shell', share.profile], home)
    await person.until(/1 share[\s\S]*spillway> /)
    person.type('FROM stati')
    person.type(TAB)
    await person.until(/FROM city\.public\.stations/)
    // Columns of the table that the statement names.
    person.type(' WHERE do')
    person.type(TAB)
    await person.until(/WHERE docks/)
    person.type(` = 72${ENTER}`)
    await person.until(/\.\.\.> /)
    person.type(`ORDER BY 1;${ENTER}`)
    expect(await person.until(/1 row; .*[\s\S]*spillway> /)).toMatch(/Zoo +72 +false/)

    person.type(
      `SELECT count(docks + range) FROM city.public.stations, range(100000000000);${ENTER}`,
    )
    await new Promise(resolve => setTimeout(resolve, 1500))
    person.type(CTRL_C)
    await person.until(/stopped[\s\S]*spillway> /)
    person.type('SELECT nonsense')
    person.type(CTRL_C)
    await person.until(/\^C[\s\S]*spillway> /)
    person.type(`SELECT * FROM city.public.trps;${ENTER}`)
    await person.until(/did you mean city\.public\.trips\?[\s\S]*spillway> /)
    person.type(`SELECT 6 * 7 AS answer;${ENTER}`)
    await person.until(/42[\s\S]*1 row; [\s\S]*spillway> /)
    person.type(CTRL_D)
    expect(await person.ended).toBe(0)
  })

  it('shows no escape of a table to the terminal, and no Arrow', async () => {
    const red = "SELECT chr(27) || '[31m' AS red"
    for (const mode of ['table', 'csv', 'json']) {
      const person = sitDown(['query', share.profile, red, '--mode', mode], home)
      expect(await person.ended).toBe(0)
      expect(await person.until(/\[31m/)).not.toContain('\u001b[31m')
    }
    const arrow = sitDown(['query', share.profile, red, '--mode', 'arrow'], home)
    expect(await arrow.ended).toBe(2)
    await arrow.until(/Arrow is for programs/)
  })

  it('remembers lines for its owner alone, the next time too', async () => {
    const path = join(home, '.local/state/spillway/history')
    expect(readFileSync(path, 'utf8')).toMatch(/SELECT 6 \* 7 AS answer;\n$/)
    expect(statSync(path).mode & 0o077).toBe(0)
    const person = sitDown(['shell', share.profile], home)
    await person.until(/spillway> /)
    person.type('\u001b[A')
    await person.until(/SELECT 6 \* 7 AS answer;/)
    person.type(`${ENTER}.quit${ENTER}`)
    await person.until(/42/)
    expect(await person.ended).toBe(0)
  })
})

describe.skipIf(!built)('the demo', () => {
  it('names commands that work as they are printed', async () => {
    const demo = spawn(process.execPath, [main, 'demo'], { stdio: 'pipe' })
    const folder = mkdtempSync(join(tmpdir(), 'spillway-next-'))
    try {
      const text = await new Promise<string>(resolve => {
        let output = ''
        demo.stdout.on('data', chunk => {
          output += String(chunk)
          if (output.includes('Ctrl-C stops')) resolve(output)
        })
      })
      const commands = text.split('\n').filter(line => /^ +node .*demo\.share/.test(line))
      expect(commands.map(line => /main\.js (\w+)/.exec(line)?.[1])).toEqual([
        'ls',
        'describe',
        'query',
        'query',
        'export',
        'shell',
        'describe',
        'download',
      ])
      const shell = promisify(execFile)
      for (const command of spreadOf(commands, 2)) {
        const { stdout, stderr } = await shell('sh', ['-c', `${command} < /dev/null`], {
          cwd: folder,
        })
        expect([command, stderr]).toEqual([command, ''])
        if (!command.includes('shell')) expect(stdout).toMatch(/trips|verified/)
      }
    } finally {
      const ended = new Promise(resolve => demo.once('close', resolve))
      demo.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    }
  }, 180_000)
})
