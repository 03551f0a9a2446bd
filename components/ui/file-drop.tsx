"use client";

import { FileUp, X } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";
import { formatBytes } from "@/components/ui/format-bytes";

/** Accepts one file: from a button, by drag and drop, or pasted while the focus is inside. */
export function FileDrop({
  file,
  onFile,
  accept,
  hint,
}: {
  file: File | null;
  onFile: (file: File | null) => void;
  accept?: string;
  hint?: ReactNode;
}) {
  const { "aria-required": _required, "aria-invalid": isInvalid, ...field } = useFieldControl();
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [isOver, setIsOver] = useState(false);

  function take(files: FileList | null) {
    const first = files?.[0];
    if (first) onFile(first);
    // Reset the input, so that choosing the same file again fires a change event.
    if (input.current) input.current.value = "";
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setIsOver(false);
    take(event.dataTransfer.files);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same by keyboard
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
      onPaste={(event) => take(event.clipboardData.files)}
      className={cx(
        "flex min-h-24 items-center gap-3 rounded-lg border border-dashed px-4 py-4 transition-colors",
        isOver ? "border-accent bg-accent-soft" : "bg-sunken",
        !isOver && (isInvalid ? "border-danger-text" : "border-line-strong"),
      )}
    >
      <FileUp aria-hidden className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 flex-1" aria-live="polite">
        {file ? (
          <>
            <p className="truncate font-medium">{file.name || "Pasted file"}</p>
            <p className="text-muted text-sm">{formatBytes(file.size)}</p>
          </>
        ) : (
          <>
            <p className="font-medium">{isOver ? "Drop it here" : "Drop or paste a file"}</p>
            {hint && <p className="text-muted text-sm">{hint}</p>}
          </>
        )}
      </div>
      <Button {...field} ref={button} size="sm" onClick={() => input.current?.click()}>
        {file ? "Choose another" : "Choose file"}
      </Button>
      {file && (
        <IconButton
          label={`Remove ${file.name || "file"}`}
          icon={<X aria-hidden />}
          onClick={() => {
            onFile(null);
            button.current?.focus();
          }}
        />
      )}
      <input ref={input} type="file" accept={accept} hidden onChange={(event) => take(event.target.files)} />
    </div>
  );
}
