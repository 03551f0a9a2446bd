"use client";

import { useEffect, useRef } from "react";
import { pastedName } from "@/components/imports/read-import";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FileDrop } from "@/components/ui/file-drop";
import { SecretTextarea } from "@/components/ui/secret-textarea";

/** Takes a file, or its text. `pasted` is a text to continue with. */
export function ChooseFile({
  pasted,
  isBusy,
  onFile,
}: {
  pasted: File | null;
  isBusy: boolean;
  onFile: (file: File) => void;
}) {
  const text = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    void pasted?.text().then((former) => {
      if (text.current?.value === "") text.current.value = former;
    });
  }, [pasted]);

  function takeText() {
    const typed = text.current?.value ?? "";
    if (typed === "" || !text.current) return text.current?.focus();
    text.current.value = "";
    onFile(new File([typed], pastedName));
  }

  return (
    <div aria-busy={isBusy || undefined} className="flex max-w-3xl flex-col gap-5">
      <Field label="File" hideOptional>
        <FileDrop
          file={null}
          onFile={(file) => file && onFile(file)}
          hint="Up to 1,000 secrets. Nothing is stored until you have seen each row."
        />
      </Field>
      <Field label="Text" hideOptional hint="Or paste the text of a file.">
        <SecretTextarea ref={text} rows={5} placeholder="NAME=value" />
      </Field>
      <Button className="self-start" isPending={isBusy} onClick={takeText}>
        Read text
      </Button>
    </div>
  );
}
