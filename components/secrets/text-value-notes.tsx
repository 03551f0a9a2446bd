"use client";

import type { RefusedFile } from "@/components/secrets/text-source";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { formatBytes } from "@/components/ui/format-bytes";

/** Notes about the text that will be stored, such as lost line ends. */
export function TextValueNotes({
  text,
  loaded,
  areLineEndsLost,
  refused,
  onConvert,
  onStoreAsBinary,
}: {
  text: string;
  loaded: File | null;
  areLineEndsLost: boolean;
  refused: RefusedFile | null;
  onConvert: () => void;
  onStoreAsBinary?: (file: File) => void;
}) {
  const canStoreAsBinary = refused && refused.file.size > 0 && onStoreAsBinary;
  return (
    <>
      {refused && (
        <Banner
          tone="danger"
          isLive
          action={
            canStoreAsBinary && (
              <Button size="sm" onClick={() => onStoreAsBinary(refused.file)}>
                Store as Binary
              </Button>
            )
          }
        >
          {refused.reason}
        </Banner>
      )}
      <div role="status" className="flex flex-col gap-2 empty:hidden">
        {loaded && (
          <p className="text-muted text-sm">
            Loaded from <span className="font-medium text-ink">{loaded.name}</span>,{" "}
            {formatBytes(loaded.size)}, byte for byte.
          </p>
        )}
        {text.includes("\r\n") && (
          <Banner
            tone="info"
            action={
              <Button size="sm" onClick={onConvert}>
                Convert to Unix line endings
              </Button>
            }
          >
            This text has Windows line endings. They are kept.
          </Banner>
        )}
        {areLineEndsLost && (
          <p className="text-muted text-sm">
            You edited text with Windows line endings: its lines now have Unix line endings.
          </p>
        )}
      </div>
    </>
  );
}
