/** An integer as the contract has it: a number where a double holds it, else its digits as text. */
export function integerJson(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
