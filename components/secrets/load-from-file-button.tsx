"use client";

import { FileUp } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/components/ui/button";

export function LoadFromFileButton({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        size="sm"
        variant="ghost"
        icon={<FileUp aria-hidden />}
        onClick={() => input.current?.click()}
        className="-mr-2.5"
      >
        Load from file
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          // Reset the input, so that choosing the same file again fires a change event.
          event.target.value = "";
          if (file) onFile(file);
        }}
      />
    </>
  );
}
