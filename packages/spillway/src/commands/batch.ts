import { runBatch } from '../batch/run-batch.js'
import { compose, machineS3 } from '../tables/compose.js'
import { readLines, type Terminal, writeLine } from '../terminal/terminal.js'

/** `spillway batch`: one JSON request a line in, one answer a line out. */
export async function batchCommand(terminal: Terminal): Promise<number> {
  const s3 = machineS3(terminal.environment)
  const spillway = compose(s3 === undefined ? {} : { s3 })
  const engine = spillway.engine()
  try {
    return await runBatch(
      readLines(terminal.stdin),
      {
        snapshot: (source, at, signal) => engine.snapshot(source, at, signal),
        rows: spillway.rows,
        folder: terminal.folder,
        signal: terminal.signal,
      },
      {
        write: line => writeLine(terminal.stdout, line),
        log: line => terminal.stderr.write(`${line}\n`),
      },
    )
  } finally {
    await spillway.close()
  }
}
