/** What a command's exit status says; documented in the README and below `spillway --help`. */
export const EXIT = {
  ok: 0,
  /** The work failed: a table cannot be read, storage is unavailable. */
  failed: 1,
  /** The command line or a configuration file is wrong. */
  usage: 2,
  /** The table needs something that is not supported. */
  unsupported: 3,
  /** The table, or a file that it names, is not there. */
  notFound: 4,
  /** The table's files contradict each other. */
  corrupt: 5,
  /** Stopped by Ctrl-C. */
  cancelled: 130,
} as const

export const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong command line, request or configuration (of batch: a line was not JSON),
3 not supported, 4 not there, 5 the table is corrupt, 130 interrupted.`
