"use client";

import { useState } from "react";
import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import type { Result } from "@/lib/result";

/**
 * A control that saves on change. Shows the new value until the page brings another one, because the action's
 * answer can arrive before the page is drawn again. Shows the saved value again if saving fails. Render
 * `dialog` next to the control.
 */
export function useSavedChoice<T, Code extends string>(
  value: T,
  {
    save,
    done,
    failed,
    texts = {},
  }: {
    save: (next: T) => Promise<Result<unknown, Code>>;
    done: (next: T) => string;
    failed: string;
    /** Sentences for codes that have a special meaning here. */
    texts?: Readonly<Record<string, string>>;
  },
) {
  const { run, isPending, dialog } = useToastedAct();
  const [choice, setChoice] = useState<{ next: T; former: T } | null>(null);

  async function choose(next: T): Promise<void> {
    setChoice({ next, former: value });
    const isSaved = await run(() => save(next), { done: done(next), failed, texts });
    if (!isSaved) setChoice(null);
  }

  return { shown: choice?.former === value ? choice.next : value, choose, isPending, dialog };
}
