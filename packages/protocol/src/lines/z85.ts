const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

/** Z85 text of `bytes`, padded with zeros to four: Delta records the true length beside it. */
export function z85Encode(bytes: Uint8Array): string {
  const groups: string[] = []
  for (let start = 0; start < bytes.length; start += 4) {
    let word = 0
    for (let i = 0; i < 4; i++) word = word * 256 + (bytes[start + i] ?? 0)
    let group = ''
    for (let i = 0; i < 5; i++) {
      group = ALPHABET[word % 85] + group
      word = Math.floor(word / 85)
    }
    groups.push(group)
  }
  return groups.join('')
}
