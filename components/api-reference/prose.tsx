/** Renders text between backticks as code. */
export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence neither move nor change
      <code key={index} className="font-mono text-sm">
        {part}
      </code>
    ),
  );
}
