"use client";

import { type ClipboardEvent, type DragEvent, type ReactNode, useRef, useState } from "react";
import { useController, useFormContext } from "react-hook-form";
import { LoadFromFileButton } from "@/components/secrets/load-from-file-button";
import type { SecretValues } from "@/components/secrets/secret-form";
import type { RefusedFile } from "@/components/secrets/text-source";
import { inMemory, readText, shownText, withPasted } from "@/components/secrets/text-source";
import { TextValueNotes } from "@/components/secrets/text-value-notes";
import { ValueEdgesNote } from "@/components/secrets/value-edges-note";
import { Field } from "@/components/ui/field";
import { formatBytes } from "@/components/ui/format-bytes";
import { SecretTextarea } from "@/components/ui/secret-textarea";
import { maxTextBytes, type TextField } from "@/lib/secrets/kinds/define";

/**
 * The value of a Text secret. The form holds the exact text; the textarea shows it with normalised line ends.
 */
export function TextValueField({
  name,
  maxBytes = maxTextBytes,
  field: {
    title,
    schema,
    hint = `Up to ${formatBytes(maxBytes)}, one or more lines. Stored exactly as entered.`,
  },
  action,
  onStoreAsBinary,
}: {
  name: string;
  maxBytes?: number | undefined;
  field: TextField;
  action?: ReactNode;
  onStoreAsBinary?: (file: File) => void;
}) {
  const { control, trigger, setFocus } = useFormContext<SecretValues>();
  const { field, fieldState } = useController({ control, name: `fields.${name}` });
  const [origin, setOrigin] = useState<"typed" | "line ends lost" | { loaded: File }>("typed");
  const [refused, setRefused] = useState<RefusedFile | null>(null);
  const pasted = useRef<string | null>(null);

  function keep(text: string, from: typeof origin) {
    field.onChange(text);
    setOrigin(from);
    setRefused(null);
    if (fieldState.error || text.length > maxBytes) void trigger(`fields.${name}`);
  }

  function edit(shown: string) {
    // After a paste, the browser reports normalised text. `paste` saved the exact text before.
    const exact = pasted.current;
    pasted.current = null;
    if (exact !== null && shownText(exact) === shown) return keep(exact, "typed");
    keep(shown, field.value.includes("\r") && shown !== "" ? "line ends lost" : "typed");
  }

  function paste(event: ClipboardEvent<HTMLTextAreaElement>) {
    const [file] = event.clipboardData.files;
    const text = event.clipboardData.getData("text/plain");
    const { selectionStart, selectionEnd } = event.currentTarget;
    pasted.current = text.includes("\r") ? withPasted(field.value, selectionStart, selectionEnd, text) : null;
    if (file && text === "") {
      event.preventDefault();
      void load(file);
    }
  }

  function drop(event: DragEvent) {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    void load(file);
  }

  async function load(chosen: File) {
    const file = await inMemory(chosen);
    if (!file) return setRefused({ file: chosen, reason: `${chosen.name} could not be read.` });
    const text = file.size > maxBytes ? null : await readText(file);
    if (text) keep(text, { loaded: file });
    else setRefused({ file, reason: refusal(file, maxBytes) });
  }

  return (
    <ValueEdgesNote
      text={field.value}
      onRemove={(inner) => {
        keep(inner, "typed");
        setFocus(`fields.${name}`);
      }}
    >
      <Field
        label={title}
        isRequired={!schema.isOptional()}
        error={fieldState.error?.message}
        hint={hint}
        action={
          <span className="flex gap-2">
            {action}
            <LoadFromFileButton onFile={load} />
          </span>
        }
      >
        <SecretTextarea
          ref={field.ref}
          name={field.name}
          value={shownText(field.value)}
          onChange={(event) => edit(event.target.value)}
          onBlur={field.onBlur}
          onPaste={paste}
          onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
          onDrop={drop}
        />
      </Field>
      <TextValueNotes
        text={field.value}
        loaded={typeof origin === "object" ? origin.loaded : null}
        areLineEndsLost={origin === "line ends lost"}
        refused={refused}
        onConvert={() => keep(shownText(field.value), "typed")}
        {...(onStoreAsBinary ? { onStoreAsBinary } : {})}
      />
    </ValueEdgesNote>
  );
}

function refusal({ name, size }: File, maxBytes: number): string {
  if (size === 0) return `${name} is empty.`;
  if (size > maxBytes) return `${name} is larger than ${formatBytes(maxBytes)}, the limit of a text here.`;
  return `${name} is not UTF-8 text. Store it as a Binary secret.`;
}
