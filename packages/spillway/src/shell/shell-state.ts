import type { ShareSession } from '../recipient/share-session.js'
import type { HeldRows } from '../results/result-chart.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import type { ShellSettings } from './settings.js'

/** What a shell keeps between lines, which dot commands read and change. */
export class ShellState {
  readonly session: ShareSession
  readonly terminal: Terminal
  /** The beginning of the last answer. */
  last: HeldRows | undefined
  #settings: ShellSettings
  #done = false

  constructor(
    session: ShareSession,
    { terminal, settings }: { readonly terminal: Terminal; readonly settings: ShellSettings },
  ) {
    this.session = session
    this.terminal = terminal
    this.#settings = settings
  }

  get settings(): ShellSettings {
    return this.#settings
  }

  get done(): boolean {
    return this.#done
  }

  set(settings: Partial<ShellSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
  }

  quit(): void {
    this.#done = true
  }

  async print(lines: readonly string[]): Promise<void> {
    for (const line of lines) await writeLine(this.terminal.stdout, line)
  }
}
