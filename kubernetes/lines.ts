/** Splits a stream of bytes into lines. Of a line longer than `maxLength` characters only the beginning is given. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLength = Number.POSITIVE_INFINITY,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let skipping = false;
  for await (const chunk of chunks) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    const last = lines.pop() ?? '';
    for (const end of lines) {
      if (!skipping) yield (rest + end).slice(0, maxLength);
      rest = '';
      skipping = false;
    }
    if (!skipping) rest += last;
    if (rest.length > maxLength) {
      yield rest.slice(0, maxLength);
      rest = '';
      skipping = true;
    }
  }
  rest += decoder.decode();
  if (rest !== '' && !skipping) yield rest.slice(0, maxLength);
}
