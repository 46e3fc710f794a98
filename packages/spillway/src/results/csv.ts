/** A line of CSV (RFC 4180). Null is nothing between the commas, the empty text is quotes: readers can tell. */
export function csvLine(cells: readonly (string | null)[]): string {
  return cells.map(csvCell).join(',')
}

function csvCell(cell: string | null): string {
  if (cell === null) return ''
  return cell === '' || /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
