import { createInterface, type Interface } from 'node:readline'
import { isTableError, TableError } from '@spillway/core'
import { type ShareSession, withSession } from '../recipient/share-session.js'
import { complete, tablesIn } from '../shell/completion.js'
import { DOT_COMMANDS } from '../shell/dot-commands.js'
import { historyPath, readHistory, writeHistory } from '../shell/history.js'
import type { ShellMode } from '../shell/settings.js'
import { Shell } from '../shell/shell.js'
import { ShellState } from '../shell/shell-state.js'
import { tableColumns } from '../shell/table-columns.js'
import { formatCount, printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import { readLines, type Terminal, TOO_LONG } from '../terminal/terminal.js'

export interface ShellOptions {
  readonly mode?: ShellMode
  readonly history?: boolean
}

/** `spillway shell PROFILE`: for a person at a terminal, or for a script on standard input. */
export async function shellCommand(
  path: string,
  options: ShellOptions,
  terminal: Terminal,
): Promise<void> {
  const { isTTY } = terminal.stdin as { readonly isTTY?: boolean }
  const interactive = isTTY === true && terminal.stdout.isTTY === true
  const settings = {
    mode: options.mode ?? (terminal.stdout.isTTY === true ? ('table' as const) : ('csv' as const)),
    explain: false,
    timer: interactive,
    limit: undefined,
  }
  await withSession(path, { terminal }, session => {
    const shell = new Shell(new ShellState(session, { terminal, settings }))
    if (!interactive) return runScript(shell)
    return converse(shell, options.history === false ? undefined : historyPath(terminal))
  })
}

/** A script stops at its first error, whose exit status is the shell's. */
async function runScript(shell: Shell): Promise<void> {
  for await (const line of readLines(shell.state.terminal.stdin)) {
    if (line === TOO_LONG) throw new TableError('INVALID_REQUEST', 'a line is too long for SQL')
    await shell.feed(line)
    if (shell.state.done) return
  }
  await shell.end()
}

async function converse(shell: Shell, history: string | undefined): Promise<void> {
  const { terminal, session } = shell.state
  const style = styleFor(terminal.stdout, terminal.environment)
  await shell.state.print([
    `${style.bold(printable(session.provider.path))}  ${formatCount(session.share.catalogs.size, 'share')}  ${style.dim('.help says what there is, .quit leaves')}`,
  ])
  const readline = createInterface({
    input: terminal.stdin,
    output: terminal.stdout,
    terminal: true,
    history: [...(await readHistory(history))],
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: completerOf(shell),
  })
  let remembered: readonly string[] = []
  readline.on('history', lines => {
    remembered = [...lines]
  })
  try {
    await readEvaluatePrint(readline, shell)
  } finally {
    readline.close()
    if (remembered.length > 0) await writeHistory(history, remembered)
  }
}

type Completed = (error: null, found: [string[], string]) => void

/** Names of tables, listed at the first Tab, and of the columns of those that the statement speaks of. */
function completerOf(shell: Shell): (line: string, done: Completed) => void {
  const columnsOf = tableColumns(shell.state.session.provider.client)
  const commands = DOT_COMMANDS.map(({ name }) => name)
  return (line, done) => {
    void tableNames(shell.state.session).then(async tables => {
      const columns = await columnsOf(tablesIn(`${shell.pending}${line}`, tables))
      done(null, complete(line, { tables, columns, commands }))
    })
  }
}

/** Ends when the person leaves. Lines typed while a query runs wait for it. */
function readEvaluatePrint(readline: Interface, shell: Shell): Promise<void> {
  return new Promise(resolve => {
    const lines: string[] = []
    let busy = false
    let closed = false
    const ask = () => prompt(readline, shell)
    const work = async () => {
      if (busy) return
      busy = true
      for (
        let line = lines.shift();
        line !== undefined && !shell.state.done;
        line = lines.shift()
      ) {
        await feedSafely(shell, line)
      }
      busy = false
      if (closed || shell.state.done) resolve()
      else ask()
    }
    readline.on('line', line => {
      lines.push(line)
      void work()
    })
    readline.on('SIGINT', () => {
      // Lines that were pasted behind the one that is stopped are stopped with it.
      lines.length = 0
      if (shell.interrupt()) return
      shell.state.terminal.stdout.write('^C\n')
      // What was typed on this line goes with what was typed before it.
      readline.write(null, { ctrl: true, name: 'u' })
      ask()
    })
    readline.on('close', () => {
      closed = true
      shell.interrupt()
      // Ctrl-D leaves the cursor behind the prompt.
      if (!shell.state.done) shell.state.terminal.stdout.write('\n')
      if (!busy) resolve()
    })
    shell.state.terminal.signal.addEventListener('abort', () => readline.close(), { once: true })
    ask()
  })
}

function prompt(readline: Interface, { pending }: Shell): void {
  readline.setPrompt(pending === '' ? 'spillway> ' : '     ...> ')
  readline.prompt()
}

/** What fails is said, and the shell goes on. */
async function feedSafely(shell: Shell, line: string): Promise<void> {
  try {
    await shell.feed(line)
  } catch (error) {
    if (isTableError(error) && error.code === 'CANCELLED')
      shell.state.terminal.stderr.write('stopped\n')
    else shell.printError(error)
  }
}

/** A list that cannot be had completes nothing; a query says why. */
async function tableNames({ tables }: ShareSession): Promise<readonly string[]> {
  const listed = await tables().catch(() => [])
  return listed.map(each => `${each.share}.${each.schema}.${each.table}`)
}
