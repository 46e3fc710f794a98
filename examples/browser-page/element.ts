type Child = Node | string
type Attributes = Readonly<Record<string, string | number | ((event: Event) => void)>>

/** One element; strings become text, never markup, so nothing that a server says is run. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children)
}

export function drawing<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function fill<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value)
    else made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

export function card(title: string, note: string, ...content: readonly Child[]): HTMLElement {
  const head = element('header', {}, element('h3', {}, title), element('span', {}, note))
  return element('section', { class: 'card' }, head, ...content)
}
