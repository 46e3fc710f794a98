export const SHELL_MODES = ['table', 'json', 'csv'] as const
export type ShellMode = (typeof SHELL_MODES)[number]

/** What `.mode`, `.limit` and the like change. */
export interface ShellSettings {
  readonly mode: ShellMode
  readonly explain: boolean
  readonly timer: boolean
  /** Undefined for the mode's own. */
  readonly limit: number | undefined
}
