import { Fragment } from "react";

/** An address or a pattern that wraps after punctuation first. */
export function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[./:@])/).map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other identity
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
