/** How deep what is sent may be nested, so that every server can read it. */

/** Servers in other languages read no JSON that is nested deeper than 127. */
export const MAX_DEPTH = 100;

/** Counts the brackets outside of texts. */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '"') isInText = !isInText;
    else if (isInText) index += character === "\\" ? 1 : 0;
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
