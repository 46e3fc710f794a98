import { expect, it } from 'vitest'
import { formatTable } from '../../src/terminal/format-table.js'
import { styleFor } from '../../src/terminal/style.js'

const style = styleFor({}, {})
const long = 'x'.repeat(100)

it('cuts long cells for a terminal, and none of a column that is whole', () => {
  expect(formatTable([{ title: 'type' }], [[long]], style)[2]).toBe(`${'x'.repeat(59)}…`)
  expect(formatTable([{ title: 'type', whole: true }], [[long]], style)[2]).toBe(long)
})

it('lets nothing through that would take over a terminal, whole or not', () => {
  const [, , line] = formatTable([{ title: 'type', whole: true }], [[`${long}\u001b[2J`]], style)
  expect(line).toBe(`${long}\ufffd[2J`)
})
